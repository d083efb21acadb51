"""YAML to plain data, event by event: bounded in depth, and in what aliases multiply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from webhook.core.printable import printable
from webhook.errors import InvalidObjectError
from webhook.manifests.lines import Parsed, Starts
from webhook.manifests.yaml_nodes import (
    BrokenError,
    key_of,
    line_of,
    plain_of,
    scalar_of,
    sources_of,
)

MAX_DEPTH = 200
"""Levels of nesting. The schema of a large custom resource has about fifty."""
MAX_VALUES = 3_000_000
"""Values of one document, keys too: about twelve seconds. The longest file that is read has fewer,
unless somebody wrote it to keep us busy."""
MAX_ALIASED = 1_000_000
"""Values that the aliases of one document stand for, together."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAPPING_TAGS = frozenset({None, "!", "tag:yaml.org,2002:map"})
_SEQUENCE_TAGS = frozenset({None, "!", "tag:yaml.org,2002:seq"})
_ENDS = (MappingEndEvent, SequenceEndEvent)
_MERGE = "<<"
# kubectl takes `---#` for the end of a document (apimachinery, util/yaml/decoder.go), other tools
# every line that begins with `---`; to YAML it is a word, and what follows may hide under it.
_HALF_A_MARKER = re.compile(rb"^---[^ \t\r\n]", re.MULTILINE)


def read_yaml(content: bytes, file: str, max_values: int = MAX_VALUES) -> Iterator[Parsed]:
    """The documents of a YAML stream that are not empty.

    Args:
        content: UTF-8.
        file: its name, for messages.
        max_values: of one document.

    Raises:
        InvalidObjectError: it is not YAML, or nothing that can be written as JSON, or has two
            equal keys in one mapping; the message begins with `file:line`.
    """
    half = _HALF_A_MARKER.search(content)
    if half is not None:
        line = content.count(b"\n", 0, half.start()) + 1
        raise InvalidObjectError(
            f"{file}:{line}: tools disagree on whether a document ends in a line that begins with "
            "--- and goes on; write a blank behind the ---"
        )
    try:
        yield from _documents(content, max_values)
    except BrokenError as error:
        line, problem = error.line, error.problem
    except yaml.reader.ReaderError as error:
        line = content.count(b"\n", 0, error.position) + 1
        problem = f"{error.reason}: U+{int(error.character):04X}"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context or "this is no YAML"
    else:
        return
    hint = ""
    if b"{{" in content:
        hint = "; it looks like a template: render it first (helm template CHART | cocket check -)"
    raise InvalidObjectError(f"{file}:{line}: {printable(problem)}{hint}")


class _Frame:
    """A mapping or a list that is being read."""

    __slots__ = ("anchor", "data", "key", "line", "merged", "size", "starts")

    def __init__(self, data: dict[str, object] | list[object], anchor: str | None) -> None:
        self.data = data
        self.anchor = anchor
        self.starts: list[int] = []
        self.size = 1
        """Nodes, with those that aliases stand for."""
        self.key: str | None = None
        """Read, and still without its value."""
        self.line = 0
        """Of that key."""
        self.merged: list[tuple[dict[str, object], int]] | None = None
        """Mappings that the key `<<` names, and its line."""


def _documents(content: bytes, max_values: int) -> Iterator[Parsed]:
    loader = _LOADER(content)
    try:
        next_event = loader.get_event
        # Asked for every value of every file: isinstance() takes longer, and nobody derives events.
        while type(event := next_event()) is not StreamEndEvent:
            if isinstance(event, DocumentStartEvent):
                builder = _Builder(max_values)
                builder.build(next_event)
                if builder.root is not None:
                    yield builder.parsed()
    finally:
        loader.dispose()


