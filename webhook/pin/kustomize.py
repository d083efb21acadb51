"""The `images:` of a kustomization (kustomize, api/types/image.go).

An entry with `newTag` and `digest` gives `name:tag@digest` since kustomize 5, and `name@digest`
before: pinned in both, so that `digest` is written beside `newTag`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.pin.names import is_kustomization_file
from webhook.pin.spots import Left, Spot, needs_digest

if TYPE_CHECKING:
    from webhook.pin.spots import Found
    from webhook.pin.yaml_places import Path, Places

_KINDS = frozenset({"Kustomization", "Component"})
_GROUP = "kustomize.config.k8s.io/"


def is_kustomization(data: object, file: str) -> bool:
    """Whether a document is a kustomization: by its kind, or by the name of its file."""
    if not isinstance(data, dict):
        return False
    version = data.get("apiVersion")
    if isinstance(version, str):
        return version.startswith(_GROUP) and data.get("kind") in _KINDS
    return is_kustomization_file(file)


def kustomize_spots(data: object, places: Places, found: Found) -> None:
    """Take the entries of `images`."""
    images = data.get("images") if isinstance(data, dict) else None
    for index, entry in enumerate(images if isinstance(images, list) else ()):
        if isinstance(entry, dict):
            _entry(("images", index), entry, places, found)
    found.spots.sort(key=lambda spot: spot.start)


def _entry(path: Path, entry: dict[str, object], places: Places, found: Found) -> None:
    if entry.get("digest"):
        found.pinned += 1
        return
    tag = places.by_path.get((*path, "newTag"))
    name = entry.get("newName") or entry.get("name")
    if tag is None or not tag.value or not isinstance(name, str):
        return  # the tag stands where the image is named
    image = f"{name}:{tag.value}"
    needs = needs_digest(image)
    digest = places.by_path.get((*path, "digest"))
    place = tag if digest is None else digest
    shared = len(places.paths[place]) > 1 or len(places.paths[tag]) > 1
    why = place.why_not or ("an anchor shares it: write it out" if shared else "")
    if why or isinstance(needs, str):
        found.left.append(Left(tag.line, image, why or str(needs)))
    elif not needs:
        found.pinned += 1
    elif digest is not None:
        blank = "" if digest.quote or digest.start < digest.end else " "
        found.spots.append(
            Spot(image=image, start=digest.start, end=digest.end, line=tag.line, before=blank)
        )
    else:
        after = ", " if tag.flow else f"\n{' ' * tag.column}"
        found.spots.append(
            Spot(
                image=image,
                start=tag.key_start,
                end=tag.key_start,
                line=tag.line,
                before="digest: ",
                after=after,
            )
        )
