"""Images in the values of a Helm chart, as far as it is safe to say what the chart does with them.

* `image: name:tag`, whole, is what the chart will write: it is pinned.
* `{registry, repository, tag, digest}`: a chart with a `digest` takes it: that is filled in.
* `{repository, tag}` without `digest`: a chart may write the tag into a label, where no digest
  fits: it is left alone, and told of, unless whoever knows the chart lets the tag take it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.manifests.scalars import NoScalarError, plain
from webhook.pin.spots import Left, Spot, needs_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webhook.pin.spots import Found
    from webhook.pin.yaml_places import Path, Places

_PARTS = ("tag", "registry", "imageTag", "imageRegistry", "repository")
_NO_DIGEST = (
    "the chart's values have no digest beside the tag: add `digest:` if the chart takes one, or "
    "let the tag take it with --helm-tag-digest"
)


def values_spots(data: object, places: Places, found: Found, *, tag_digest: bool = False) -> None:
    """Take the images in values.

    Args:
        data: the values.
        places: where they stand.
        found: takes what is found.
        tag_digest: whether a tag without `digest` beside it takes the digest: `1.25@sha256:…`.
    """
    for path, mapping in _mappings(data):
        repository = mapping.get("repository")
        if (
            isinstance(repository, str)
            and repository
            and not mapping.keys().isdisjoint({"tag", "digest"})
        ):
            _parts(path, mapping, repository, places, found, tag_digest=tag_digest)
        elif isinstance(mapping.get("image"), str) and mapping.keys().isdisjoint(_PARTS):
            _whole((*path, "image"), places, found)
    found.spots.sort(key=lambda spot: spot.start)


def _mappings(data: object) -> Iterator[tuple[Path, Mapping[str, object]]]:
    pending: list[tuple[Path, object]] = [((), data)]
    while pending:
        path, part = pending.pop()
        if isinstance(part, dict):
            yield path, part
            pending += [((*path, key), value) for key, value in part.items()]
        elif isinstance(part, list):
            pending += [((*path, index), value) for index, value in enumerate(part)]


def _whole(path: Path, places: Places, found: Found) -> None:
    place = places.by_path.get(path)
    if place is None or not place.value or "{{" in place.value:
        return
    if place.why_not or len(places.paths[place]) > 1:
        why = place.why_not or "an anchor shares it: write it out"
        found.left.append(Left(place.line, place.value, why))
    elif ":" not in place.value.rpartition("/")[2] and "@" not in place.value:
        why = "it has no tag, and the chart may add one: write name:tag"
        found.left.append(Left(place.line, place.value, why))
    else:
        found.name(place.value, start=place.start, end=place.end, line=place.line)


def _parts(
    path: Path,
    mapping: Mapping[str, object],
    repository: str,
    places: Places,
    found: Found,
    *,
    tag_digest: bool,
) -> None:
    registry, digest = mapping.get("registry"), mapping.get("digest")
    name = f"{registry}/{repository}" if isinstance(registry, str) and registry else repository
    at = places.by_path.get((*path, "repository"))
    line = at.line if at else 0
    tag_place = places.by_path.get((*path, "tag"))
    if digest:
        found.pinned += 1
        return
    if tag_place is None or not mapping.get("tag"):
        found.left.append(Left(line, name, "it has no tag here: the chart chooses one"))
        return
    image = f"{name}:{tag_place.value}"
    if needs_digest(image) is False:
        found.pinned += 1
        return
    digest_place = places.by_path.get((*path, "digest"))
    place = tag_place if digest_place is None and tag_digest else digest_place
    why = ""
    if not tag_place.quote and not isinstance(_value(tag_place.value), str):
        why = "its tag is a number, and Helm writes numbers anew: put it in quotes"
    elif place is None:
        why = _NO_DIGEST
    elif place.why_not or len(places.paths[place]) > 1:
        why = (
            place.why_not
            or f"an anchor shares its {'tag' if place is tag_place else 'digest'}: write it out"
        )
    else:
        needs = needs_digest(image)
        why = needs if isinstance(needs, str) else ""
    if why or place is None:
        found.left.append(Left(line, image, why))
        return
    if place is tag_place:
        tag = place.value
        found.spots.append(
            Spot(
                image=image,
                start=place.start,
                end=place.end,
                line=place.line,
                before=f"{tag}@",
                tag=tag,
            )
        )
        return
    blank = "" if place.quote or place.start < place.end else " "
    found.spots.append(
        Spot(image=image, start=place.start, end=place.end, line=place.line, before=blank)
    )


def _value(text: str) -> object:
    try:
        return plain(text)
    except NoScalarError:
        return None
