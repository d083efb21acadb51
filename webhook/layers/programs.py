"""What words that start programs lead to in an image's file system."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.inside import LOOKED_FOR, End, Ending, Program, ProgramKind
from webhook.layers.layer import What
from webhook.layers.script import ends_of
from webhook.layers.shell_tree import apart
from webhook.layers.tree import ABSENT, LOOP, UNSETTLED, Found

if TYPE_CHECKING:
    from webhook.layers.layer import Entry
    from webhook.layers.shell_tree import Parse
    from webhook.layers.tree import Tree

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What runc, crun and Docker take where the config sets no PATH."""
_MAX_FOLDERS = 32
_ALSO_RUNS = {"amd64": {"386"}, "arm64": {"arm"}, "ppc64le": {"ppc64"}}
_SHELLS = re.compile(r"(?:^|[\s/])(?:sh|bash|dash|ash|ksh|mksh|busybox)(?=\s|$)")


class UnsettledError(Exception):
    """A layer that was not read yet may change the answer."""


class Programs:
    """The `Files` of one image; remembers what it was asked."""

    def __init__(
        self,
        tree: Tree,
        *,
        architecture: str,
        path: str,
        folder: str,
        parse: Parse = apart,
    ) -> None:
        """Look into a tree.

        Args:
            tree: the image's names.
            architecture: what the config says programs are built for.
            path: the variable PATH; empty where it is not set.
            folder: where relative paths begin.
            parse: parses a shell script.
        """
        self._tree = tree
        self._architecture = architecture
        self._folder = folder
        self._parse = parse
        listed = (path or DEFAULT_PATH).split(":")[:_MAX_FOLDERS]
        self.folders = tuple(dict.fromkeys(one.rstrip("/") for one in listed if one[:1] == "/"))
        self.asked: dict[str, Program] = {}

    def find(self, word: str) -> Program | None:
        """See `Files.find`; nothing is known of a path with a variable in it.

        Raises:
            UnsettledError: see there.
        """
        if any(mark in word for mark in "$`"):
            return None
        if word not in self.asked:
            self.asked[word] = self._find(word)
        return self.asked[word]

    def inits(self) -> tuple[str, ...]:
        """The paths at which known inits lie, where PATH finds them."""
        found = []
        for folder in self.folders:
            for name in sorted(LOOKED_FOR):
                path = f"{folder}/{name}"
                if self._at(path, path).kind in {ProgramKind.ELF, ProgramKind.SCRIPT}:
                    found.append(path)
        return tuple(found)

    def _find(self, word: str) -> Program:
        if "/" in word:
            path = word if word.startswith("/") else f"{self._folder}/{word}"
            return self._at(word, path)
        denied = None
        for folder in self.folders:
            program = self._at(word, f"{folder}/{word}")
            if program.kind is ProgramKind.DENIED:
                denied = denied or program
            elif program.kind is not ProgramKind.MISSING:
                return program
        return denied or Program(word, ProgramKind.MISSING)

    def _at(self, word: str, path: str) -> Program:
        found = self._tree.lookup(path)
        if found is UNSETTLED:
            raise UnsettledError
        if found is ABSENT or found is LOOP:
            return Program(word, ProgramKind.MISSING)
        assert isinstance(found, Found)  # noqa: S101 - nothing else is left
        return self._program(word, "/" + found.path, found.entry)

    def _program(self, word: str, path: str, entry: Entry) -> Program:
        if entry.what is not What.FILE:
            return Program(word, ProgramKind.BROKEN, path)
        ends = self._ends(entry)
        if not entry.executable:
            return Program(word, ProgramKind.DENIED, path, ends=ends)
        if entry.elf is not None:
            runs = {self._architecture, "", *_ALSO_RUNS.get(self._architecture, ())}
            foreign = bool(self._architecture) and entry.elf.machine not in runs
            kind = ProgramKind.FOREIGN if foreign else ProgramKind.ELF
            built = entry.elf.built_with or ("static" if entry.elf.static else "")
            return Program(word, kind, path, machine=entry.elf.machine, built=built)
        if entry.shebang:
            interpreter = tuple(entry.shebang.split(maxsplit=1))
            return Program(word, ProgramKind.SCRIPT, path, interpreter, ends)
        return Program(word, ProgramKind.UNREAD, path, ends=ends)

    def _ends(self, entry: Entry) -> tuple[End, ...]:
        shell = not entry.shebang or _SHELLS.search(entry.shebang)
        if entry.script and shell:
            return ends_of(entry.script, self._text, self._parse)
        if entry.shebang and shell:
            return (End(Ending.UNTOLD, line="the script is too long to be looked into"),)
        return ()

    def _text(self, path: str) -> str | None:
        """The text of a script that another one reads."""
        found = self._tree.lookup(path if path.startswith("/") else f"{self._folder}/{path}")
        if found is UNSETTLED:
            raise UnsettledError
        return (found.entry.script or None) if isinstance(found, Found) else None
