"""What the bytes of a program say about it.

>>> read_elf(b"no program") is None
True
"""

from __future__ import annotations

import struct

from webhook.layers.layer import Elf

ELF_HEAD = 4096
"""Bytes in which linkers put header, program headers and notes."""

_MAGIC = b"\x7fELF"
_HEADER = 64
_MACHINES = {
    (0x03, 1, 1): "386",
    (0x08, 1, 2): "mips",
    (0x08, 1, 1): "mipsle",
    (0x08, 2, 1): "mips64le",
    (0x14, 1, 2): "ppc",
    (0x15, 2, 1): "ppc64le",
    (0x15, 2, 2): "ppc64",
    (0x16, 2, 2): "s390x",
    (0x28, 1, 1): "arm",
    (0x3E, 2, 1): "amd64",
    (0xB7, 2, 1): "arm64",
    (0xF3, 2, 1): "riscv64",
    (0x102, 2, 1): "loong64",
}
"""By e_machine, class (1: 32 bits, 2: 64) and byte order (1: little, 2: big); names of GOARCH."""
RUST = "rust"
_RUST_MARK = b"library/core/src/"
"""In the path of a file of Rust's own library, where a panic would have happened: every program of
it can say that, stripped or not."""
_PT_INTERP, _PT_NOTE = 3, 4
_GO_NOTE = b"Go\0\0"
_MAX_HEADERS = 64


def read_elf(head: bytes) -> Elf | None:
    """The header of a program out of its first bytes; None where it is no ELF at all."""
    if not head.startswith(_MAGIC) or len(head) < _HEADER:
        return None
    bits, order = head[4], head[5]
    mark = ">" if order == 2 else "<"  # noqa: PLR2004 - ELFDATA2MSB
    (machine,) = struct.unpack_from(mark + "H", head, 18)
    name = _MACHINES.get((machine, bits, order), "")
    static, go = True, False
    for kind, offset, size in _segments(head, mark, wide=bits == 2):  # noqa: PLR2004 - ELFCLASS64
        if kind == _PT_INTERP:
            static = False
        elif kind == _PT_NOTE:
            go = go or _GO_NOTE in head[offset : offset + min(size, ELF_HEAD)]
    built = "go" if go else RUST if has_rust(head, 0, len(head)) else ""
    return Elf(machine=name, static=static, built_with=built)


def has_rust(data: bytes, at: int, end: int) -> bool:
    """Whether there is code of Rust's library in a program, by a piece of it.

    No linker says where such a text is, so that all of a program is looked through as it streams
    by. It has many of them: one that two pieces share is not missed.
    """
    return data.find(_RUST_MARK, at, end) >= 0


def _segments(head: bytes, mark: str, *, wide: bool) -> list[tuple[int, int, int]]:
    """Type, offset and size of each segment whose header is among the bytes."""
    if wide:
        (table,) = struct.unpack_from(mark + "Q", head, 32)
        each, count = struct.unpack_from(mark + "HH", head, 54)
    else:
        (table,) = struct.unpack_from(mark + "I", head, 28)
        each, count = struct.unpack_from(mark + "HH", head, 42)
    least = 56 if wide else 32
    found: list[tuple[int, int, int]] = []
    for number in range(min(count, _MAX_HEADERS)):
        at = table + number * each
        if each < least or at + least > len(head):
            break
        if wide:
            kind, _, offset, _, _, size = struct.unpack_from(mark + "IIQQQQ", head, at)
        else:
            kind, offset, _, _, size = struct.unpack_from(mark + "IIIII", head, at)
        found.append((kind, offset, size))
    return found
