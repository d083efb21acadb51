"""Rule `init`: PID 1 reaps orphans, and the stop signal reaches the program."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import msgspec
from msgspec.structs import replace

from webhook.core.argv import basename
from webhook.core.changes import Reads
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.files import UNSEEN, Seen
from webhook.core.printable import printable
from webhook.core.process import look
from webhook.core.rules.init_words import Case, Words
from webhook.core.rules.knob import Knob
from webhook.core.rules.platforms import JUDGED, ROLE_SKIPS, too_many, worst
from webhook.core.rules.unlearned import unlearned, without_platforms
from webhook.core.standing import Kind
from webhook.core.verdict import Answer, Mode, Outcome
from webhook.core.workload import WINDOWS_OS
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.facts import PlatformImage
    from webhook.core.inside import Inside
    from webhook.core.rules.protocol import Image
    from webhook.core.workload import ImageUse, Workload

_LONG = 2048
"""Characters of all words together. Most argvs are short and come again; a Pod can carry megabytes,
and what is remembered must not hold them."""

_MAX_NAME = 100
_HOST_PID = Answer(Outcome.SKIP, "the Pod runs with hostPID, so PID 1 is the node's own init.")
_WINDOWS = Answer(Outcome.SKIP, "Windows has no PID 1.")


class InitRule(msgspec.Struct, frozen=True, cache_hash=True):
    """Pass a container whose PID 1 is an init with a program behind it that hears the stop signal.

    What must be known is the argv, and the argv alone: the order of judgement is that of
    `webhook.core.process.look`, under the settings below.
    """

    name: ClassVar[str] = "init"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.CONFIG})
    reads: ClassVar[Reads] = Reads.PROCESS

    inits: tuple[str, ...] = ()
    """Further programs that are inits, by basename (`my-init`) or by path (`/opt/run`)."""
    accept_shared_process_namespace: bool = True
    """Whether `shareProcessNamespace: true` is enough: the Pod's pause process reaps then."""
    servers: Knob = Knob.WARN
    """Servers that reap and stop cleanly by themselves, such as nginx and postgres."""
    scripts: Knob = Knob.WARN
    """Scripts: whether they end in `exec` is not in the image config. `accept` passes them unseen;
    `warn` answers unknown, and never refuses; `deny` fails them, whatever `onUnknown` says."""
    supervisors: Knob = Knob.ACCEPT
    """Inits that run several services, such as supervisord, s6 and systemd."""

    def __post_init__(self) -> None:
        """Refuse a nameless init.

        Raises:
            InvalidPolicyError: an entry of `inits` names no program.
        """
        for name in self.inits:
            if not basename(name):
                raise InvalidPolicyError(
                    f"rule init: {printable(name, _MAX_NAME)!r} in inits names no program; "
                    "write its name, such as my-init, or its path"
                )

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:  # noqa: ARG002 - the same for every rule
        """Answer for one use of one image: the worst answer of its platforms.

        Where the Pod sets `command`, the image's Entrypoint and Cmd are not used at all (kubernetes
        docs, «Define a Command and Arguments for a Container», rows 3 and 4 of the table), so that
        it is judged even when nothing was learned about the image.
        """
        if use.role not in JUDGED:
            return ROLE_SKIPS[use.role]
        if workload.host_pid:
            return _HOST_PID
        if workload.os == WINDOWS_OS:
            return _WINDOWS
        facts = image.facts
        # This is asked for each container of each Pod: isinstance() of a Struct takes longer.
        platforms = facts.platforms if type(facts) is ImageFacts else ()
        if not platforms:
            if use.command:
                return _judged(self, use, workload, (), ())
            return unlearned(facts) if isinstance(facts, Unknown) else without_platforms()
        first, inside = platforms[0].config, platforms[0].inside
        entrypoint, cmd, system = first.entrypoint, first.cmd, first.os
        for other in platforms[1:]:
            config = other.config
            if config.entrypoint != entrypoint or config.cmd != cmd or config.os != system:
                return _worst(self, use, workload, platforms)
            if other.inside != inside:
                return _worst(self, use, workload, platforms)
        if system == WINDOWS_OS:
            return _WINDOWS
        return _judged(self, use, workload, entrypoint, cmd, inside)


