"""What lies inside an image: its system, and the programs that its PID 1 may become.

Learned from the layers, and small enough to be recorded beside the config.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from webhook.core.argv import Unresolved, basename
from webhook.core.build import Voucher

ALL = "${@:"
"""Begins a word that stands for the arguments from a number on: `${@:1}` is all of them."""


class Ending(StrEnum):
    """How one way through a script ends."""

    EXEC = "exec"
    """The script becomes another program."""
    STAYS = "stays"
    """The shell stays, and waits for its last command."""
    UNTOLD = "untold"
    """Nobody can tell without running it."""


class End(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True, rename="camel"):
    """One way through a script."""

    how: Ending
    argv: tuple[str, ...] = ()
    """Of `exec`. `${@:N}` stands for the script's arguments from number N on, `${N}` for one of
    them, `$0` for the script itself."""
    dynamic: tuple[int, ...] = ()
    """Which words are known only when it runs."""
    path_changed: bool = False
    """Whether the script set PATH, so that a bare name may be any program."""
    line: str = ""
    """The script's line, quoted; printable."""

    def command(self, script: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
        """What is started where the script was given these arguments."""
        argv: list[str] = []
        for at, word in enumerate(self.argv):
            if word == "$0":
                argv.append(script)
            elif word.startswith(ALL) and word[len(ALL) : -1].isdigit():
                argv += arguments[int(word[len(ALL) : -1]) - 1 :]
            elif word.startswith("${") and word[2:-1].isdigit():
                number = int(word[2:-1])
                argv += arguments[number - 1 : number] or ("",)
            else:
                argv.append(Unresolved(word) if at in self.dynamic else word)
        return tuple(argv)


class ProgramKind(StrEnum):
    """What a file is to whoever starts it."""

    ELF = "elf"
    SCRIPT = "script"
    """It begins with `#!`."""
    MISSING = "missing"
    DENIED = "not-executable"
    FOREIGN = "other-platform"
    BROKEN = "no-program"
    """Neither ELF nor `#!`, or a folder: the kernel refuses to start it."""
    UNREAD = "unread"


class Program(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True, rename="camel"):
    """What a word that starts a program leads to in the image."""

    word: str
    """As it stands in an argv: a path, or a name that PATH finds."""
    kind: ProgramKind
    path: str = ""
    """Where the file really is, links followed; absolute."""
    interpreter: tuple[str, ...] = ()
    """The words of the `#!` line: the program, and at most one argument."""
    ends: tuple[End, ...] = ()
    """Of a shell script: all ways through it."""
    machine: str = ""
    """Of ELF: the architecture, as image configs call it."""
    built: str = ""
    """Of ELF: `go` or `rust` where it says so, else `static` where it needs no loader."""


class System(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True, rename="camel"):
    """The operating system that an image is made of (os-release(5))."""

    id: str = ""
    """`debian`, `alpine` …; `scratch` where there is none."""
    name: str = ""
    """For people: PRETTY_NAME."""
    version: str = ""
    variant: str = ""
    """`distroless` where packages are listed and no package manager is there."""
    until: str = ""
    """End of life, `YYYY-MM-DD`, where the table knows it."""


class Inside(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True, rename="camel"):
    """What was learned by looking into one platform of an image."""

    system: System = System()
    programs: tuple[Program, ...] = ()
    """What its own argv leads to, step by step."""
    inits: tuple[str, ...] = ()
    """Paths at which known inits lie, links not followed."""
    folders: tuple[str, ...] = ()
    """Where bare names are looked for: PATH."""
    packages: int = 0
    """How many packages are installed."""
    source: str = ""
    """Who told the system and the packages: `layers` or `sbom`. Programs are always of layers."""
    voucher: Voucher | None = None
    """Of an SBOM: who stands behind it."""

    def find(self, word: str) -> Program | None:
        """What is known of a word that starts a program; None where nothing is."""
        found = next((one for one in self.programs if one.word == word), None)
        if found is not None or not self.folders:
            return found
        name = basename(word)
        if name not in LOOKED_FOR:
            return None
        if "/" in word:
            here = word in self.inits
            # Elsewhere nobody looked.
            if not here and word.rpartition("/")[0] not in self.folders:
                return None
        else:
            here = any(f"{folder}/{word}" in self.inits for folder in self.folders)
        return None if here else Program(word, ProgramKind.MISSING)


LOOKED_FOR = frozenset(
    (
        *("tini", "tini-static", "dumb-init", "catatonit", "s6-svscan", "supervisord", "runsvdir"),
        *("docker-init", "su-exec", "gosu", "my_init", "pid1"),
    )
)
"""Programs whose absence is known wherever layers were read: inits, and what stands before them."""
