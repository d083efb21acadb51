"""Rule `provenance`: an image says which commit it is, where its source lies, when it was built.

It says so in labels of its config: what annotations say fails, and the message tells what they say.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import msgspec

from webhook.core.annotations import annotated
from webhook.core.changes import Reads
from webhook.core.claims import ALL_SCHEMAS, Claims, Unanswered, claims, unanswered
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.labels import LABEL_NAMES, Meaning, Question, Schema
from webhook.core.printable import printable
from webhook.core.rules.agreement import MAX_KEYS, Asked, agreed
from webhook.core.rules.unlearned import unlearned, without_platforms
from webhook.core.source_url import SourceUrl, parse_source
from webhook.core.timestamps import Moment
from webhook.core.verdict import Answer, Outcome
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webhook.core.facts import PlatformImage
    from webhook.core.keys import PublicKey
    from webhook.core.rules.protocol import Image
    from webhook.core.workload import ImageUse, Workload

AHEAD = timedelta(minutes=5)
"""How far a build machine's clock may be ahead of ours."""

_REMEMBERED = 32768
"""Images; 10,000 known digests, and room for what changes."""
_MAX_REMEMBERED_TEXT = 64 * 1024
"""Characters of all labels of an image that is worth remembering: a stranger can push megabytes."""
_MAX_LISTED = 3
_MAX_SHOWN = 100

_LABELS = frozenset({Need.CONFIG})
_BOTH = frozenset({Need.CONFIG, Need.BUILD})
_PASS = Answer(Outcome.PASS, "its labels say where it comes from.")
_AGREED = Answer(Outcome.PASS, "its labels say where it comes from, and no build says otherwise.")
_VALUES = {
    Question.REVISION: "$(git rev-parse HEAD)",
    Question.SOURCE: "https://HOST/REPOSITORY",
    Question.CREATED: "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
    Question.VERSION: "$(git describe --tags)",
}
_HOW = {
    LABEL_NAMES[schema][question]: value for schema in Schema for question, value in _VALUES.items()
}

_SOURCE_LABELS = frozenset(names[Question.SOURCE] for names in LABEL_NAMES.values())


class ProvenanceRule(msgspec.Struct, frozen=True, cache_hash=True):
    """Pass an image of which every platform that can run answers what the policy asks."""

    name: ClassVar[str] = "provenance"
    reads: ClassVar[Reads] = Reads.IMAGE

    require: tuple[Question, ...] = (Question.REVISION, Question.SOURCE, Question.CREATED)
    """The questions that must be answered; at least one."""
    schemas: tuple[Schema, ...] = ALL_SCHEMAS
    """Whose label names count; at least one, the preferred one first."""
    sources: tuple[str, ...] = ()
    """URLs under which the source must lie; none: anywhere. Judged only if `source` is required."""
    agreement: Asked = Asked.OFF
    """Whether labels are compared with a provenance attestation."""
    keys: tuple[PublicKey, ...] = ()
    """Whose signature makes an attestation count that is only attached; none where none is asked
    for."""

    @property
    def needs(self) -> frozenset[Need]:
        """The configs; the attestations only where they are compared."""
        return _LABELS if self.agreement is Asked.OFF else _BOTH

    def __post_init__(self) -> None:
        """Refuse settings that ask nothing, or that nothing could meet.

        Raises:
            InvalidPolicyError: `require` or `schemas` is empty, an entry of `sources` is no URL, or
                there are keys that nothing is verified with, or too many.
        """
        if len(self.keys) > MAX_KEYS:
            raise InvalidPolicyError(f"rule provenance has more than {MAX_KEYS} keys")
        if self.keys and self.agreement is Asked.OFF:
            raise InvalidPolicyError("rule provenance has keys and asks for no agreement")
        if not self.require or not self.schemas:
            raise InvalidPolicyError("rule provenance needs at least one of require and of schemas")
        for source in self.sources:
            if parse_source(source) is None:
                raise InvalidPolicyError(
                    f"rule provenance: {printable(source, _MAX_SHOWN)!r} in sources is no URL; "
                    "write scheme, host and path, such as https://github.com/acme/"
                )

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:  # noqa: ARG002 - the same for every rule
        """Answer for one use of one image; only the comparison with `now` is made each time."""
        facts = image.facts
        if isinstance(facts, Unknown):
            return unlearned(facts)
        try:
            judged = _remembered(self, facts)
        except _TooLongError:
            judged = _judged(self, facts)
        if judged.newest is not None and judged.newest > now + AHEAD:
            return _answer(self, facts, _said(self, facts), now + AHEAD)
        return judged.answer


class _Judged(msgspec.Struct, frozen=True):
    """What does not change about an image."""

    answer: Answer
    newest: datetime | None
    """The latest build date of its platforms, if the rule asks for it."""


