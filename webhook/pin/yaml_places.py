"""Where each scalar of a YAML document stands in its text, by the path that leads to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from webhook.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_STEPS = 500_000
"""Nodes that are walked through in one document, with those that aliases stand for."""

Path: TypeAlias = tuple[str | int, ...]

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "<<"
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")


class Place(msgspec.Struct, frozen=True):
    """One scalar: its value as a text, and the characters that hold it."""

    value: str
    start: int
    """Of the value itself, without anchor, tag and quotes."""
    end: int
    line: int
    quote: str = ""
    key_start: int = 0
    """Where the key in front of it begins."""
    column: int = 0
    """Of that key, from 0."""
    flow: bool = False
    """Whether its mapping is written in braces."""
    why_not: str = ""
    """Why it cannot be edited where it stands; empty where it can."""


class Places(msgspec.Struct):
    """All scalars of one document."""

    by_path: dict[Path, Place] = {}
    """What counts there: what is written outweighs what `<<` merges."""
    paths: dict[Place, set[Path]] = {}
    """Every path to one place: aliases and `<<` make several."""


class TooManyError(Exception):
    """Aliases stand for more than is walked through."""


def documents_of(text: str, file: str) -> Iterator[Places]:
    """The documents of a text that are not empty, in order.

    The text was read by `manifests` before: it is YAML, and bounded in depth.

    Raises:
        InvalidObjectError: aliases stand for too much, or it is JSON that is no YAML.
    """
    try:
        for root in yaml.compose_all(text, Loader=_LOADER):
            if not isinstance(root, ScalarNode):
                yield _Walk(text).all(root)
            elif root.value or root.style:
                yield Places()
    except TooManyError as error:
        raise InvalidObjectError(f"{file}: its aliases stand for too many values") from error
    except yaml.YAMLError as error:
        raise InvalidObjectError(
            f"{file}: JSON that is no YAML, too, is not rewritten: write one value, without tabs"
        ) from error


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.places = Places()
        self.left = MAX_STEPS
        self._known: dict[int, Place] = {}

    def all(self, root: Node) -> Places:
        """Every scalar under the root."""
        pending: list[tuple[Path, Node, ScalarNode | None, bool]] = [((), root, None, False)]
        while pending:
            path, node, key, flow = pending.pop()
            self.left -= 1
            if self.left < 0:
                raise TooManyError
            if isinstance(node, ScalarNode):
                self._scalar(path, node, key, flow=flow)
            elif isinstance(node, SequenceNode):
                pending += [((*path, n), one, None, False) for n, one in enumerate(node.value)]
            elif isinstance(node, MappingNode):
                pending += [
                    ((*path, name), value, name_node, bool(node.flow_style))
                    for name, value, name_node in reversed(list(self._pairs(node)))
                ]
        return self.places

    def _pairs(self, node: MappingNode) -> Iterator[tuple[str, Node, ScalarNode]]:
        """Key, value, and node of the key; what is merged comes first, so that it is outweighed."""
        own: list[tuple[str, Node, ScalarNode]] = []
        for key, value in node.value:
            self.left -= 1
            if self.left < 0:
                raise TooManyError
            if not isinstance(key, ScalarNode):
                continue
            if key.value == _MERGE and not key.style:
                sources = value.value if isinstance(value, SequenceNode) else [value]
                for source in reversed(sources):
                    if isinstance(source, MappingNode):
                        yield from self._pairs(source)
            else:
                own.append((key.value, value, key))
        yield from own

    def _scalar(self, path: Path, node: ScalarNode, key: ScalarNode | None, *, flow: bool) -> None:
        place = self._known.get(id(node))
        if place is None:
            place = self._known[id(node)] = self._place(node, key, flow=flow)
        self.places.by_path[path] = place
        self.places.paths.setdefault(place, set()).add(path)

    def _place(self, node: ScalarNode, key: ScalarNode | None, *, flow: bool) -> Place:
        start, end = node.start_mark.index, node.end_mark.index
        line = node.start_mark.line + 1
        quote = node.style or ""
        found = _PROPERTIES.match(self.text, start, end)
        start = found.end() if found else start
        why_not = ""
        if quote in {"'", '"'}:
            good = self.text[start : start + 1] == quote == self.text[end - 1 : end]
            start, end = start + 1, end - 1
            why_not = "" if good and start <= end else "it is not written on one line"
        elif quote:
            why_not = "it is written as a block (| or >): write it behind the colon"
        elif not node.value and key is not None and start == end:
            start = end = self.text.index(":", key.end_mark.index) + 1
        elif self.text[start:end] != node.value:
            why_not = "it is not written on one line"
        mark = key.start_mark if key is not None else node.start_mark
        return Place(
            value=node.value,
            start=start,
            end=end,
            line=line,
            quote=quote,
            key_start=mark.index,
            column=mark.column,
            flow=flow,
            why_not=why_not,
        )
