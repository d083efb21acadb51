"""What rule `stop` says about the end of a container, and which cure fits."""

from __future__ import annotations

import msgspec

from webhook.core.printable import printable
from webhook.core.rules.init_words import Case
from webhook.core.signals import DEFAULT, kubernetes_signal, read_signal
from webhook.core.standing import UNSURE, Kind, Process
from webhook.core.stopping import Effect, Stopping
from webhook.core.verdict import Answer, Outcome
from webhook.core.workload import Hook

_MAX_SIGNAL = 40
_MAX_NAME = 160
_INIT = 'start it with tini or dumb-init (ENTRYPOINT ["tini","--"])'
_MEANT = {
    "SIGWINCH": "Apache httpd",
    "SIGQUIT": "nginx and php-fpm",
    "SIGUSR1": "HAProxy",
    "SIGRTMIN+3": "systemd",
}
"""Signals that images set for one program, and that all that is built on them inherits."""


class Asked(msgspec.Struct, frozen=True, cache_hash=True):
    """All that the judgement of one container on one platform depends on, besides the settings."""

    case: Case
    of_image: str = ""
    """The image's STOPSIGNAL, as written."""
    of_pod: str = ""
    """`lifecycle.stopSignal`, as written: it outweighs the image's."""
    hook: Hook | None = None
    grace: int = 30
    """`terminationGracePeriodSeconds`, from the beginning of the hook on."""
    alone: bool = True
    """Whether the container has a PID namespace of its own."""

    @property
    def signal(self) -> str:
        """The signal that is sent; where what stands there is none, what is sent otherwise."""
        if self.of_pod:
            return kubernetes_signal(self.of_pod) or DEFAULT
        return read_signal(self.of_image) or DEFAULT

    @property
    def acts(self) -> bool:
        """Whether something runs before the signal, and nobody sees what it does."""
        return self.hook is not None and self.hook.acts

    @property
    def left(self) -> int:
        """Seconds from the signal to SIGKILL; 0 where the hook sleeps for all of them."""
        return max(0, self.grace - (self.hook.seconds if self.hook is not None else 0))


def misspelt(asked: Asked) -> Answer | None:
    """The answer about a signal that is none; None where the one that counts is one."""
    if asked.of_pod:
        if kubernetes_signal(asked.of_pod):
            return None
        shown = printable(asked.of_pod, _MAX_SIGNAL)
        meant = read_signal(asked.of_pod) or DEFAULT
        return Answer(
            Outcome.FAIL,
            f"lifecycle.stopSignal `{shown}` is no signal that Kubernetes knows.",
            f"Write its full name, such as {meant}.",
        )
    if not asked.of_image or read_signal(asked.of_image):
        return None
    shown = printable(asked.of_image, _MAX_SIGNAL)
    return Answer(
        Outcome.FAIL,
        f"the image's STOPSIGNAL `{shown}` is no signal: containerd cannot stop such a container, "
        "and CRI-O sends SIGTERM.",
        "Write a name such as SIGTERM into the Dockerfile, and build the image again.",
    )


def short_of_time(asked: Asked, seconds: int, *, must: bool) -> tuple[str, str]:
    """Message and fix where less time is left than `seconds`.

    Args:
        asked: the container.
        seconds: how long it must have, or may need.
        must: whether the policy asks for it; else its makers do.
    """
    slept = asked.hook.seconds if asked.hook is not None else 0
    fix = f"Set terminationGracePeriodSeconds to {slept + seconds} or more."
    if asked.grace < 1:
        what = f"terminationGracePeriodSeconds {asked.grace} gives it no time to stop."
        return what, "Leave terminationGracePeriodSeconds out, which means 30 seconds."
    who = "this policy asks for" if must else "it may need"
    if slept:
        what = (
            f"its preStop hook sleeps for {slept} of its {asked.grace} seconds, which leaves "
            f"{asked.left} to stop; {who} {seconds}."
        )
        return what, fix
    return f"it has {asked.grace} seconds to stop; {who} {seconds}.", fix