class _TooLongError(Exception):
    """The labels are too long to be kept in memory; they are judged all the same."""


@lru_cache(maxsize=_REMEMBERED)
def _remembered(rule: ProvenanceRule, facts: ImageFacts) -> _Judged:
    text = sum(
        len(key) + len(value)
        for one in facts.platforms
        for key, value in (*one.config.labels, *one.annotations)
    )
    # What raises is not remembered.
    if text > _MAX_REMEMBERED_TEXT:
        raise _TooLongError
    return _judged(rule, facts)


def _judged(rule: ProvenanceRule, facts: ImageFacts) -> _Judged:
    said = _said(rule, facts)
    moments = [
        one.created.moment.at
        for one in said
        if isinstance(one.created, Meaning) and one.created.moment is not None
    ]
    newest = max(moments, default=None) if Question.CREATED in rule.require else None
    answer = _answer(rule, facts, said, None)
    if answer is _PASS and rule.agreement is not Asked.OFF:
        answer = agreed(facts.platforms, said, rule.agreement, rule.keys) or _AGREED
    return _Judged(answer, newest)


def _said(rule: ProvenanceRule, facts: ImageFacts) -> list[Claims]:
    return [claims(one.config, rule.schemas, one.base) for one in facts.platforms]


def _answer(
    rule: ProvenanceRule, facts: ImageFacts, said: Sequence[Claims], latest: datetime | None
) -> Answer:
    """Judge every platform; the worst one speaks for all, and is named where they differ."""
    if not facts.platforms:
        return without_platforms()
    problems = [
        (one.platform, _problems(rule, its, one, latest))
        for one, its in zip(facts.platforms, said, strict=True)
    ]
    platform, worst = max(problems, key=lambda problem: len(problem[1]))
    if not worst:
        return _PASS
    message = "; ".join(problem.why for problem in worst)
    if any(others != worst for _, others in problems):
        message = f"on {printable(platform, _MAX_SHOWN)}, {message}"
    return Answer(Outcome.FAIL, message, _fix(rule, worst))


def _problems(
    rule: ProvenanceRule, said: Claims, image: PlatformImage, latest: datetime | None
) -> tuple[Unanswered, ...]:
    """What is wrong with one platform; dates after `latest` are, where it is given."""
    found: list[Unanswered] = []
    for question in rule.require:
        match said.of(question):
            case Unanswered() as missing:
                found.append(_noted(missing, annotated(image).of(question)))
            case Meaning(label, value, url=SourceUrl() as url) if not _allowed(url, rule.sources):
                shown, allowed = printable(value, _MAX_SHOWN), _listed(rule.sources)
                clause = f"label {label} is {shown}, which does not lie under {allowed}"
                found.append(unanswered(question, clause, label))
            case Meaning(label, value, moment=Moment(at)) if latest is not None and at > latest:
                clause = f"label {label} is {value}, which is more than 5 minutes in the future"
                found.append(unanswered(question, clause, label))
            case _:
                pass
    return tuple(found)


def _noted(missing: Unanswered, note: Meaning | Unanswered) -> Unanswered:
    """A question without an answer, and the annotation that would have been one."""
    if not isinstance(note, Meaning):
        return missing
    clause = (
        f"{missing.why}: annotation {note.label} says {printable(note.value, _MAX_SHOWN)}, and "
        "annotations are no labels"
    )
    return msgspec.structs.replace(missing, why=clause)


def _allowed(url: SourceUrl, sources: tuple[str, ...]) -> bool:
    return not sources or any(url.lies_under(prefix) for prefix in _prefixes(sources))


@lru_cache(maxsize=64)
def _prefixes(sources: tuple[str, ...]) -> tuple[SourceUrl, ...]:
    return tuple(prefix for source in sources if (prefix := parse_source(source)))


def _listed(sources: tuple[str, ...]) -> str:
    """The allowed sources in normal form, no more than three of them."""
    first = _prefixes(sources)[:_MAX_LISTED]
    shown = ", ".join(printable(str(one), _MAX_SHOWN) for one in first)
    more = len(sources) - _MAX_LISTED
    return f"{shown} or {more} more" if more > 0 else shown


def _fix(rule: ProvenanceRule, problems: Sequence[Unanswered]) -> str:
    """The line that sets every label in question."""
    labels = dict.fromkeys(label for problem in problems for label in problem.labels)
    options = " ".join(f"--label {label}={_how(rule, label)}" for label in labels)
    return f"Build it with: docker build {options} …"


def _how(rule: ProvenanceRule, label: str) -> str:
    """What a shell line sets the label to."""
    if rule.sources and label in _SOURCE_LABELS:
        return f"{printable(str(_prefixes(rule.sources)[0]), _MAX_SHOWN)}/REPOSITORY"
    return _HOW.get(label, "NAME")
