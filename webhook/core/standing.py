"""What stands as PID 1, and which of its two duties it does."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What stands as PID 1."""

    INIT = "init"
    """A minimal one, or one that a policy names."""
    SUPERVISOR = "supervisor"
    SERVER = "server"
    """Reaps and stops cleanly by itself."""
    SCRIPT = "script"
    """What it starts in the end is written in the script, not in the config."""
    SHELL_FORM = "shell-form"
    """`sh -c` whose last command is not `exec`."""
    STAYS = "script-stays"
    """A script whose shell stays in front of the program."""
    SHELL = "shell"
    """One that reads its commands from standard input."""
    WRAPPER = "wrapper"
    """Starts the program and stays in front of it."""
    PROGRAM = "program"
    VARIABLE = "variable"
    """Its name stands in a variable whose value no manifest shows."""
    ABSENT = "absent"
    """No file that could be started: the runtime cannot start the container."""
    NOTHING = "nothing"
    """No command at all: the runtime refuses to create the container."""
    WINDOWS = "windows"
    """Windows has no PID 1."""


INITS = frozenset((Kind.INIT, Kind.SUPERVISOR))
SHELL_STAYS = frozenset((Kind.SHELL_FORM, Kind.STAYS))
UNSURE = frozenset((Kind.SCRIPT, Kind.VARIABLE))
SEVERAL = ("",)
"""Stands for the argv of one of several programs, as the case may be."""


class Process(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What stands as PID 1, and what is known of its two duties."""

    kind: Kind
    name: str = ""
    """Of the catalogue, or the program's basename as written; not made printable."""
    word: str = ""
    """As it stands in the argv."""
    reaps: bool | None = None
    """Whether it waits for orphans; None where nobody can tell."""
    hears: bool | None = None
    """Whether the stop signal reaches the program; None where nobody can tell."""
    note: str = ""
    """A clause that says why, or what else matters; not made printable."""
    hint: str = ""
    """What its user can change, a sentence."""
    script: bool = False
    """Whether the server is started by a script of this well-known name."""
    behind: str = ""
    """The script that stands in front of the init, if one does, and that nobody read."""
    through: str = ""
    """The script that becomes it on every way, as was read in the image."""
    must_be_pid1: bool = False
    argv: tuple[str, ...] = ()
    """Of the program that gets the signal in the end: behind an init, where one stands in front;
    empty where nobody can tell, and where an init starts what no argv shows."""
    built: str = ""
    """What that program is built with, where its file says so (`Program.built`)."""
    front: tuple[str, ...] = ()
    """Of an init in front of it: its name and its options."""

    @property
    def loses_signal(self) -> bool:
        """True where a shell, or what nobody can see, keeps the stop signal from the program.

        A wrapper may, too; that it is no init is worse.
        """
        over_shell = self.kind in INITS and self.hears is False
        return over_shell or self.kind in SHELL_STAYS
