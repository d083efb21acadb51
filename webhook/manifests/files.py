"""Paths to documents: which files count, how much of them is read, and by which reader."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from webhook.core.document import Document
from webhook.core.printable import printable
from webhook.errors import InvalidObjectError
from webhook.manifests.json_text import NoJsonError, read_json
from webhook.manifests.lines import Parsed
from webhook.manifests.lists import documents
from webhook.manifests.yaml_text import read_yaml

MAX_BYTES = 32 * 1024 * 1024
"""Of one file. A cluster's ten thousand Pods in one List have about that."""
SUFFIXES = (".yaml", ".yml", ".json")
"""Of the files in a folder that are read; a file that is named itself may have any."""


def read_documents(path: str | Path) -> Iterator[Document]:
    """All documents of a file, or of a folder and the folders in it, with `List`s taken apart.

    Raises:
        InputError: a file cannot be read, or is not what its name says; names file and line.
    """
    for file in find_files(Path(path)):
        yield from read_file(file)


def find_files(path: Path, also: Callable[[str], bool] = lambda _name: False) -> list[Path]:
    """The file itself, or the manifests under a folder, sorted; files of some other names, too.

    Hidden ones count, and links to folders are not followed, as with `kubectl apply -R`: what it
    applies must be checked. Only what lies in a `.git` is left out: nobody applies that.

    Raises:
        InvalidObjectError: there is no such path, or nothing to read under it.
    """
    if not path.is_dir():
        return [path]
    found: list[Path] = []
    for folder, folders, files in os.walk(path, onerror=_raise):
        folders[:] = [name for name in folders if name != ".git"]
        found += [
            file
            for name in files
            # Not `Path.suffix`, to which `.yaml` has none.
            if (name.lower().endswith(SUFFIXES) or also(name))
            # A pipe in a folder would be waited for without end.
            and (file := Path(folder, name)).is_file()
        ]
    if not found:
        raise InvalidObjectError(
            f"{shown(path)}: no .yaml, .yml or .json file in this folder or those in it"
        )
    return sorted(found)


def read_file(path: Path) -> Iterator[Document]:
    """The documents of one file; any path that can be opened, pipes too.

    Raises:
        InvalidObjectError: it cannot be opened, is too long, or is neither YAML nor JSON.
    """
    return read_bytes(content_of(path), shown(path))


def content_of(path: Path) -> bytes:
    """The bytes of a file, up to one more than are read.

    Raises:
        InvalidObjectError: it cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise InvalidObjectError(f"{shown(path)}: {reason}") from error


def read_bytes(content: bytes, name: str) -> Iterator[Document]:
    """The documents in the content of a file, or in what came by standard input.

    What is named `*.json` must be JSON: one value, or several in a row. Everything else may be
    YAML, too.

    Raises:
        InvalidObjectError: it is too long, or is neither YAML nor JSON; names file and line.
    """
    for parsed in parse_bytes(content, name):
        yield from documents(name, parsed)


def parse_bytes(content: bytes, name: str) -> Iterator[Parsed]:
    """The same before Lists are taken apart."""
    if len(content) > MAX_BYTES:
        raise InvalidObjectError(f"{name}: longer than {MAX_BYTES // 1024 // 1024} MiB")
    content = content.removeprefix(b"\xef\xbb\xbf")
    yield from _read(content, decoded(content, name), name)


def decoded(content: bytes, name: str) -> str:
    """The text of a file.

    Raises:
        InvalidObjectError: it is not UTF-8; names file and line.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidObjectError(f"{name}:{line}: this is not UTF-8") from error


def shown(path: Path) -> str:
    """A path in messages and reports; a name that is not UTF-8 must not break them."""
    return os.fsencode(path).decode(errors="replace")


def _read(content: bytes, text: str, name: str) -> Iterator[Parsed]:
    strict = name.lower().endswith(".json")
    if strict or text.lstrip()[:1] in {"{", "["}:
        # Most of YAML that begins like this is JSON, and that is read five times as fast.
        try:
            # All or nothing: what is no JSON at its end is read anew from its beginning.
            return iter(list(read_json(text, name)))
        except NoJsonError as error:
            if strict:
                raise InvalidObjectError(f"{name}:{printable(str(error))}") from error
    return read_yaml(content, name)


def _raise(error: OSError) -> None:
    reason = error.strerror or "it cannot be read"
    raise InvalidObjectError(f"{shown(Path(error.filename))}: {reason}") from error
