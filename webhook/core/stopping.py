"""What becomes of a container's program when the signal is sent that is to stop it.

>>> from webhook.core.process import look
>>> stopping(look(("nginx",)), "SIGQUIT", alone=True).effect.value
'stops'
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core import inits
from webhook.core.argv import show
from webhook.core.options import read
from webhook.core.reactions import of_program
from webhook.core.signals import DEFAULT, FREEZES, IGNORED, KILL, read_signal
from webhook.core.standing import INITS, UNSURE, Kind

if TYPE_CHECKING:
    from webhook.core.reactions import Reaction
    from webhook.core.standing import Process

_REWRITES = frozenset(("-r", "--rewrite"))
_NEVER_RUNS = frozenset((Kind.NOTHING, Kind.ABSENT, Kind.WINDOWS))


class Effect(StrEnum):
    """What a stop signal does."""

    STOPS = "stops"
    """The program ends on it, and may finish what it does."""
    CUTS = "cuts"
    """It ends at once, although another signal would let it finish."""
    WAITS = "waits"
    """It waits for its clients to leave."""
    DEAF = "deaf"
    """It goes on, until it is killed."""
    KEPT = "kept"
    """What stands in front of the program does not pass the signal on."""
    KILLED = "killed"
    """SIGKILL: nothing can be finished."""
    UNTOLD = "untold"
    """Nobody can tell from outside."""
    NOTHING = "nothing"
    """There is no process that a signal could stop."""


class Stopping(msgspec.Struct, frozen=True, kw_only=True):
    """What one signal does to one program."""

    effect: Effect
    signal: str = DEFAULT
    """What arrives at the program: some inits turn one signal into another; empty for none."""
    who: str = ""
    """The program, for messages; printable."""
    first: bool = False
    """Whether it is PID 1, for which the kernel has no default actions (pid_namespaces(7))."""
    bare: bool = False
    """Whether it is known to have no handler for the signal."""
    code: bool = False
    """Whether that is for its own code to say."""
    better: str = ""
    """The signal to send instead, where one is known."""
    seconds: int = 0
    """How long it may take; 0 where nobody says."""
    hint: str = ""
    note: str = ""
    """What must be set for it to finish what it does, a sentence; empty where nothing must."""


def stopping(process: Process, signal: str, *, alone: bool) -> Stopping:
    """What the stop signal does.

    Args:
        process: what the container starts.
        signal: the full name of the signal that the runtime sends.
        alone: whether the container has a PID namespace of its own, so that what it starts is
            PID 1 there.
    """
    who = show(process.argv[:4]) if any(process.argv) else process.name
    first = alone and process.kind not in INITS
    if process.kind in _NEVER_RUNS:
        return Stopping(effect=Effect.NOTHING)
    if signal == KILL:
        return Stopping(effect=Effect.KILLED, signal=signal, who=who)
    if process.loses_signal or (process.kind is Kind.WRAPPER and process.hears is False):
        return Stopping(effect=Effect.KEPT, signal=signal, who=who, first=first)
    if process.kind in UNSURE or process.hears is None:
        return Stopping(effect=Effect.UNTOLD, signal=signal, who=who, first=first)
    if process.kind is Kind.WRAPPER:
        passes = Effect.STOPS if signal == DEFAULT else Effect.UNTOLD
        return Stopping(effect=passes, signal=signal, who=who, first=first)
    reaction = of_program(process)
    known = reaction.name and not reaction.name[0].isupper()
    arriving = _forwarded(process, signal)
    return Stopping(
        effect=_effect(reaction, arriving, first=first),
        signal=arriving,
        who=reaction.name.partition(" (")[0].partition(",")[0] if known else who,
        first=first,
        bare=reaction.bare and arriving not in reaction.deaf,
        code=reaction.code,
        better=reaction.better,
        seconds=reaction.seconds,
        hint=reaction.hint,
        note=reaction.note if arriving in reaction.graceful else "",
    )


def summary(found: Stopping) -> str:
    """What the signal does, as the predicate of a sentence; empty where nothing is started."""
    who = found.who
    match found.effect:
        case Effect.STOPS:
            return f"stops {who}"
        case Effect.CUTS:
            return f"ends {who} at once; on {found.better} it finishes first"
        case Effect.WAITS:
            return f"lets {who} wait until its clients have left"
        case Effect.DEAF:
            return f"does not stop {who}"
        case Effect.KEPT:
            return "does not reach the program"
        case Effect.KILLED:
            return f"leaves {who} no time"
        case Effect.UNTOLD:
            return f"stops {who} only if it handles it" if found.code else "may stop it or not"
        case _:
            return ""


def _effect(reaction: Reaction, signal: str, *, first: bool) -> Effect:
    if signal in reaction.graceful:
        return Effect.STOPS
    if signal in reaction.fast:
        return Effect.CUTS if reaction.better else Effect.STOPS
    if signal in reaction.waits:
        return Effect.WAITS
    if not signal or signal in reaction.deaf:
        return Effect.DEAF
    by_itself = signal not in IGNORED and signal not in FREEZES and not first
    if reaction.code:
        return Effect.STOPS if by_itself else Effect.UNTOLD
    if reaction.bare:
        if not by_itself:
            return Effect.DEAF
        return Effect.CUTS if reaction.better else Effect.STOPS
    return Effect.DEAF if signal in IGNORED else Effect.UNTOLD


def _forwarded(process: Process, signal: str) -> str:
    """What arrives behind an init that turns signals into others, or drops them.

    dumb-init does what it is told to (dumb-init(1), `--rewrite`).
    """
    init = next((one for one in inits.INITS if one.name == process.name), None)
    if init is None or not process.front:
        return signal
    if init.sends:
        return dict(init.sends).get(signal, "")
    if init.name != "dumb-init":
        return signal
    for name, value in read(process.front, init.grammar).given:
        comes, _, goes = value.partition(":")
        if name in _REWRITES and read_signal(comes) == signal:
            return read_signal(goes)
    return signal