class StopWords(msgspec.Struct, frozen=True):
    """Message and fix about what the signal does."""

    asked: Asked
    process: Process
    found: Stopping

    @property
    def message(self) -> str:
        """What is sent, and what becomes of the program: one sentence or two."""
        hook = " Whether its preStop hook stops it before that is not seen."
        return f"{self._effect}{hook if self.asked.acts and not self._stops else ''}"

    @property
    def _stops(self) -> bool:
        return self.found.effect is Effect.STOPS

    @property
    def _effect(self) -> str:
        sent, found, who = self._sent, self.found, self._who
        killed = f"killed after {self.asked.left} seconds"
        match found.effect:
            case Effect.STOPS:
                note = f" {found.note}" if found.note else ""
                return f"{sent} stops {who}, which has {self.asked.left} seconds for it.{note}"
            case Effect.CUTS:
                return (
                    f"{sent} ends {who} at once, whatever it is doing; on {found.better} it "
                    "finishes first."
                )
            case Effect.WAITS:
                return f"on {sent} {who} waits until its clients have left, and is {killed}."
            case Effect.KILLED:
                return f"{sent} leaves {who} no time to finish anything."
            case Effect.KEPT:
                return f"{sent} does not reach the program ({self._note}), which is {killed}."
            case Effect.DEAF if found.first and found.bare:
                return (
                    f"{sent} does not stop {who}, which is {killed}: PID 1 never notices a signal "
                    f"that it has no handler for.{self._inherited}"
                )
            case Effect.DEAF:
                return f"{sent} does not stop {who}, which is {killed}.{self._inherited}"
            case _:
                return f"{self._untold}{self._inherited}"

    @property
    def _untold(self) -> str:
        sent, who, first = self._sent, self._who, self.found.first
        if self.process.kind in UNSURE or self.process.hears is None:
            note = printable(self.process.note, _MAX_NAME)
            quoted = f" ({note})" if note else ""
            return f"whether {sent} stops what {who} starts cannot be told{quoted}."
        if not self.found.code:
            return f"what {who} does on {sent} is not known here."
        if first:
            return (
                f"whether {who} handles {sent} is in its code: if it does not, it is killed after "
                f"{self.asked.left} seconds, because PID 1 never notices a signal that it has no "
                "handler for."
            )
        return f"whether {who} ends on {sent} is in its code: most programs do nothing then."

    @property
    def _sent(self) -> str:
        found = self.asked.signal
        if self.asked.of_pod:
            found += " (lifecycle.stopSignal)"
        elif self.asked.of_image:
            found += " (the image's STOPSIGNAL)"
        arrives = self.found.signal
        if arrives != self.asked.signal:
            found += f", which arrives as {arrives}," if arrives else ", which its init drops,"
        return found

    @property
    def _who(self) -> str:
        return printable(self.found.who, _MAX_NAME)

    @property
    def _note(self) -> str:
        if self.process.kind is Kind.WRAPPER:
            return f"{self._who} stays in front of it"
        return printable(self.process.note, _MAX_NAME)

    @property
    def _inherited(self) -> str:
        """Whose signal it is, where the image has another program's."""
        meant = _MEANT.get(self.asked.signal)
        if meant is None or self.asked.of_pod or not self.asked.of_image:
            return ""
        return f" {self.asked.signal} is for {meant}; images that are built on theirs inherit it."

    @property
    def fix(self) -> str:
        """What to write instead: one or two sentences."""
        found, asked = self.found, self.asked
        if found.effect is Effect.KEPT and self.process.kind is Kind.WRAPPER:
            return "Start the program itself, or an init in front of it."
        if self.process.kind is Kind.VARIABLE:
            return "Write the program itself into `command`."
        if found.effect is Effect.KEPT or self.process.hears is not True:
            return "Put `exec` in front of the last command, or start the program without a shell."
        better = found.better or DEFAULT
        if better == asked.signal:
            cure = f"Handle {better} in it, or {_INIT}." if found.code else f"S{_INIT[1:]}."
            return found.hint or cure
        send = _send(better, asked)
        if found.first and found.code:
            send = f"{send} And {_INIT}, or handle it."
        return f"{send} {found.hint}".strip()


def _send(better: str, asked: Asked) -> str:
    if asked.of_pod:
        return f"Write `lifecycle.stopSignal: {better}`."
    return (
        f"Write `STOPSIGNAL {better}` into the Dockerfile, or `lifecycle.stopSignal: {better}` "
        "into the container (Kubernetes 1.33 or newer, feature gate ContainerStopSignals)."
    )
