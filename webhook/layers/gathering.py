"""Decides, member by member, what of a layer is remembered."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.layers import databases
from webhook.layers.bad_layer import BadLayerError
from webhook.layers.elf import ELF_HEAD, RUST, has_rust, read_elf
from webhook.layers.layer import Entry, Layer, Packages, What
from webhook.layers.paths import join, parent, path_of

if TYPE_CHECKING:
    from webhook.layers.limits import Limits
    from webhook.layers.tar_header import Header

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_EXECUTABLE = 0o111
_OS_RELEASE = frozenset(("etc/os-release", "usr/lib/os-release"))
_MAX_OS_RELEASE = 64 * 1024
_SHEBANG = 512
"""Bytes; Linux reads 256 of them (BINPRM_BUF_SIZE)."""
_SHELLS = re.compile(rb"#![^\n]*\b(?:sh|bash|dash|ash|busybox|ksh|mksh|zsh)\b")
_MAYBE_SCRIPT = re.compile(r"\.(?:sh|bash|ash|env)$|entrypoint", re.ASCII)
"""Files that are read by a shell although they are not executable: `sh FILE`, `. FILE`."""


class Gathering:
    """The sink of one layer's archive."""

    def __init__(self, limits: Limits) -> None:
        """Keep no more than `limits` allow."""
        self._limits = limits
        self._entries: dict[str, Entry] = {}
        self._others = array("q")
        self._removed: set[str] = set()
        self._emptied: set[str] = set()
        self._systems: dict[str, str] = {}
        self._databases: dict[str, Packages] = {}
        self._names = 0
        self._texts = 0
        self._members = 0
        self._path = ""
        self._header: Header | None = None

    def layer(self, size: int) -> Layer:
        """What was gathered; `size` is how many bytes it unfolded to."""
        return Layer(
            entries=self._entries,
            others=self._others.tobytes(),
            removed=tuple(sorted(self._removed)),
            emptied=tuple(sorted(self._emptied)),
            systems=self._systems,
            databases=self._databases,
            size=size,
        )

    def member(self, header: Header) -> int:
        """See `Sink.member`."""
        path = path_of(header.name, self._limits.path)
        name = path.rpartition("/")[2]
        if name.startswith(_WHITEOUT):
            self._whiteout(path, name)
            return 0
        self._path, self._header = path, header
        self._systems.pop(path, None)
        self._databases.pop(path, None)
        match header.kind:
            case b"5":
                self._keep(path, Entry(What.FOLDER))
            case b"2":
                target = header.link.decode(errors="backslashreplace")
                if len(target) > self._limits.path:
                    raise BadLayerError("a link leads to a path that is longer than any path")
                self._keep(path, Entry(What.LINK, target=target))
            case b"1":
                self._keep(path, Entry(What.HARD, target=path_of(header.link, self._limits.path)))
            case b"3" | b"4" | b"6":
                self._keep(path, Entry(What.ODD))
            case _:
                return self._file(path, header)
        return 0

    def more(self, body: bytes) -> int:
        """See `Sink.more`: shell scripts are wanted whole."""
        assert self._header is not None  # noqa: S101 - a member began
        size = self._header.size
        if len(body) >= size or not self._scripted(body):
            return len(body)
        if size > self._limits.script or self._texts + size > self._limits.texts:
            return len(body)
        return size

    def content(self, body: bytes) -> bool:
        """See `Sink.content`: of programs the rest matters, where their head does not say all."""
        path, header = self._path, self._header
        assert header is not None  # noqa: S101 - a member began
        if path in _OS_RELEASE:
            self._systems[path] = body.decode(errors="replace")
        elif (kind := databases.kind_of(path)) is not None:
            self._databases[path] = databases.read(kind, body)
        else:
            entry = self._program(body, header)
            self._keep(path, entry)
            return bool(path) and entry.elf is not None and not entry.elf.built_with
        return False

    def rest(self, data: bytes, at: int, end: int) -> bool:
        """See `Sink.rest`."""
        if not has_rust(data, at, end):
            return True
        entry = self._entries[self._path]
        assert entry.elf is not None  # noqa: S101 - `content` says so
        self._entries[self._path] = replace(entry, elf=replace(entry.elf, built_with=RUST))
        return False

    def _file(self, path: str, header: Header) -> int:
        executable = header.mode & _EXECUTABLE != 0
        entry = Entry(What.FILE, executable=executable, size=header.size)
        if header.sparse:
            self._keep(path, Entry(What.ODD))
            return 0
        if path in _OS_RELEASE:
            self._keep(path, entry)
            self._systems[path] = ""
            return min(header.size, _MAX_OS_RELEASE)
        if (kind := databases.kind_of(path)) is not None:
            self._keep(path, entry)
            return self._database(path, kind, header.size)
        if executable or _MAYBE_SCRIPT.search(path):
            self._keep(path, entry)
            return min(header.size, ELF_HEAD)
        # Nobody asks about it; but what was there, here or in lower layers, is gone.
        self._entries.pop(path, None)
        self._others.append(hash(path))
        return 0

    def _database(self, path: str, kind: str, size: int) -> int:
        said = databases.unread(kind)
        if size > self._limits.member or self._members + size > self._limits.members:
            said = said or f"its package database has {size} bytes; it was not read"
        self._databases[path] = databases.empty(kind, said)
        if said:
            return 0
        self._members += size
        return size

    def _program(self, body: bytes, header: Header) -> Entry:
        executable = header.mode & _EXECUTABLE != 0
        shebang = script = ""
        if body.startswith(b"#!"):
            line = body[2:_SHEBANG].partition(b"\n")[0]
            shebang = line.decode(errors="backslashreplace").strip(" \t\r")
        if len(body) == header.size and self._scripted(body):
            self._texts += len(body)
            script = body.decode(errors="backslashreplace")
        return Entry(
            What.FILE,
            executable=executable,
            elf=read_elf(body),
            shebang=shebang,
            script=script,
            size=header.size,
        )

    def _scripted(self, body: bytes) -> bool:
        if body.startswith(b"#!"):
            return _SHELLS.match(body[:_SHEBANG]) is not None
        # Without a shebang only the name tells, and what no text has.
        return b"\0" not in body[:_SHEBANG] and _MAYBE_SCRIPT.search(self._path) is not None

    def _whiteout(self, path: str, name: str) -> None:
        folder = parent(path)
        if name == _OPAQUE:
            self._count(folder)
            self._emptied.add(folder)
        elif name.startswith(_WHITEOUT * 2):
            return  # of aufs itself
        elif name == _WHITEOUT or name in {".wh..", ".wh..."}:
            raise BadLayerError("it takes away something that has no name")
        else:
            removed = join(folder, name[len(_WHITEOUT) :])
            self._count(removed)
            self._removed.add(removed)

    def _keep(self, path: str, entry: Entry) -> None:
        if path:
            self._count(path + entry.target)
            self._entries[path] = entry

    def _count(self, text: str) -> None:
        self._names += len(text)
        kept = len(self._entries) + len(self._removed) + len(self._emptied)
        if kept >= self._limits.kept or self._names > self._limits.names:
            raise BadLayerError(f"it has more than {self._limits.kept} folders, links and programs")
