"""Changed files: as a unified diff, or written in one step."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from typing import TYPE_CHECKING

import click

from webhook.core.printable import printable
from webhook.errors import InputError
from webhook.reports.wording import MAX_PATH

if TYPE_CHECKING:
    from pathlib import Path

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_NO_NEWLINE = "\n\\ No newline at end of file\n"


def diff(name: str, old: bytes, new: bytes) -> str:
    """A unified diff that `git apply` and `patch` take."""
    shown = printable(name.lstrip("/"), MAX_PATH)
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{shown}", f"b/{shown}")
    return "".join(line if line.endswith("\n") else f"{line}{_NO_NEWLINE}" for line in lines)


def coloured(text: str) -> str:
    """The diff with colours; what could move a cursor is escaped."""
    out: list[str] = []
    for line in text.split("\n"):
        shown = printable(line, len(line) * 10 + 1)
        out.append(click.style(shown, fg=_COLOURS[line[0]]) if line[:1] in _COLOURS else shown)
    return "\n".join(out)


def write(path: Path, old: bytes, new: bytes) -> None:
    """Replace a file as a whole, with its mode; a reader sees the old one or the new one.

    Args:
        path: of the file itself, not of a link to it.
        old: what it must still hold.
        new: what it is to hold.

    Raises:
        InputError: it cannot be written, or somebody else changed it meanwhile; it is as it was.
    """
    try:
        _replace(path, old, new)
    except OSError as error:
        # Not the system's own words: they would name a file that is there for a moment only.
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error


def _replace(path: Path, old: bytes, new: bytes) -> None:
    if path.read_bytes() != old:
        raise InputError(f"{path}: somebody changed it meanwhile; nothing was written to it")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(new)
            stream.flush()
            os.fsync(stream.fileno())
            os.fchmod(stream.fileno(), path.stat().st_mode & 0o7777)
        os.replace(name, path)  # noqa: PTH105 - both are known by name
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - likewise
        raise


def _lines(content: bytes) -> list[str]:
    """Lines as diffs have them: a carriage return belongs to its line."""
    text = content.decode()
    return [f"{line}\n" for line in text.split("\n")[:-1]] + (
        [last] if (last := text.rpartition("\n")[2]) else []
    )
