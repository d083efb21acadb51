"""Trees of files for tests that need no registry."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from tests.layers.roots import Content, layer, link
from webhook.demo.images import sha256
from webhook.layers.limits import Limits
from webhook.layers.one_layer import OneLayer
from webhook.layers.tree import Tree


def elf(machine: int = 0x3E, *, loader: bool = False, note: bytes = b"") -> bytes:
    """The head of an ELF program of 64 bits, little-endian."""
    headers: list[bytes] = []
    body = b""
    for kind, content in ((3, b"/lib/ld.so\0" if loader else b""), (4, note)):
        if content:
            at = 64 + 2 * 56 + len(body)
            size = len(content)
            headers.append(struct.pack("<IIQQQQQQ", kind, 4, at, 0, 0, size, size, 4))
            body += content
    table = b"".join(headers).ljust(2 * 56, b"\0")
    head = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    return b"\x7fELF\x02\x01\x01" + bytes(9) + head + table + body


ELF = elf()


def read(tar: bytes, limits: Limits | None = None) -> OneLayer:
    """A reader that was given a whole layer."""
    reading = OneLayer(sha256(tar), limits or Limits(), unpacked=1 << 30)
    reading.feed(tar)
    return reading


def tree_of(*layers: Mapping[str, Content], complete: bool = True) -> Tree:
    """The tree of these layers, from the bottom up; `->` begins where a link leads to."""
    read_layers = []
    for files in layers:
        made: dict[str, Content] = {
            name: link(content[2:])
            if isinstance(content, str) and content.startswith("->")
            else content
            for name, content in files.items()
        }
        read_layers.append(read(layer(made)).close())
    return Tree(read_layers[::-1], complete=complete)
