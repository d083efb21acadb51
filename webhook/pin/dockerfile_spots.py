"""Images in a Dockerfile: `FROM`, `COPY --from`, `RUN --mount`, and the default of an ARG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.stages import read_build
from webhook.pin.spots import Found, Left

if TYPE_CHECKING:
    from webhook.dockerfiles.stages import Base, Build


def dockerfile_found(text: str, file: str) -> Found:
    """Everything that names an image.

    Raises:
        InvalidObjectError: it is no Dockerfile; names file and line.
    """
    build = read_build(read_dockerfile(text, file), file)
    found = Found()
    starts: set[int] = set()
    for base in build.bases:
        start = _start(base, build)
        if start in starts:
            continue
        if start is None:
            why = _why(base)
            if why:
                found.left.append(Left(base.line, base.written, why))
            continue
        starts.add(start)
        end = start + len(base.image.text)
        if text[start:end] != base.image.text:
            found.left.append(Left(base.line, base.written, "it is not written on one line"))
        else:
            found.name(base.image.text, start=start, end=end, line=base.line)
    found.spots.sort(key=lambda spot: spot.start)
    return found


def _start(base: Base, build: Build) -> int | None:
    """Where the name stands: here, or as the default of the one ARG that is written here."""
    if not base.image.known:
        return None
    if base.written == base.image.text:
        return base.place
    variable = base.written.removeprefix("$").removeprefix("{").removesuffix("}")
    default = build.defaults.get(variable)
    if base.written not in {f"${variable}", f"${{{variable}}}"} or default is None:
        return None
    return default[1] if default[0] == base.image.text else None


def _why(base: Base) -> str:
    if base.image.known:
        return "a variable is part of it: write the whole name into one ARG, or into the line"
    if "@" in base.image.text or base.written.startswith("$"):
        return ""  # the build says which image it is, and its digest
    return "its tag comes with the build: take the whole name from one ARG, as name@sha256:…"
