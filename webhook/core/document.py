"""A document as somebody wrote it: plain data, and where each part of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def pointer_of(path: Sequence[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path from the top of a document.

    >>> pointer_of(("metadata", "labels", "a/b"))
    '/metadata/labels/a~1b'
    """
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def path_text(path: Sequence[str | int]) -> str:
    """A path as a person writes it.

    >>> path_text(("spec", "containers", 0, "image"))
    'spec.containers[0].image'
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


class NoLines(Mapping[str, int]):
    """For data that was not read from a text."""

    __slots__ = ()

    def __getitem__(self, pointer: str) -> int:
        raise KeyError(pointer)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Document(msgspec.Struct, frozen=True):
    """One document, or one item of a list of them."""

    file: str
    """As the user wrote it, or as found under the folder that the user wrote; empty: no file."""
    line: int
    """Where it begins, from 1; 0 where it is not known."""
    data: object
    """Mappings with text for keys, lists, and scalars, as JSON has them."""
    lines: Mapping[str, int] = NoLines()
    """Line of each JSON pointer into `data`; looked up on demand. Take what you need and drop the
    document: the lines hold all of its data."""

    @property
    def where(self) -> str:
        """`file:line`; empty without a file."""
        return self.at(())

    def at(self, path: Sequence[str | int]) -> str:
        """`file:line` of a part of the document, or of the nearest part above it that is known."""
        if not self.file:
            return ""
        for end in range(len(path), 0, -1):
            line = self.lines.get(pointer_of(path[:end]))
            if line is not None:
                return f"{self.file}:{line}"
        return f"{self.file}:{self.line}" if self.line else self.file
