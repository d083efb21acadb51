"""What PID 1 will be, and which of its two duties it does: reap orphans, pass the stop signal.

>>> look(("tini", "--", "/app")).name
'tini'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core import inits, servers
from webhook.core.argv import Unresolved, basename
from webhook.core.endings import ended, unread
from webhook.core.files import BUSYBOX, UNSEEN, gives_way, is_shell, reads_as_script, unusable
from webhook.core.inits import Init, InitKind
from webhook.core.options import Grammar, read
from webhook.core.scripts import is_script
from webhook.core.shell import POWERSHELLS, SHELLS, Interactive, Text, exec_argv, invocation
from webhook.core.shelltext import CannotTell
from webhook.core.standing import INITS, Kind, Process
from webhook.core.wrappers import REAPING, STAYS, unwrap

if TYPE_CHECKING:
    from collections.abc import Collection

    from webhook.core.files import Files
    from webhook.core.inside import End, Program

MAX_LINKS = 32
"""How often one program may stand in front of another before nobody follows any more."""
MAX_SCRIPTS = 4
"""Scripts that become one another."""
MAX_SCANNED = 64
"""Words behind a script among which an init is looked for."""

_AGAIN = "it starts itself again"
_NAMED_INIT = Grammar(lenient=True)


class _Link(msgspec.Struct):
    """What to look at next, and the init that stands in front of it."""

    words: tuple[str, ...]
    init: Process | None = None
    applet: bool = False
    """Whether its first word is a part of busybox, and no file of its own."""


def look(argv: tuple[str, ...], named: Collection[str] = (), files: Files | None = None) -> Process:
    """Tell what PID 1 will be when a container starts with this argv.

    Wrappers that become their program are looked through, and so is an init: a shell between it
    and the program loses the signal (`hears` is false then). Bounded: a chain of more than 32
    programs counts as a program that is no init.

    Args:
        argv: the effective argv; words of `Unresolved` stand for what nobody knows.
        named: further inits, by basename or by path.
        files: what is known of the files in the image; by default nothing.
    """
    return _Looking(named, files or UNSEEN).follow(argv)


class _Looking(msgspec.Struct, frozen=True):
    """What does not change while programs are followed."""

    named: Collection[str]
    files: Files
    begun: tuple[tuple[str, ...], ...] = ()
    """The argvs of scripts that lead here: one that starts itself again tells nothing new."""

    def follow(self, argv: tuple[str, ...]) -> Process:
        init: Process | None = None
        words, applet = argv, False
        for _ in range(MAX_LINKS):
            step = _step(words, self, applet=applet)
            if isinstance(step, Process):
                return step if init is None else _over(init, step)
            init = init or step.init
            words, applet = step.words, step.applet
        note = f"more than {MAX_LINKS} programs start one another"
        # Whatever comes behind was not seen, so that a shell may be among it.
        return _program(words, note) if init is None else replace(init, hears=False, note=note)

    def inside(self, argv: tuple[str, ...], end: End) -> Process | None:
        """What one end of the script `argv` becomes; None where it starts itself again."""
        started = end.command(argv[0], argv[1:])
        if len(self.begun) >= MAX_SCRIPTS or not started:
            return unread(argv, end.line)
        files = UNSEEN if end.path_changed else self.files
        process = _Looking(self.named, files, (*self.begun, argv)).follow(started)
        if process.note is _AGAIN:
            return None
        good = process.kind in INITS or process.kind is Kind.SERVER
        if good and end.path_changed and "/" not in started[0]:
            return unread(argv, end.line)
        return process


def _over(init: Process, child: Process) -> Process:
    """The init with what its child makes of the stop signal."""
    match child.kind:
        case Kind.SHELL_FORM | Kind.STAYS:
            return replace(init, hears=False, note=child.note)
        case Kind.ABSENT:
            return child
        case Kind.SCRIPT:
            return replace(init, hears=None)
        case _:
            return replace(init, argv=child.argv, built=child.built)


def _step(words: tuple[str, ...], looking: _Looking, *, applet: bool) -> Process | _Link:
    if not words:
        return Process(kind=Kind.NOTHING)
    word = words[0]
    if isinstance(word, Unresolved):
        return Process(kind=Kind.VARIABLE, name=word, word=word)
    file = BUSYBOX if applet else looking.files.find(word)
    if file is not None and (why := unusable(file)):
        return Process(kind=Kind.ABSENT, name=basename(word), word=word, note=why)
    found = _init(words, 0, looking.named)
    script = file is not None and reads_as_script(file)
    if found is not None and not (script and _named_minimal(found)):
        return found
    if file is not None and script:
        return _scripted(file, words, looking)
    name = basename(word)
    if name == "busybox" and len(words) > 1:
        return _busybox(words)
    inner = unwrap(name, words)
    if isinstance(inner, CannotTell):
        return _program(words, inner.why)
    if inner is not None:
        return _Link(inner)
    if name in SHELLS or name in POWERSHELLS:
        return _shell(words, looking, file)
    built = file.built if file is not None else ""
    return _plain(words, name, looking, built)


def _named_minimal(found: Process | _Link) -> bool:
    """Whether it is one of the small inits, all of which are programs and never scripts."""
    init = found if isinstance(found, Process) else found.init
    return init is not None and init.kind is Kind.INIT


def _scripted(file: Program, words: tuple[str, ...], looking: _Looking) -> Process | _Link:
    """A file that begins with `#!`: the kernel starts what stands there, with the file's path."""
    interpreter = file.interpreter
    if file.ends and is_shell(interpreter):
        shell = looking.files.find(interpreter[0])
        if shell is not None and (why := unusable(shell)):
            note = f"its interpreter {interpreter[0]}: {why}"
            return Process(kind=Kind.ABSENT, name=basename(words[0]), word=words[0], note=note)
        return _read(file, words, looking)
    return _Link((*interpreter, *words))


