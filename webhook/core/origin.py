"""Which of its labels, its build and its annotations answers for one platform of an image.

1. the attested build, where nobody can have attached it who only may push (`Voucher.credible`);
2. the labels;
3. the annotations;
4. an attested build that anybody may have attached.

What two of them say differently is told whoever answers. Rules judge by labels, and are not asked
here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.agreement import Agreement, agreement, differences
from webhook.core.annotations import annotated
from webhook.core.build import Build
from webhook.core.claims import claims
from webhook.core.labels import Meaning, Question
from webhook.core.source_url import SourceUrl, parse_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webhook.core.build import Voucher
    from webhook.core.claims import Claims
    from webhook.core.facts import PlatformImage


class Origin(StrEnum):
    """Who answers, the surest first: the same tokens in JSON, `ImageFacts` and docs."""

    BUILD = "build"
    LABEL = "label"
    ANNOTATION = "annotation"


ORIGINS = tuple(Origin)


class Stated(msgspec.Struct, frozen=True):
    """One answer; all empty where there is none."""

    value: str = ""
    origin: Origin | None = None
    url: SourceUrl | None = None
    """Set for a source."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one platform."""

    commit: Stated
    source: Stated
    built: Stated
    voucher: Voucher | None = None
    """Of the attestation that counts; None where none does."""
    dirty: bool = False
    """Whether the commit is that of a build with changes which are in no commit."""
    agreement: Agreement | None = None
    """How labels and build stand to each other; None where no attestation counts."""
    differences: tuple[str, ...] = ()
    """What two of labels, annotations and build say differently, a clause each."""


def answers_of(one: PlatformImage) -> Answers:
    """Put one platform's answers together."""
    label, note = claims(one.config, base=one.base), annotated(one)
    build = one.build if isinstance(one.build, Build) else Build()
    commit = _stated(Question.REVISION, label, note, build)
    source = _stated(Question.SOURCE, label, note, build)
    return Answers(
        commit=commit,
        source=source,
        built=_stated(Question.CREATED, label, note, Build()),
        voucher=build.voucher,
        dirty=build.dirty and commit.origin is Origin.BUILD,
        agreement=None if build.voucher is None else agreement(label, build),
        differences=differences(label, note, build),
    )


def _stated(question: Question, label: Claims, note: Claims, build: Build) -> Stated:
    found = list(_all(question, label, note, build))
    if not found:
        return Stated()
    first = found[0]
    if question is not Question.REVISION:
        return first
    # A short commit agrees with the full one: the surest says which, the longest says all of it.
    whole = max((one.value for one in found if one.value.startswith(first.value)), key=len)
    return Stated(whole, first.origin)


def _all(question: Question, label: Claims, note: Claims, build: Build) -> Iterator[Stated]:
    """All answers to one question, in the order in which they count."""
    by_build = _built(question, build)
    credible = build.voucher is not None and build.voucher.credible
    if credible and by_build is not None:
        yield by_build
    for said, origin in ((label, Origin.LABEL), (note, Origin.ANNOTATION)):
        answer = said.of(question)
        if isinstance(answer, Meaning):
            yield Stated(answer.value, origin, answer.url)
    if not credible and by_build is not None:
        yield by_build


def _built(question: Question, build: Build) -> Stated | None:
    if build.voucher is None:
        return None
    if question is Question.REVISION and build.commit:
        return Stated(build.commit, Origin.BUILD)
    if question is Question.SOURCE and build.source:
        return Stated(build.source, Origin.BUILD, parse_source(build.source))
    return None
