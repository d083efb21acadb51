"""The tree of a shell script, parsed in a process of its own (see `shell_parser`)."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    Parse: TypeAlias = Callable[[bytes], object]

ERROR = "ERROR"
_MOST_OPENED = 3000
_SECONDS = 10.0
_LINE = 120
_PARSER = ("-I", "-m", "webhook.layers.shell_parser")


class Flat(msgspec.Struct, frozen=True, array_like=True):
    """A node as it comes: see `shell_parser.Flat`."""

    kind: str
    named: bool
    begin: int
    end: int
    field: str
    children: tuple[Flat, ...]


class Node:
    """A node, with the text it stands for."""

    __slots__ = ("begin", "children", "end", "field", "named", "parent", "source", "type")

    def __init__(self, flat: Flat, source: bytes, parent: Node | None = None) -> None:
        """Of `source`, which holds the whole script."""
        self.type = flat.kind
        self.named = flat.named
        self.begin = flat.begin
        self.end = flat.end
        self.field = flat.field
        self.source = source
        self.parent = parent
        self.children: list[Node] = [Node(child, source, self) for child in flat.children]

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source[self.begin : self.end].decode(errors="replace")

    @property
    def line(self) -> str:
        """The first line of it."""
        return self.text.partition("\n")[0]

    @property
    def named_children(self) -> list[Node]:
        """The children that are more than signs and keywords."""
        return [child for child in self.children if child.named]

    def first(self, field: str) -> Node | None:
        """The first child of a field of the grammar."""
        return next(iter(self.all(field)), None)

    def all(self, field: str) -> list[Node]:
        """All children of a field."""
        return [child for child in self.children if child.field == field]


def tree_of(text: str, parse: Parse) -> Node | None:
    """The tree of a script; of type `ERROR` where it breaks; None where nobody could parse it.

    Only ASCII goes to the parser: what else stands in a script names no program that is known here.
    """
    source = text.encode("ascii", errors="replace").replace(b"\0", b"?")
    if _deep(source):
        return None
    try:
        return Node(msgspec.convert(parse(source), Flat), source)
    except (ValueError, RecursionError, OSError, subprocess.SubprocessError):
        return None


def _deep(source: bytes) -> bool:
    """Whether it opens more than any script does, so that its tree would be too deep."""
    return max(source.count(mark) for mark in (b"(", b"{", b"if ", b"`")) > _MOST_OPENED


def apart(source: bytes) -> object:
    """Parse in another process.

    Raises:
        ValueError: its answer is none.
        SubprocessError: it died, or took too long.
    """
    done = subprocess.run(  # noqa: S603 - this interpreter, and a module of ours
        (sys.executable, *_PARSER), input=source, capture_output=True, timeout=_SECONDS, check=True
    )
    return msgspec.json.decode(done.stdout)


def line_of(node: Node) -> str:
    """The line that a statement begins with, quoted for people."""
    return printable(node.line.strip(), _LINE)


def split_at(node: Node, mark: str) -> tuple[list[Node], list[Node]]:
    """The children in front of the first keyword `mark`, and those behind it."""
    children = node.children
    at = next((at for at, one in enumerate(children) if one.type == mark), len(children))
    return children[:at], children[at + 1 :]


def behind_redirects(node: Node) -> tuple[Node, ...]:
    """Words of the command that the grammar counts as part of a redirection: `exec 3>&1 tini`."""
    words: list[Node] = []
    for redirect in node.named_children:
        if redirect.type == "file_redirect":
            words += redirect.all("destination")[1:]
    return tuple(words)
