"""Images in YAML: manifests, Compose files, Helm values, kustomizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.composefiles.services import is_compose, services_of
from webhook.core.document import Document
from webhook.core.objects import workload_of
from webhook.core.request import is_review
from webhook.errors import InvalidObjectError
from webhook.manifests.lists import objects_in
from webhook.pin.helm_values import values_spots
from webhook.pin.kustomize import is_kustomization, kustomize_spots
from webhook.pin.names import is_values
from webhook.pin.spots import Found, Left
from webhook.pin.yaml_places import Path, Place, Places, documents_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from webhook.manifests.lines import Parsed

_OWN_PREFIX = "x-"
"""What a Compose file calls its own parts, which are there to be merged elsewhere."""


def yaml_found(
    text: str, file: str, parsed: Sequence[Parsed], *, tag_digest: bool = False
) -> Found:
    """Everything that names an image.

    Args:
        text: without a byte order mark.
        file: its name, for messages and for what it is: values of a chart, a kustomization.
        parsed: the documents that were read from the text.
        tag_digest: see `values_spots`.

    Raises:
        InvalidObjectError: an object cannot be read, or the text not be edited; names the file.
    """
    found = Found()
    places = list(documents_of(text, file))
    if len(places) != len(parsed):
        raise InvalidObjectError(f"{file}: JSON that is no YAML, too, is not rewritten")
    for one, at in zip(parsed, places, strict=True):
        _document(one, at, file, found, tag_digest=tag_digest)
    return found


def _document(one: Parsed, places: Places, file: str, found: Found, *, tag_digest: bool) -> None:
    data = one.data
    if is_kustomization(data, file):
        kustomize_spots(data, places, found)
    elif is_compose(data):
        document = Document(file, one.line, data)
        _names(_services(document, found, places), places, found)
    elif is_values(file) and isinstance(data, dict) and "apiVersion" not in data:
        values_spots(data, places, found, tag_digest=tag_digest)
    elif not is_review(data):
        _names(_objects(one, file), places, found)


def _objects(parsed: Parsed, file: str) -> Iterator[Path]:
    for path, line, data in objects_in(parsed):
        try:
            workload = workload_of(data)
        except InvalidObjectError as error:
            raise InvalidObjectError(f"{file}:{line}: {error}") from error
        for use in workload.images if workload else ():
            yield (*path, *_steps(use.pointer))


def _services(document: Document, found: Found, places: Places) -> Iterator[Path]:
    for service in services_of(document):
        for use in service.workload.images:
            if service.built and use.role == "container":
                continue
            path = _steps(use.pointer)
            place = places.by_path.get(path)
            if place is not None and "$" in place.value:
                why = "a variable is in it: pin what the variable says"
                found.left.append(Left(place.line, place.value, why))
            else:
                yield path


def _steps(pointer: str) -> Path:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return tuple(int(step) if step.isdigit() else step for step in steps)


def _names(paths: Iterable[Path], places: Places, found: Found) -> None:
    """Take the whole names at these paths; each place once, however many aliases lead to it."""
    wanted = set(paths)
    done: set[Place] = set()
    for path in sorted(wanted, key=str):
        place = places.by_path.get(path)
        if place is None or place in done:
            continue
        done.add(place)
        why = place.why_not or _shared(place, places.paths[place], wanted)
        if why:
            found.left.append(Left(place.line, place.value, why))
        else:
            found.name(place.value, start=place.start, end=place.end, line=place.line)
    found.spots.sort(key=lambda spot: spot.start)


def _shared(place: Place, paths: set[Path], wanted: set[Path]) -> str:
    """Why an alias stands in the way: it says the same elsewhere, and is no image there."""
    for path in paths - wanted:
        first, last = str(path[0]), path[-1]
        if not first.startswith(_OWN_PREFIX) and last != "image":
            return "an anchor shares it with something that is no image: write it out"
    return "" if place.value else "it is empty"
