"""The files that `cocket pin` is given, each read once; standard input is one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webhook.dockerfiles.names import is_dockerfile
from webhook.errors import InputError
from webhook.manifests import find_files
from webhook.manifests.files import MAX_BYTES, content_of, shown
from webhook.pin.rewriting import find
from webhook.pin.spots import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

STDIN = "-"
_TEMPLATE = b"{{"


class File(msgspec.Struct, frozen=True):
    """One file as it was read, and what it names."""

    path: Path
    name: str
    content: bytes
    found: Found


def read_input(stream: BinaryIO, name: str, *, tag_digest: bool = False) -> File:
    """What comes by standard input.

    Args:
        stream: the bytes.
        name: what it would be called as a file: that tells how it is read.
        tag_digest: whether a tag in Helm values takes the digest where no `digest` is.

    Raises:
        InputError: it cannot be read, or cannot be edited.
    """
    content = stream.read(MAX_BYTES + 1)
    return File(Path(name), name, content, find(content, name, tag_digest=tag_digest))


def read_files(
    paths: Iterable[str], *, tag_digest: bool = False
) -> tuple[list[File], list[InputError], list[str]]:
    """Every file once, whatever links lead to it; errors; and templates, which are no mistake.

    For `tag_digest` see `read_input`.
    """
    files: dict[Path, File] = {}
    errors: list[InputError] = []
    templates: list[str] = []
    for path in map(Path, paths):
        try:
            found = find_files(path, is_dockerfile)
        except InputError as error:
            errors.append(error)
            continue
        for file in found:
            content = b""
            try:
                content = content_of(file)
                real = file.resolve()
                if real not in files:
                    name = shown(file)
                    found_there = find(content, name, tag_digest=tag_digest)
                    files[real] = File(real, name, content, found_there)
            except InputError as error:
                if file == path or _TEMPLATE not in content:
                    errors.append(error)
                else:
                    templates.append(str(error))
    return list(files.values()), errors, templates


def unpinned(files: Iterable[File]) -> Iterator[str]:
    """A line for every name that has no digest and could have one, or was left alone."""
    for file in files:
        lines = [(spot.line, f"{spot.image}: has no digest") for spot in file.found.spots]
        lines += [(left.line, f"{left.image}: {left.why}") for left in file.found.left]
        for line, text in sorted(lines):
            yield f"{file.name}:{line}: {text}"
