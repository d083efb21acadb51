"""What rule `init` says about PID 1, and which cure fits."""

from __future__ import annotations

import msgspec

from webhook.core.argv import effective, show
from webhook.core.files import UNSEEN, Seen, Unseen
from webhook.core.printable import printable
from webhook.core.process import look
from webhook.core.standing import INITS, Kind, Process

_MAX_NAME = 80
_MAX_NOTE = 160
_ENTRYPOINT = 'ENTRYPOINT ["tini","--"]'
AS_ARGS = f"({_ENTRYPOINT}), with `args:` in place of `command:`"
TO_ARGS = "`command:` threw it away: move it to `args:`"
"""In the words of a Pod; who judges a file that has others puts them in place of these."""
_SHARE = "set shareProcessNamespace: true"
_EXEC = "put `exec` in front of the last command"


class Case(msgspec.Struct, frozen=True, cache_hash=True):
    """All that the judgement of one container on one platform depends on, besides the settings."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    """Of the Pod; where it is not empty the image's own words are not used."""
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    shared: bool = False
    """Whether the Pod shares its process namespace."""
    files: Seen | Unseen = UNSEEN
    """What is known of the files in the image."""

    @property
    def argv(self) -> tuple[str, ...]:
        """What the container starts with."""
        return effective(self.entrypoint, self.cmd, self.command, self.args, self.env)

    @property
    def length(self) -> int:
        """Characters of all words together."""
        words = sum(map(len, self.entrypoint + self.cmd + self.command + self.args))
        return words + sum(len(name) + len(value) for name, value in self.env)


class Words(msgspec.Struct, frozen=True):
    """Message and fix for one container, under one policy."""

    case: Case
    argv: tuple[str, ...]
    process: Process
    named: tuple[str, ...] = ()
    """Inits that the policy names."""
    shared_accepted: bool = True

    @property
    def reaped_by_pause(self) -> bool:
        """Whether the Pod's pause process is PID 1, and the policy takes that for an init."""
        return self.case.shared and self.shared_accepted

    @property
    def message(self) -> str:
        """What PID 1 would be, and which of its duties nobody does: one sentence or two."""
        process = self.process
        pid1 = f"PID 1 would be `{show(self.argv)}`"
        match process.kind:
            case Kind.NOTHING:
                return "neither the image nor the Pod names a command: the runtime will refuse it."
            case Kind.ABSENT:
                return f"{pid1}, but {self._name} cannot be started: {self._note}."
            case Kind.VARIABLE if process.word not in self.argv[:1]:
                return f"{pid1}, and what it becomes stands in a variable."
            case Kind.VARIABLE:
                return f"{pid1}, and the value of that variable is not in the manifest."
            case _ if process.loses_signal:
                return (
                    f"{pid1}{self._reaper}, but the stop signal does not reach the program "
                    f"({self._note})."
                )
            case Kind.INIT:
                return f"{self._init}."
            case Kind.SUPERVISOR:
                return f"{self._init}. It runs several services."
            case _ if self.reaped_by_pause:
                unseen = process.kind is Kind.SCRIPT
                signal = "; whether the script passes the stop signal on was not seen"
                return f"the Pod's pause process reaps orphans{signal if unseen else ''}."
            case _:
                shared = " This policy does not accept shareProcessNamespace for an init."
                return f"{pid1}{self._no_init}.{shared if self.case.shared else ''}"

    @property
    def _name(self) -> str:
        return printable(self.process.name, _MAX_NAME)

    @property
    def _note(self) -> str:
        return printable(self.process.note, _MAX_NOTE)

    @property
    def _reaper(self) -> str:
        if self.process.kind in INITS:
            return f": {self._name} reaps orphans"
        reaper = "the Pod's pause process" if self.reaped_by_pause else "the shell"
        form = "shell form" if self.process.kind is Kind.SHELL_FORM else "script"
        return f", a {form}: {reaper} reaps orphans"

    @property
    def _init(self) -> str:
        process = self.process
        said = f"PID 1 would be {self._name}"
        if process.behind:
            script = printable(process.behind, _MAX_NAME)
            said += f", if the script {script} ends by starting its arguments"
        elif process.through:
            said += f", which the script {printable(process.through, _MAX_NAME)} becomes"
        if not self._seen:
            said += "; the image config cannot show that it is in the image"
        if process.note:
            said += f"; {self._note}"
        if process.must_be_pid1 and self.case.shared:
            said += "; it may refuse to run, as with shareProcessNamespace it is not PID 1"
        return said

    @property
    def _seen(self) -> bool:
        """Whether the init is known to be in the image."""
        word = self.process.word
        if word in self.case.entrypoint or word in self.case.cmd or self.process.through:
            return True
        return isinstance(self.case.files, Seen) and self.case.files.has(word)

    @property
    def _no_init(self) -> str:
        """What is wrong with something that is no init; goes on behind its argv."""
        process = self.process
        match process.kind:
            case Kind.SERVER:
                return (
                    f", which is no init, although {self._name} reaps orphans and stops cleanly "
                    "by itself"
                )
            case Kind.SCRIPT:
                if process.note:
                    return f", a script: whether it ends as an init cannot be told ({self._note})"
                return ", a script: whether it ends in `exec` of an init is not in the image config"
            case Kind.SHELL:
                return ", a shell that waits for input, and no init"
            case Kind.WRAPPER:
                deaf = " and does not pass the stop signal on" if process.hears is False else ""
                return f": {self._name} stays in front of the program{deaf}, and is no init"
            case _:
                became = process.word != self.argv[0]
                who = f", in the end {self._name}" if became else ""
                reaps = f": {self._name} does not reap orphans" if process.reaps is False else ""
                note = f" ({self._note})" if process.note else ""
                return f"{who}, which is no init{reaps}{note}"

    @property
    def fix(self) -> str:
        """What to write instead: one or two sentences. hostPID is never among them."""
        process = self.process
        lost = self._lost_init
        if lost:
            return f"The image starts {lost} by itself, and {TO_ARGS}."
        share = "" if self.case.shared or not self.shared_accepted else f", or {_SHARE}"
        # With `command:` the image's Entrypoint is not used: an init in it would change nothing.
        inits = f"tini or dumb-init {AS_ARGS if self.case.command else f'({_ENTRYPOINT})'}"
        start = f"Start it with {inits}{share}."
        match process.kind:
            case Kind.ABSENT:
                return f"Put it into the image where PATH finds it, or name what is there. {start}"
            case Kind.VARIABLE:
                return f"Write the program itself. {start}"
            case Kind.SHELL_FORM if not self.reaped_by_pause:
                both = f", or {_EXEC} and {_SHARE}" if share else ""
                return f"Start the program without a shell, with {inits}{both}."
            case Kind.STAYS:
                return f"P{_EXEC[1:]} of the script. {start}"
            case _ if process.loses_signal:
                return f"P{_EXEC[1:]}, or start the program without a shell."
            case Kind.SUPERVISOR:
                return (
                    f"Run only one process, with {inits}, and the others in their own containers."
                )
            case Kind.SHELL:
                return f"Name the program to run. {start}"
            case _:
                return f"{process.hint} {start}" if process.hint else start

    @property
    def _lost_init(self) -> str:
        """The image's own init that `command` threw away, where `args` would keep it; or empty."""
        if not self.case.command:
            return ""
        argv = (*effective(self.case.entrypoint, (), (), ()), *self.argv)
        kept = look(argv, self.named, self.case.files)
        good = kept.kind in {Kind.INIT, Kind.SUPERVISOR} and not kept.loses_signal
        return printable(kept.name, _MAX_NAME) if good and not kept.behind else ""
