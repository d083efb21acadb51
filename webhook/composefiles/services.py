"""The services of a Compose file that name images (compose-spec, 05-services.md)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from webhook.composefiles.variables import interpolate
from webhook.core.document import pointer_of
from webhook.core.workload import ImageUse, Role, Workload
from webhook.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webhook.core.document import Document

KIND = "Compose service"
MAX_SERVICES = 1000


class Service(msgspec.Struct, frozen=True):
    """One service that names an image, or is built here."""

    workload: Workload
    line: int
    init: bool
    """`init: true`: the engine puts its own init, tini, in front."""
    built: bool
    """It has `build`: the image that it names, if any, is the name of what is built."""
    missing: Mapping[str, tuple[str, ...]] = {}
    """For each image whose name the environment decides: the variables in it."""


def is_compose(data: object) -> bool:
    """Whether a document is a Compose file and no Kubernetes object."""
    return isinstance(data, dict) and "services" in data and "apiVersion" not in data


def services_of(document: Document) -> Iterator[Service]:
    """Every service that names an image or is built, in the order written.

    Raises:
        InvalidObjectError: a field that says what runs is of the wrong type; names file and line.
    """
    data = document.data
    services = data.get("services") if isinstance(data, dict) else None
    if services is None:
        return
    if not isinstance(services, dict) or len(services) > MAX_SERVICES:
        raise _wrong(document, ("services",), "must be a mapping of up to 1000 services")
    for name, service in services.items():
        path = ("services", name)
        if not isinstance(service, dict):
            raise _wrong(document, path, "must be a mapping")
        found = _service(document, path, service)
        if found is not None:
            yield found


def _service(
    document: Document, path: tuple[str, ...], service: Mapping[str, object]
) -> Service | None:
    missing: dict[str, tuple[str, ...]] = {}
    built = service.get("build") is not None
    entrypoint = _words(document, path, service, "entrypoint")
    command = _words(document, path, service, "command")
    init = service.get("init")
    if init is not None and not isinstance(init, bool):
        raise _wrong(document, (*path, "init"), "must be true or false")
    named = list(_images(document, path, service, missing))
    if built and service.get("image") is None:
        named.append((Role.CONTAINER, (*path, "build"), ""))
    uses = [
        ImageUse(
            container=path[-1],
            role=role,
            pointer=pointer_of(at),
            image=text,
            command=entrypoint or (),
            args=command or (),
        )
        for role, at, text in named
    ]
    if not uses:
        return None
    workload = Workload(
        kind=KIND,
        namespace="",
        name=path[-1],
        template=True,
        host_pid=service.get("pid") == "host",
        images=tuple(uses),
    )
    line = document.lines.get(pointer_of(path), document.line)
    return Service(workload, line, bool(init), built, missing)


def _images(
    document: Document,
    path: tuple[str, ...],
    service: Mapping[str, object],
    missing: dict[str, tuple[str, ...]],
) -> Iterator[tuple[Role, tuple[str | int, ...], str]]:
    if (image := service.get("image")) is not None:
        yield Role.CONTAINER, (*path, "image"), _text(document, (*path, "image"), image, missing)
    volumes = service.get("volumes")
    for index, volume in enumerate(volumes if isinstance(volumes, list) else ()):
        if isinstance(volume, dict) and volume.get("type") == "image":
            at: tuple[str | int, ...] = (*path, "volumes", index, "source")
            yield Role.VOLUME, at, _text(document, at, volume.get("source"), missing)


def _text(
    document: Document,
    at: tuple[str | int, ...],
    value: object,
    missing: dict[str, tuple[str, ...]],
) -> str:
    if not isinstance(value, str):
        raise _wrong(document, at, "must be the name of an image")
    found = interpolate(value)
    if found.missing:
        missing[found.text] = found.missing
    return found.text


def _words(
    document: Document, path: tuple[str, ...], service: Mapping[str, object], field: str
) -> tuple[str, ...] | None:
    """The words of `entrypoint` or `command`; a text is split as by a shell, and runs in none."""
    value = service.get(field)
    if value is None:
        return None
    try:
        split = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise _wrong(document, (*path, field), f"is no command: {error}") from error
    if not isinstance(split, list) or not all(isinstance(one, str) for one in split):
        raise _wrong(document, (*path, field), "must be a text or a list of texts")
    return tuple(map(_word, split))


def _word(word: str) -> str:
    """A word as a Pod would carry it: `$(NAME)` is a variable there, and nothing to Compose."""
    found = interpolate(word)
    return f"$({found.missing[0]})" if found.missing else found.text.replace("$(", "$$(")


def _wrong(document: Document, path: tuple[str | int, ...], what: str) -> InvalidObjectError:
    where = ".".join(map(str, path))
    return InvalidObjectError(f"{document.at(path)}: {where}: {what}")