def _read(file: Program, words: tuple[str, ...], looking: _Looking) -> Process:
    """A script whose ends are known."""
    if words in looking.begun:
        return unread(words, _AGAIN)
    return ended(file, words, looking.inside)


def _plain(words: tuple[str, ...], name: str, looking: _Looking, built: str) -> Process | _Link:
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
            argv=words,
        )
    if is_script(word):
        return _script(words, looking)
    if name in STAYS:
        return Process(
            kind=Kind.WRAPPER, name=name, word=word, reaps=name in REAPING, hears=STAYS[name]
        )
    return _program(words, "", built)


def _program(words: tuple[str, ...], note: str, built: str = "") -> Process:
    name = basename(words[0])
    reaps = False if name in inits.NOT_INITS else None
    return Process(
        kind=Kind.PROGRAM,
        name=name,
        word=words[0],
        reaps=reaps,
        hears=True,
        note=note,
        argv=words,
        built=built,
    )


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
    if child is None:
        return process
    return _Link(words[child:], replace(process, front=words[at:child]))


def _busybox(words: tuple[str, ...]) -> Process | _Link:
    """`busybox APPLET …` is the applet."""
    if words[1] == "init":
        return _known(inits.BUSYBOX_INIT, words, 0)
    return _Link(words[1:], applet=True)


def _shell(words: tuple[str, ...], looking: _Looking, file: Program | None) -> Process | _Link:
    shell = Process(
        kind=Kind.SHELL, name=basename(words[0]), word=words[0], reaps=True, hears=False
    )
    called = invocation(words)
    if isinstance(called, Interactive):
        return shell
    if isinstance(called, Text):
        inner = exec_argv(called.text, called.arguments)
        if isinstance(inner, CannotTell):
            inner = gives_way(called, file)
        if isinstance(inner, CannotTell):
            return replace(shell, kind=Kind.SHELL_FORM, note=inner.why)
        return _Link(inner)
    script = called.words[0]
    if isinstance(script, Unresolved):
        return Process(kind=Kind.VARIABLE, name=script, word=script)
    return _script(called.words, looking)


def _script(words: tuple[str, ...], looking: _Looking) -> Process | _Link:
    """A script, or the init that it is handed: most end in `exec "$@"`."""
    word, rest = words[0], words[1:]
    # A shell reads a file of the folder where it is; PATH is for programs.
    file = looking.files.find(word if "/" in word else f"./{word}")
    if file is not None and file.ends:
        return _read(file, words, looking)
    for at in range(min(len(rest), MAX_SCANNED)):
        found = _init(rest, at, looking.named)
        if isinstance(found, _Link) and found.init is not None:
            found.init = replace(found.init, behind=word)
            return found
        if isinstance(found, Process) and found.kind is not Kind.PROGRAM:
            return replace(found, behind=word)
    return Process(kind=Kind.SCRIPT, name=basename(word), word=word)