def _worst(
    rule: InitRule, use: ImageUse, workload: Workload, platforms: tuple[PlatformImage, ...]
) -> Answer:
    """The answer of the worst platform, and which one that is."""
    ways = len({(one.config.entrypoint, one.config.cmd) for one in platforms})
    refused = None if use.command else too_many(ways)
    if refused is not None:
        return refused

    def judged(one: PlatformImage) -> Answer:
        config = one.config
        if config.os == WINDOWS_OS:
            return _WINDOWS
        return _judged(rule, use, workload, config.entrypoint, config.cmd, one.inside)

    return worst(platforms, judged)


class _TooLongError(Exception):
    """The words are too long to be kept in memory; they are judged all the same."""


def _judged(  # noqa: PLR0917 - keywords take time
    rule: InitRule,
    use: ImageUse,
    workload: Workload,
    entrypoint: tuple[str, ...],
    cmd: tuple[str, ...],
    inside: Inside | None = None,
) -> Answer:
    """The answer about one platform's config; what is short enough is remembered."""
    shared = workload.share_process_namespace
    if inside is None and not use.command and not use.args:
        try:
            return _of_image(rule, entrypoint, cmd, shared)
        except _TooLongError:
            return _decided(rule, Case(entrypoint, cmd, shared=shared))
    files = UNSEEN if inside is None else Seen(inside, use.mounts)
    case = Case(entrypoint, cmd, use.command, use.args, use.env, shared, files)
    try:
        return _of_pod(rule, case)
    except _TooLongError:
        return _decided(rule, case)


@lru_cache(maxsize=32768)
def _of_image(
    rule: InitRule,
    entrypoint: tuple[str, ...],
    cmd: tuple[str, ...],
    shared: bool,  # noqa: FBT001 - a keyword doubles the time of a cached call
) -> Answer:
    return _remembered(rule, Case(entrypoint, cmd, shared=shared))


@lru_cache(maxsize=8192)
def _of_pod(rule: InitRule, case: Case) -> Answer:
    return _remembered(rule, case)


def _remembered(rule: InitRule, case: Case) -> Answer:
    # What raises is not remembered.
    if case.length > _LONG:
        raise _TooLongError
    return _decided(rule, case)


def _decided(rule: InitRule, case: Case) -> Answer:  # noqa: C901 - a table of all kinds
    """The order of judgement: what PID 1 is, and what the rule's settings make of it."""
    words = _words(rule, case)
    process = words.process
    match process.kind:
        case Kind.NOTHING:
            return _shared(Outcome.SKIP, words.message)
        case Kind.ABSENT:
            return _fail(words)
        case Kind.VARIABLE:
            return Answer(Outcome.UNKNOWN, words.message, words.fix, Reason.VARIABLE)
        case _ if process.loses_signal:
            # Whoever reaps: neither an init nor a shared namespace mends that.
            return _fail(words)
        case Kind.INIT:
            return _shared(Outcome.PASS, words.message)
        case Kind.SUPERVISOR:
            return _under(rule.supervisors, words)
        case _ if words.reaped_by_pause:
            return _shared(Outcome.PASS, words.message)
        case Kind.SERVER:
            return _under(rule.servers, words)
        case Kind.SCRIPT if rule.scripts is Knob.WARN:
            return Answer(Outcome.UNKNOWN, words.message, words.fix, Reason.SCRIPT, Mode.WARN)
        case Kind.SCRIPT:
            return _under(rule.scripts, words)
        case _:
            return _fail(words)


def _words(rule: InitRule, case: Case) -> Words:
    argv = case.argv
    process = look(argv, rule.inits, case.files)
    if process.script and rule.servers is Knob.DENY:
        # Where servers count for nothing, what is left of httpd-foreground is a script.
        process = replace(process, kind=Kind.SCRIPT)
    return Words(case, argv, process, rule.inits, rule.accept_shared_process_namespace)


def _under(knob: Knob, words: Words) -> Answer:
    if knob is Knob.ACCEPT:
        return _shared(Outcome.PASS, words.message)
    return _fail(words, Mode.WARN if knob is Knob.WARN else Mode.ENFORCE)


def _fail(words: Words, at_most: Mode = Mode.ENFORCE) -> Answer:
    return Answer(Outcome.FAIL, words.message, words.fix, at_most=at_most)


@lru_cache(maxsize=1024)
def _shared(outcome: Outcome, text: str) -> Answer:
    """One value for the answers that thousands of images have in common."""
    return Answer(outcome, text)
