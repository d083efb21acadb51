"""Parses one shell script, in a process that may die of it.

The grammar of tree-sitter-bash is C, and some texts make it read where it must not: whoever wrote
an image must not bring down who looks into it. Reads the script on standard input, writes its tree
as JSON. This is the only door to tree-sitter.
"""

from __future__ import annotations

import resource
import sys
from typing import TYPE_CHECKING, TypeAlias

import msgspec
import tree_sitter_bash
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from tree_sitter import Node

Flat: TypeAlias = tuple[str, bool, int, int, str, list["Flat"]]
"""Kind, whether it has a name in the grammar, first and last byte, field, children."""

ERROR = "ERROR"
MAX_NODES = 200_000
_MEMORY = 512 * 1024 * 1024
_SECONDS = 5


def parse(text: bytes) -> Flat:
    """The tree of a script; of kind `ERROR` where it cannot be parsed whole.

    Raises:
        ValueError: it has more than `MAX_NODES` nodes.
    """
    root = Parser(Language(tree_sitter_bash.language())).parse(text).root_node
    if root.has_error:
        broken = _first_error(root)
        return (ERROR, True, broken.start_byte, broken.end_byte, "", [])
    if root.descendant_count > MAX_NODES:
        raise ValueError("it is too long")
    return _flat(root, "")


def _flat(node: Node, field: str) -> Flat:
    children = [
        _flat(child, node.field_name_for_child(at) or "") for at, child in enumerate(node.children)
    ]
    return (node.type, node.is_named, node.start_byte, node.end_byte, field, children)


def _first_error(node: Node) -> Node:
    while node.type != ERROR and not node.is_missing:
        inner = next((one for one in node.children if one.has_error or one.is_missing), None)
        if inner is None:
            break
        node = inner
    return node


def main() -> None:
    """Parse standard input, within bounds that the kernel holds."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(msgspec.json.encode(parse(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
