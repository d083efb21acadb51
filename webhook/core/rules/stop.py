"""Rule `stop`: the stop signal ends the program, which has the time to finish what it does."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from webhook.core.changes import Reads
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.files import UNSEEN, Seen
from webhook.core.process import look
from webhook.core.rules.init_words import Case
from webhook.core.rules.knob import Knob
from webhook.core.rules.platforms import (
    JUDGED,
    ROLE_SKIPS,
    badness,
    too_many,
    worst,
)
from webhook.core.rules.stop_words import Asked, StopWords, misspelt, short_of_time
from webhook.core.rules.unlearned import unlearned, without_platforms
from webhook.core.standing import Kind
from webhook.core.stopping import Effect, stopping
from webhook.core.verdict import Answer, Mode, Outcome
from webhook.core.workload import WINDOWS_OS

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.facts import PlatformImage
    from webhook.core.rules.protocol import Image
    from webhook.core.workload import ImageUse, Workload

_LONG = 2048
"""Characters of all words together; a judgement of more is not remembered."""
_WINDOWS = Answer(Outcome.SKIP, "Windows stops programs in another way.")
_NOTHING = Answer(Outcome.SKIP, "it starts nothing that a signal could stop.")
_UNGRACEFUL = frozenset((Effect.CUTS, Effect.WAITS))


class StopRule(msgspec.Struct, frozen=True, cache_hash=True):
    """Pass a container that ends on its stop signal, within its grace period.

    Which signal that is says `lifecycle.stopSignal`, else the image's STOPSIGNAL, else it is
    SIGTERM (KEP-4960).
    """

    name: ClassVar[str] = "stop"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CONFIG})
    reads: ClassVar[Reads] = Reads.EVERYTHING

    ungraceful: Knob = Knob.WARN
    """A signal on which the program ends, though not as its makers advise, and less time than it
    may need by what they say."""
    unseen: Knob = Knob.WARN
    """Programs, scripts and preStop hooks of which nobody can see what they do: `accept` passes
    them; `warn` answers unknown, and never refuses; `deny` fails them."""
    min_grace_seconds: int = 1
    """How long it must have between the signal and SIGKILL."""

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:  # noqa: ARG002 - the same for every rule
        """Answer for one use of one image: the worst answer of its platforms.

        That there is too little time is told even when nothing was learned about the image.
        """
        if use.role not in JUDGED:
            return ROLE_SKIPS[use.role]
        if workload.os == WINDOWS_OS:
            return _WINDOWS
        facts = image.facts
        platforms = facts.platforms if isinstance(facts, ImageFacts) else ()
        if not platforms:
            late = _late(self, _asked(use, workload, None), 0)
            if late is not None:
                return late
            return unlearned(facts) if isinstance(facts, Unknown) else without_platforms()
        ways = {
            (one.config.entrypoint, one.config.cmd, one.config.stop_signal) for one in platforms
        }

        def judged(one: PlatformImage) -> Answer:
            if one.config.os == WINDOWS_OS:
                return _WINDOWS
            asked = _asked(use, workload, one)
            if asked.case.length + len(one.config.stop_signal) > _LONG:
                return _decided(self, asked)
            return _remembered(self, asked)

        return too_many(len(ways)) or worst(platforms, judged)


def _asked(use: ImageUse, workload: Workload, one: PlatformImage | None) -> Asked:
    config = one.config if one is not None else None
    inside = one.inside if one is not None else None
    shared = workload.share_process_namespace
    return Asked(
        case=Case(
            config.entrypoint if config is not None else (),
            config.cmd if config is not None else (),
            use.command,
            use.args,
            use.env,
            shared,
            UNSEEN if inside is None else Seen(inside, use.mounts),
        ),
        of_image=config.stop_signal if config is not None else "",
        of_pod=use.stop_signal,
        hook=use.pre_stop,
        grace=workload.grace,
        alone=not shared and not workload.host_pid,
    )


@lru_cache(maxsize=8192)
def _remembered(rule: StopRule, asked: Asked) -> Answer:
    return _decided(rule, asked)


def _decided(rule: StopRule, asked: Asked) -> Answer:
    wrong = misspelt(asked)
    process = look(asked.case.argv, (), asked.case.files)
    found = stopping(process, asked.signal, alone=asked.alone)
    if found.effect is Effect.NOTHING:
        return _NOTHING
    late = _late(rule, asked, found.seconds)
    if wrong is not None:
        return _joined(wrong, late)
    words = StopWords(asked, process, found)
    effect = found.effect
    if effect is Effect.STOPS:
        answer = Answer(Outcome.PASS, words.message)
    elif asked.acts and effect is not Effect.KILLED:
        # The hook may stop it, whatever the signal does.
        answer = _under(rule.unseen, words, Reason.PROGRAM)
    elif effect is Effect.UNTOLD:
        reason = _REASONS.get(process.kind, Reason.SCRIPT if process.hears is None else None)
        answer = _under(rule.unseen, words, reason or Reason.PROGRAM)
    elif effect in _UNGRACEFUL and rule.ungraceful is Knob.ACCEPT:
        answer = Answer(Outcome.PASS, words.message)
    else:
        soft = effect in _UNGRACEFUL and rule.ungraceful is Knob.WARN
        at_most = Mode.WARN if soft else Mode.ENFORCE
        answer = Answer(Outcome.FAIL, words.message, words.fix, at_most=at_most)
    return _joined(answer, late)


_REASONS = {Kind.SCRIPT: Reason.SCRIPT, Kind.VARIABLE: Reason.VARIABLE}


def _under(knob: Knob, words: StopWords, reason: Reason) -> Answer:
    if knob is Knob.ACCEPT:
        return Answer(Outcome.PASS, words.message)
    if knob is Knob.DENY:
        return Answer(Outcome.FAIL, words.message, words.fix)
    return Answer(Outcome.UNKNOWN, words.message, words.fix, reason, Mode.WARN)


def _late(rule: StopRule, asked: Asked, seconds: int) -> Answer | None:
    """What is wrong with the time that is left; None where it is enough."""
    if asked.left < rule.min_grace_seconds:
        return Answer(Outcome.FAIL, *short_of_time(asked, rule.min_grace_seconds, must=True))
    if asked.left >= seconds or rule.ungraceful is Knob.ACCEPT:
        return None
    at_most = Mode.WARN if rule.ungraceful is Knob.WARN else Mode.ENFORCE
    said = short_of_time(asked, seconds, must=False)
    return Answer(Outcome.FAIL, *said, at_most=at_most)


def _joined(one: Answer, other: Answer | None) -> Answer:
    """Both answers as one: the worse first."""
    if other is None:
        return one
    if badness(other) > badness(one):
        one, other = other, one
    if other.outcome is Outcome.PASS:
        return one
    return replace(
        one, message=f"{one.message} Also, {other.message}", fix=f"{one.fix} {other.fix}".strip()
    )
