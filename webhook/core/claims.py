"""What an image says about its own origin, read from its labels alone.

>>> from webhook.core.facts import ImageConfig
>>> claims(ImageConfig(labels=(("org.opencontainers.image.version", "1.4"),))).version
Meaning(label='org.opencontainers.image.version', value='1.4', moment=None, url=None)
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, assert_never

import msgspec

from webhook.core.inheritance import MARKERS, Base, inherited_from
from webhook.core.labels import (
    LABEL_NAMES,
    Blank,
    Meaning,
    Nonsense,
    Question,
    Schema,
    quoted,
    read_label,
)
from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webhook.core.base_image import BaseImage
    from webhook.core.facts import ImageConfig

ALL_SCHEMAS = (Schema.OCI, Schema.LABEL_SCHEMA)
READ_LABELS = MARKERS.union(*(names.values() for names in LABEL_NAMES.values()))
"""Every label that counts here; what the others say changes no answer."""
_MAX_BASE = 200
_REVISIONS = frozenset(names[Question.REVISION] for names in LABEL_NAMES.values())


class Unanswered(msgspec.Struct, frozen=True):
    """A question that the labels do not answer."""

    question: Question
    why: str
    """A clause that names the labels in full and asks the question."""
    labels: tuple[str, ...]
    """The labels to set."""


class Claims(msgspec.Struct, frozen=True):
    """The answers of one image, in normal form, or why there is none."""

    revision: Meaning | Unanswered
    source: Meaning | Unanswered
    created: Meaning | Unanswered
    version: Meaning | Unanswered

    def of(self, question: Question) -> Meaning | Unanswered:
        """The answer to one question."""
        match question:
            case Question.REVISION:
                return self.revision
            case Question.SOURCE:
                return self.source
            case Question.CREATED:
                return self.created
            case Question.VERSION:
                return self.version
            case _:
                assert_never(question)


def claims(
    config: ImageConfig,
    schemas: Sequence[Schema] = ALL_SCHEMAS,
    base: BaseImage | None = None,
) -> Claims:
    """Read the labels of one platform.

    Args:
        config: the image config of the platform.
        schemas: at least one; whose label names count, the preferred one first.
        base: what it stands on, where that was found. It answers no question that was open.
    """
    labels = dict(config.labels)

    def said(question: Question) -> Meaning | Unanswered:
        found = _claim(question, schemas, labels, None)
        if base is None or not base.labels or isinstance(found, Unanswered):
            return found
        return _claim(question, schemas, labels, base)

    return Claims(
        revision=said(Question.REVISION),
        source=said(Question.SOURCE),
        created=said(Question.CREATED),
        version=said(Question.VERSION),
    )


def unanswered(question: Question, clause: str, *labels: str) -> Unanswered:
    """A question without an answer: the clause, and the question in brackets."""
    return Unanswered(question, f"{clause} ({question.asked})", labels)


def base_of(
    question: Question, schema: Schema, labels: Mapping[str, str], below: BaseImage | None
) -> Base | None:
    """The base that the image has a label from; None where it is the image's own.

    Args:
        question: what the label answers.
        schema: which of the two labels is meant; the image carries it.
        labels: all labels of the image.
        below: what it stands on, where that was found.
    """
    base = inherited_from(question, schema, labels)
    if base is None and below is not None and LABEL_NAMES[schema][question] in below.labels:
        return Base(printable(below.name or below.digest, _MAX_BASE))
    return base


def _claim(
    question: Question,
    schemas: Sequence[Schema],
    labels: Mapping[str, str],
    below: BaseImage | None,
) -> Meaning | Unanswered:
    """One answer: all labels that say anything must say the same, and at least one must."""
    preferred = LABEL_NAMES[schemas[0]][question]
    missing: Unanswered | None = None
    meanings: list[Meaning] = []
    for schema in schemas:
        label = LABEL_NAMES[schema][question]
        if label not in labels:
            continue
        read = read_label(question, schema, labels[label])
        if isinstance(read, Nonsense):
            return unanswered(question, f"label {label} {read.why}", label)
        if isinstance(read, Blank):
            clause = f"label {label} is missing: {read.why}"
            missing = missing or unanswered(question, clause, label)
            continue
        base = base_of(question, schema, labels, below)
        if base is None:
            meanings.append(read)
            continue
        shown = quoted(read.value)
        clause = f"label {label} is missing: {shown} is only inherited from base image {base.name}"
        marker = (base.marker,) if base.marker and label == preferred else ()
        missing = missing or unanswered(question, clause, preferred, *marker)
    for one, other in combinations(meanings, 2):
        if not _agree(one, other):
            clause = (
                f"labels {one.label} ({quoted(one.value)}) and {other.label} "
                f"({quoted(other.value)}) disagree"
            )
            return unanswered(question, clause, one.label, other.label)
    if meanings:
        return max(meanings, key=_exactness)
    return missing or unanswered(question, f"label {preferred} is missing", preferred)


def _agree(one: Meaning, other: Meaning) -> bool:
    """Whether two values mean the same, each as exactly as it was written."""
    if one.moment and other.moment:
        return one.moment.agrees(other.moment)
    if one.url and other.url:
        return one.url.same_place(other.url)
    shorter, longer = sorted((one.value, other.value), key=len)
    # git shortens commits; every other value has one length.
    is_commit = one.label in _REVISIONS
    return longer.startswith(shorter) if is_commit else longer == shorter


def _exactness(meaning: Meaning) -> tuple[int, bool]:
    """Of two values that agree, the one that says more; `max` takes the first of equals."""
    to_the_minute = meaning.moment is not None and meaning.moment.to_the_minute
    return (len(meaning.value) if meaning.label in _REVISIONS else 0, not to_the_minute)
