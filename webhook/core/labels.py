"""The labels that say where an image comes from: their names, and what a value must look like.

OCI: image-spec annotations.md, pre-defined annotation keys; label-schema.org: Release Candidate 1.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import assert_never

import msgspec

from webhook.core.printable import printable
from webhook.core.source_url import SourceUrl, parse_source
from webhook.core.timestamps import FIRST_BELIEVABLE, Moment, parse_moment


class Question(StrEnum):
    """What an image must be able to answer; the words of `provenance.require`."""

    REVISION = "revision"
    SOURCE = "source"
    CREATED = "created"
    VERSION = "version"

    @property
    def asked(self) -> str:
        """The question as a person asks it."""
        return _ASKED[self]


class Schema(StrEnum):
    """A family of label names; the words of `provenance.schemas`."""

    OCI = "oci"
    LABEL_SCHEMA = "label-schema"


_ASKED = {
    Question.REVISION: "which commit is this?",
    Question.SOURCE: "where is its source code?",
    Question.CREATED: "when was it built?",
    Question.VERSION: "which version is it?",
}
LABEL_NAMES = {
    Schema.OCI: {
        Question.REVISION: "org.opencontainers.image.revision",
        Question.SOURCE: "org.opencontainers.image.source",
        Question.CREATED: "org.opencontainers.image.created",
        Question.VERSION: "org.opencontainers.image.version",
    },
    Schema.LABEL_SCHEMA: {
        Question.REVISION: "org.label-schema.vcs-ref",
        Question.SOURCE: "org.label-schema.vcs-url",
        Question.CREATED: "org.label-schema.build-date",
        Question.VERSION: "org.label-schema.version",
    },
}

_SAYS_NOTHING = frozenset(
    {"unknown", "none", "dirty", "head", "null", "nil", "undefined", "unset", "n/a", "<no value>"}
)
# $(command), ${VARIABLE}, $VARIABLE, `command`, {{ template }}: the build should have filled it.
_UNEXPANDED = re.compile(r"\$[({A-Za-z_]|`|\{\{", re.ASCII)
_REVISION = re.compile(r"[0-9A-Fa-f]{7,64}", re.ASCII)
_MAX_VERSION = 256
_MAX_QUOTED = 80
"""Characters of a value that a message shows."""


class Meaning(msgspec.Struct, frozen=True):
    """A label value that answers its question, in normal form."""

    label: str
    value: str
    moment: Moment | None = None
    """Set for `created`."""
    url: SourceUrl | None = None
    """Set for `source`."""


class Blank(msgspec.Struct, frozen=True):
    """A label value that says nothing: as good as a missing label."""

    label: str
    why: str
    """A clause about the label."""


class Nonsense(msgspec.Struct, frozen=True):
    """A label value that says something, and no answer to the question."""

    label: str
    why: str
    """A clause about the label."""


def read_label(question: Question, schema: Schema, text: str) -> Meaning | Blank | Nonsense:
    """What the value of one label means."""
    label = LABEL_NAMES[schema][question]
    said = text.strip()
    if not said:
        return Blank(label, "it is empty")
    if said.lower() in _SAYS_NOTHING:
        return Blank(label, f"it says only {quoted(text)}")
    if question is not Question.SOURCE and _UNEXPANDED.search(text):
        return Blank(label, f"it says {quoted(text)}, which the build should have replaced")
    match question:
        case Question.REVISION:
            return _revision(label, text)
        case Question.SOURCE:
            return _source(label, text)
        case Question.CREATED:
            return _created(label, text, minutes=schema is Schema.LABEL_SCHEMA)
        case Question.VERSION:
            return _version(label, text)
        case _:
            assert_never(question)


def quoted(text: str) -> str:
    """A label value as a message shows it."""
    return f'"{printable(text, _MAX_QUOTED)}"'


def _revision(label: str, text: str) -> Meaning | Nonsense:
    if _REVISION.fullmatch(text):
        return Meaning(label, text.lower())
    hint = ": files were changed and not committed" if "dirty" in text.lower() else ""
    why = f"is {quoted(text)}, which is no commit of 7 to 64 hexadecimal digits{hint}"
    return Nonsense(label, why)


def _source(label: str, text: str) -> Meaning | Blank | Nonsense:
    # A URL may carry a user's password or token: what is no normal form is shown only without.
    secret = "@" in text or "?" in text
    shown = "" if secret else f" {quoted(text)}, which"
    if _UNEXPANDED.search(text):
        return Blank(label, f"it says{shown or ' something that'} the build should have replaced")
    if url := parse_source(text):
        return Meaning(label, str(url), url=url)
    return Nonsense(label, f"is{shown or ' something that'} is no URL of a repository")


def _created(label: str, text: str, *, minutes: bool) -> Meaning | Nonsense:
    moment = parse_moment(text, minutes=minutes)
    if moment is None:
        why = f"is {quoted(text)}, which is no date as in RFC 3339 (2026-11-20T08:00:00Z)"
        return Nonsense(label, why)
    if moment.at < FIRST_BELIEVABLE:
        return Nonsense(label, f"is {quoted(text)}, which builders write when they know no date")
    return Meaning(label, str(moment), moment=moment)


def _version(label: str, text: str) -> Meaning | Nonsense:
    if len(text) <= _MAX_VERSION and text.isprintable():
        return Meaning(label, text.strip())
    return Nonsense(label, f"is {quoted(text)}, which is too long or strange for a version")
