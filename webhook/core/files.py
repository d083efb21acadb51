"""What a file in the image makes of a word that starts it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import msgspec

from webhook.core.argv import basename
from webhook.core.inits import find
from webhook.core.inside import Program, ProgramKind
from webhook.core.options import options
from webhook.core.scripts import is_script
from webhook.core.shell import SHELLS, Text
from webhook.core.shelltext import CannotTell
from webhook.core.wrappers import LOADERS, unwrap

if TYPE_CHECKING:
    from webhook.core.inside import Inside

_GIVES_WAY = frozenset(("bash", "busybox", "mksh", "zsh", "ash"))
"""Shells that become the single command of `sh -c COMMAND` without `exec`, as measured; Debian's
dash does not."""
_PLAIN = re.compile(r"[\w@%+:,./-]+(?: [\w@%+=:,./-]+)*", re.ASCII)
_OF_THE_SHELL = options(
    ". [ alias bg break case cd command continue declare do done echo elif else enable esac eval",
    "exec exit export false fg fi for function getopts hash if jobs kill let local printf pwd read",
    "readonly return select set shift source test then time times trap true type typeset ulimit",
    "umask unalias unset until wait while : ! coproc builtin",
)
_MOST_WRAPPERS = 4
_WHY = {
    ProgramKind.MISSING: "it is not in the image",
    ProgramKind.DENIED: "its file in the image is not executable",
    ProgramKind.FOREIGN: "it is built for another platform than the image says",
    ProgramKind.BROKEN: "its file in the image is no program",
}

BUSYBOX = Program("busybox", ProgramKind.ELF, "/bin/busybox")
"""What stands behind each of its applets."""


class Files(Protocol):
    """What is known of the files in an image."""

    def find(self, word: str) -> Program | None:
        """What a word leads to that starts a program; None where nothing is known."""


class Unseen(msgspec.Struct, frozen=True):
    """The files of an image that nobody looked into."""

    def find(self, word: str) -> Program | None:  # noqa: ARG002 - see `Files`
        """Nothing."""
        return None


UNSEEN = Unseen()


class Seen(msgspec.Struct, frozen=True, cache_hash=True):
    """The files of an image as a container has them: what a Pod mounts hides what was there."""

    inside: Inside
    mounts: tuple[str, ...] = ()

    def find(self, word: str) -> Program | None:
        """See `Files.find`."""
        found = self.inside.find(word)
        if found is None or not self.mounts:
            return found
        if found.kind is ProgramKind.MISSING and "/" not in word:
            places = tuple(f"{folder}/{word}" for folder in self.inside.folders)
        else:
            places = (word, found.path)
        return None if any(_under(place, self.mounts) for place in places) else found

    def has(self, word: str) -> bool:
        """Whether what the word names is known to be there."""
        found = self.find(word)
        if found is not None:
            return not unusable(found)
        folders = self.inside.folders if "/" not in word else ("",)
        places = [f"{folder}/{word}" if folder else word for folder in folders]
        return any(place in self.inside.inits for place in places)


def _under(path: str, mounts: tuple[str, ...]) -> bool:
    return any(path == mount or path.startswith(mount.rstrip("/") + "/") for mount in mounts)


def unusable(file: Program) -> str:
    """Why nothing can be started from this file, a clause; empty where it can."""
    return _WHY.get(file.kind, "")


def reads_as_script(file: Program) -> bool:
    """Whether what the `#!` line starts tells more than the file's own name.

    Interpreters of other languages tell less: whether a Python script starts something in its place
    is not seen, and a server of a well-known name may be written in it.
    """
    if file.kind is not ProgramKind.SCRIPT or not file.interpreter:
        return False
    if file.ends:
        return True
    words = (*file.interpreter, file.word)
    # `env -S "env …"`, and so on: nobody writes more than one.
    for _ in range(_MOST_WRAPPERS):
        inner = unwrap(basename(words[0]), words)
        words = inner if isinstance(inner, tuple) else words
    name = basename(words[0])
    init = find(words) is not None
    return init or name in LOADERS or (name in SHELLS and is_script(file.word))


def is_shell(interpreter: tuple[str, ...]) -> bool:
    """Whether the words behind `#!` start a shell and nothing else."""
    name = basename(interpreter[0])
    if name in {"env", "busybox"}:
        name = basename(" ".join(interpreter[1:]).partition(" ")[0])
    return name in SHELLS


def gives_way(called: Text, shell: Program | None) -> tuple[str, ...] | CannotTell:
    """The argv that takes the place of a shell that becomes its only command without `exec`.

    Args:
        called: `sh -c TEXT …`.
        shell: the file of the shell; what it really is decides.
    """
    words = called.text.split()
    # Only the plainest commands: no quotes, no variables, nothing that a shell does by itself.
    plain = words and _PLAIN.fullmatch(called.text) and words[0] not in _OF_THE_SHELL
    if not plain or shell is None or basename(shell.path) not in _GIVES_WAY:
        return CannotTell("its last command is not `exec`")
    return tuple(words)
