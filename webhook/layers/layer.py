"""What is remembered of one layer: names, links, programs, scripts, systems, package lists.

The same layer gives the same value for every image that has it, so that a layer which many images
share is read once.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from webhook.core.contents import Package


class What(StrEnum):
    """What a name in a layer stands for."""

    FOLDER = "d"
    LINK = "l"
    """A symbolic one."""
    HARD = "h"
    """A second name of a file of this or of a lower layer."""
    FILE = "f"
    ODD = "x"
    """A device, a queue, or a sparse file, whose content nobody reads."""


class Elf(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the header of a program says (System V ABI, «ELF Header»)."""

    machine: str
    """As architectures are called in image configs (`amd64`); empty where it has no such name."""
    static: bool = False
    """Whether it needs no loader."""
    built_with: str = ""
    """`go` or `rust`, where the program says so."""


class Entry(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One name."""

    what: What
    executable: bool = False
    target: str = ""
    """Of a link, as written; of a hard one a path below the root."""
    elf: Elf | None = None
    shebang: str = ""
    """What stands behind `#!` in its first line."""
    script: str = ""
    """The whole text of a shell script."""
    size: int = 0


class Packages(msgspec.Struct, frozen=True, omit_defaults=True):
    """One package database of a layer."""

    kind: str
    """`deb`, `apk`, `rpm` or `alpm`."""
    packages: tuple[Package, ...] = ()
    problem: str = ""
    """A clause: why it could not be read, or not all of it."""


class Layer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One layer."""

    entries: dict[str, Entry] = {}
    others: bytes = b""
    """Hashes (64 bits each, of this process) of the paths of all other files: that they are there,
    and are no programs, is all that matters of them."""
    removed: tuple[str, ...] = ()
    """Paths that lower layers have and this one takes away (image-spec layer.md, «Whiteouts»)."""
    emptied: tuple[str, ...] = ()
    """Folders whose content in lower layers does not count («Opaque Whiteout»)."""
    systems: dict[str, str] = {}
    """The texts of os-release files, by path."""
    databases: dict[str, Packages] = {}
    """Package databases, by path."""
    size: int = 0
    """Bytes it unfolds to."""