class _Builder:
    """One document, built from its events."""

    def __init__(self, max_values: int) -> None:
        self.root: object = None
        self.line = 0
        self.starts: Starts = {}
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[object, int] | None] = {}
        """Value and size; None while the value is being read."""
        self._aliased = 0
        self._left = max_values

    def build(self, next_event: Callable[[], Any]) -> None:
        """Take the events up to the end of the document."""
        left, stack, add = self._left, self._stack, self._add
        while type(event := next_event()) is not DocumentEndEvent:
            left -= 1
            if left < 0:
                raise BrokenError(event, "it holds more values than anybody writes")
            # Four events of five are such scalars; `_add` would do the same with six calls.
            if type(event) is ScalarEvent and stack and event.tag is None and event.anchor is None:
                value = plain_of(event) if event.implicit[0] else event.value
                frame = stack[-1]
                data: Any = frame.data
                key = frame.key
                if type(data) is list:
                    data.append(value)
                    frame.starts.append(line_of(event))
                    frame.size += 1
                    continue
                if key is None:
                    if type(value) is str and value != _MERGE and value not in data:
                        frame.key = value
                        frame.line = line_of(event)
                        frame.size += 1
                        continue
                elif key != _MERGE:
                    data[key] = value
                    frame.starts.append(frame.line)
                    frame.size += 1
                    frame.key = None
                    continue
            add(event)

    def _add(self, event: Event) -> None:
        if type(event) is ScalarEvent:
            value = scalar_of(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = (value, 1)
            self._begin(event)
            self._attach(event, value, 1)
        elif isinstance(event, _ENDS):
            self._end(event)
        elif isinstance(event, MappingStartEvent):
            self._start(event, {}, _MAPPING_TAGS)
        elif isinstance(event, SequenceStartEvent):
            self._start(event, [], _SEQUENCE_TAGS)
        elif isinstance(event, AliasEvent):
            self._alias(event)

    def parsed(self) -> Parsed:
        """The whole document."""
        starts = self.starts
        return Parsed(self.line, self.root, lambda: starts)

    def _begin(self, event: Event) -> None:
        """Note where an entry of a list, or the document, begins; a mapping's is its key's line."""
        if not self._stack:
            self.line = line_of(event)
        elif isinstance((frame := self._stack[-1]).data, list):
            frame.starts.append(line_of(event))

    def _start(
        self,
        event: MappingStartEvent | SequenceStartEvent,
        data: dict[str, object] | list[object],
        tags: frozenset[str | None],
    ) -> None:
        if event.tag not in tags:
            raise BrokenError(event, f"a value with the tag {event.tag} cannot be read")
        if len(self._stack) >= MAX_DEPTH:
            raise BrokenError(event, f"it is nested more than {MAX_DEPTH} levels deep")
        self._begin(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        frame = _Frame(data, event.anchor)
        self.starts[id(data)] = frame.starts
        self._stack.append(frame)

    def _end(self, event: Event) -> None:
        frame = self._stack.pop()
        if isinstance(frame.data, dict):
            for source, line in frame.merged or ():
                added = {key: value for key, value in source.items() if key not in frame.data}
                frame.data |= added
                frame.starts += [line] * len(added)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.data, frame.size)
        self._attach(event, frame.data, frame.size)

    def _alias(self, event: AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise BrokenError(event, f"nothing is marked with &{event.anchor}")
        found = self._anchors[event.anchor]
        if found is None:
            raise BrokenError(event, f"*{event.anchor} stands inside of what it stands for")
        value, size = found
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise BrokenError(event, f"its aliases stand for more than {MAX_ALIASED} values")
        self._begin(event)
        self._attach(event, value, size)

    def _attach(self, event: Event, value: object, size: int) -> None:
        """Put a finished node where it belongs."""
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        frame.size += size
        data = frame.data
        if isinstance(data, list):
            data.append(value)
        elif frame.key is None:
            frame.line = line_of(event)
            frame.key = key_of(event, value)
            if frame.key == _MERGE and not (isinstance(event, ScalarEvent) and event.implicit[0]):
                raise BrokenError(event, "<< is a key like any other in quotes; leave them out")
            if frame.key in data or (frame.key == _MERGE and frame.merged is not None):
                raise BrokenError(event, f"the key {frame.key!r} is there twice")
        elif frame.key == _MERGE:
            frame.merged = [(source, frame.line) for source in sources_of(event, value)]
            # To YAML what is written outweighs what is merged; to kubectl (yaml.v2) the later does.
            twice = next((key for one, _ in frame.merged for key in one if key in data), None)
            if twice is not None:
                raise BrokenError(event, f"the key {twice!r} is in what << merges; write << first")
            frame.key = None
        else:
            data[frame.key] = value
            frame.starts.append(frame.line)
            frame.key = None
