"""What PID 1 will be, and which of its two duties it does: reap orphans, pass the stop signal.

>>> look(("tini", "--", "/app")).name
'tini'
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core import inits, servers
from webhook.core.argv import Unresolved, basename, effective, show
from webhook.core.inits import Init, InitKind
from webhook.core.options import Grammar, read
from webhook.core.scripts import is_script
from webhook.core.shell import POWERSHELLS, SHELLS, Interactive, Text, exec_argv, invocation
from webhook.core.shelltext import CannotTell
from webhook.core.wrappers import STAYS, unwrap

if TYPE_CHECKING:
    from collections.abc import Collection

    from webhook.core.facts import ImageConfig

MAX_LINKS = 32
"""How often one program may stand in front of another before nobody follows any more."""
MAX_SCANNED = 64
"""Words behind a script among which an init is looked for."""

_NAMED_INIT = Grammar(lenient=True)


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
    SHELL = "shell"
    """One that reads its commands from standard input."""
    WRAPPER = "wrapper"
    """Starts the program and stays in front of it."""
    PROGRAM = "program"
    VARIABLE = "variable"
    """Its name stands in a variable whose value no manifest shows."""
    NOTHING = "nothing"
    """No command at all: the runtime refuses to create the container."""
    WINDOWS = "windows"
    """Windows has no PID 1."""


_INITS = frozenset((Kind.INIT, Kind.SUPERVISOR))


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
    """The script that stands in front of the init, if one does."""
    must_be_pid1: bool = False

    @property
    def loses_signal(self) -> bool:
        """True where a shell, or what nobody can see, keeps the stop signal from the program.

        A wrapper may, too; that it is no init is worse.
        """
        over_shell = self.kind in _INITS and self.hears is False
        return over_shell or self.kind is Kind.SHELL_FORM


class Pid1(msgspec.Struct, frozen=True, kw_only=True):
    """PID 1 of an image by itself, when no Pod changes its command."""

    argv: tuple[str, ...]
    process: Process

    @property
    def summary(self) -> str:
        """In one printable line: what it is, and its argv."""
        return summary(self.process, self.argv)


class _Link(msgspec.Struct):
    """What to look at next, and the init that stands in front of it."""

    words: tuple[str, ...]
    init: Process | None = None


def pid1(config: ImageConfig) -> Pid1:
    """What PID 1 of this image is when a Pod says nothing about it."""
    argv = effective(config.entrypoint, config.cmd, (), ())
    process = Process(kind=Kind.WINDOWS) if config.os == "windows" else look(argv)
    return Pid1(argv=argv, process=process)


def summary(process: Process, argv: tuple[str, ...]) -> str:
    """What it is, and its argv, in one printable line: `init tini: tini -- /app`."""
    match process.kind:
        case Kind.NOTHING:
            return "none: the image names no command"
        case Kind.WINDOWS:
            return "none: Windows has no PID 1"
        case Kind.INIT | Kind.SUPERVISOR | Kind.SERVER | Kind.WRAPPER:
            what = f"{process.kind} {show((process.name,))}"
        case Kind.SHELL_FORM:
            what = "shell form"
        case _:
            what = str(process.kind)
    return f"{what}: {show(argv)}"


def look(argv: tuple[str, ...], named: Collection[str] = ()) -> Process:
    """Tell what PID 1 will be when a container starts with this argv.

    Wrappers that become their program are looked through, and so is an init: a shell between it
    and the program loses the signal (`hears` is false then). Bounded: a chain of more than 32
    programs counts as a program that is no init.

    Args:
        argv: the effective argv; words of `Unresolved` stand for what nobody knows.
        named: further inits, by basename or by path.
    """
    init: Process | None = None
    words = argv
    for _ in range(MAX_LINKS):
        step = _step(words, named)
        if isinstance(step, Process):
            return step if init is None else _over(init, step)
        init = init or step.init
        words = step.words
    note = f"more than {MAX_LINKS} programs start one another"
    # Whatever comes behind was not seen, so that a shell may be among it.
    return _program(words, note) if init is None else replace(init, hears=False, note=note)


def _over(init: Process, child: Process) -> Process:
    """The init with what its child makes of the stop signal."""
    match child.kind:
        case Kind.SHELL_FORM:
            return replace(init, hears=False, note=child.note)
        case Kind.SCRIPT:
            return replace(init, hears=None)
        case _:
            return init


def _step(words: tuple[str, ...], named: Collection[str]) -> Process | _Link:
    if not words:
        return Process(kind=Kind.NOTHING)
    word = words[0]
    if isinstance(word, Unresolved):
        return Process(kind=Kind.VARIABLE, name=word, word=word)
    found = _init(words, 0, named)
    if found is not None:
        return found
    name = basename(word)
    if name == "busybox" and len(words) > 1:
        return _busybox(words)
    inner = unwrap(name, words)
    if isinstance(inner, CannotTell):
        return _program(words, inner.why)
    if inner is not None:
        return _Link(inner)
    if name in SHELLS or name in POWERSHELLS:
        return _shell(words, named)
    return _plain(words, name, named)


def _plain(words: tuple[str, ...], name: str, named: Collection[str]) -> Process | _Link:
    """A program that is neither an init nor a wrapper nor a shell."""
    word = words[0]
    server = servers.find(name, words[1:])
    if server is not None:
        return Process(
            kind=Kind.SERVER if server.good else Kind.PROGRAM,
            name=name,
            word=word,
            reaps=server.reaps,
            hears=True,
            hint=server.hint,
            script=name in server.scripts,
        )
    if is_script(word):
        return _script(word, words[1:], named)
    if name in STAYS:
        return Process(
            kind=Kind.WRAPPER, name=name, word=word, reaps=name == "sudo", hears=STAYS[name]
        )
    return _program(words, "")


def _program(words: tuple[str, ...], note: str) -> Process:
    name = basename(words[0])
    reaps = False if name in inits.NOT_INITS else None
    return Process(kind=Kind.PROGRAM, name=name, word=words[0], reaps=reaps, hears=True, note=note)


def _init(words: tuple[str, ...], at: int, named: Collection[str]) -> Process | _Link | None:
    """The init at `words[at]` and its child; a monit, which is none, as a program."""
    word = words[at]
    name = basename(word)
    if named and (word in named or name in named):
        end = read(words, _NAMED_INIT, at + 1).end
        return _Link(
            words[end:], Process(kind=Kind.INIT, name=name, word=word, reaps=True, hears=True)
        )
    init = inits.find(words, at)
    return None if init is None else _known(init, words, at)


def _known(init: Init, words: tuple[str, ...], at: int) -> Process | _Link:
    word = words[at]
    if not init.reaps:
        return _program(words[at:], "it runs services, but does not reap their orphans")
    process = Process(
        kind=Kind.INIT if init.kind in {InitKind.MINIMAL, InitKind.PAUSE} else Kind.SUPERVISOR,
        name=init.name,
        word=word,
        reaps=True,
        hears=True,
        note=f"it stops cleanly on {init.stops_on}, not on SIGTERM" if init.stops_on else "",
        must_be_pid1=init.must_be_pid1,
    )
    child = inits.child_at(init, words, at)
    return process if child is None else _Link(words[child:], process)


def _busybox(words: tuple[str, ...]) -> Process | _Link:
    """`busybox APPLET …` is the applet."""
    if words[1] == "init":
        return _known(inits.BUSYBOX_INIT, words, 0)
    return _Link(words[1:])


def _shell(words: tuple[str, ...], named: Collection[str]) -> Process | _Link:
    shell = Process(
        kind=Kind.SHELL, name=basename(words[0]), word=words[0], reaps=True, hears=False
    )
    called = invocation(words)
    if isinstance(called, Interactive):
        return shell
    if isinstance(called, Text):
        inner = exec_argv(called.text, called.arguments)
        if isinstance(inner, CannotTell):
            return replace(shell, kind=Kind.SHELL_FORM, note=inner.why)
        return _Link(inner)
    script, *rest = called.words
    if isinstance(script, Unresolved):
        return Process(kind=Kind.VARIABLE, name=script, word=script)
    return _script(script, tuple(rest), named)


def _script(word: str, rest: tuple[str, ...], named: Collection[str]) -> Process | _Link:
    """A script, or the init that it is handed: most end in `exec "$@"`."""
    for at in range(min(len(rest), MAX_SCANNED)):
        found = _init(rest, at, named)
        if isinstance(found, _Link) and found.init is not None:
            found.init = replace(found.init, behind=word)
            return found
        if isinstance(found, Process) and found.kind is not Kind.PROGRAM:
            return replace(found, behind=word)
    return Process(kind=Kind.SCRIPT, name=basename(word), word=word)
