"""On which line each part of some data stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import msgspec

from webhook.core.document import pointer_of

Starts = dict[int, list[int]]
"""For each mapping and list, by `id()`: the line of each entry, in order."""


# RFC 6901 section 4: no sign, no leading zero. Longer numbers count no list.
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class Parsed(msgspec.Struct, frozen=True):
    """One value of a YAML or JSON text."""

    line: int
    """Its first, from 1."""
    data: object
    starts: Callable[[], Starts]


class Lines(Mapping[str, int]):
    """Line of each JSON pointer into a document, found by walking the document.

    >>> data = {"spec": {"image": "nginx"}}
    >>> starts = {id(data): [1], id(data["spec"]): [2]}
    >>> Lines(data, 1, lambda: starts)["/spec/image"]
    2
    """

    __slots__ = ("_first", "_orders", "_root", "_starts")

    def __init__(self, root: object, first: int, starts: Callable[[], Starts]) -> None:
        """Keep the data, so that no other object gets the `id()` of a part of it.

        Args:
            root: the document.
            first: its first line.
            starts: called for each look-up; may compute at the first.
        """
        self._root = root
        self._first = first
        self._starts = starts
        # A mapping may have a million keys, and be asked for twenty thousand parts below it.
        self._orders: dict[int, dict[str, int]] = {}

    def __getitem__(self, pointer: str) -> int:
        line = self._first
        starts = self._starts()
        part = self._root
        for step in _steps(pointer):
            index, child = self._entry(part, step)
            known = starts.get(id(part), ())
            line = known[index] if index < len(known) else line
            part = child
        return line

    def _entry(self, part: object, step: str) -> tuple[int, object]:
        match part:
            case dict() if step in part:
                if id(part) not in self._orders:
                    self._orders[id(part)] = {key: index for index, key in enumerate(part)}
                return self._orders[id(part)][step], part[step]
            case list() if _INDEX.fullmatch(step) and int(step) < len(part):
                return int(step), part[int(step)]
            case _:
                raise KeyError(step)

    def __iter__(self) -> Iterator[str]:
        pending: list[tuple[str, object]] = [("", self._root)]
        while pending:
            pointer, part = pending.pop()
            yield pointer
            pending += [(pointer + pointer_of([key]), child) for key, child in _entries(part)]

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise KeyError(pointer)
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _entries(part: object) -> list[tuple[str | int, object]]:
    match part:
        case dict():
            return list(part.items())
        case list():
            return list(enumerate(part))
        case _:
            return []
