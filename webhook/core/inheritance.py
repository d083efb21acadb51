"""Labels that an image has only because its base image has them.

Labels are inherited `FROM` the base, so an unlabelled image on Ubuntu carries Ubuntu's version. The
config alone never says which label came from where; three bases are so common, and so easily told,
that their values are not taken for the image's own:

* Ubuntu sets `version` and, until 25.10, `ref.name`; since 26.10 also `created` and `title`. It
  never sets `revision` or `source`.
* Red Hat's UBI sets `com.redhat.component` and plain `vcs-ref`, `build-date`, `version`; an OCI
  label that says the same as its plain namesake is UBI's, and so is one without a namesake.
* CentOS sets `org.label-schema.name` and `org.label-schema.build-date`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

import msgspec

from webhook.core.labels import LABEL_NAMES, Question, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

_REF_NAME = "org.opencontainers.image.ref.name"
_TITLE = "org.opencontainers.image.title"
_COMPONENT = "com.redhat.component"
_CENTOS = "org.label-schema.name"
_UBUNTU_RELEASE = re.compile(r"[0-9]{2}\.[0-9]{2}(?:\.[0-9]+)?", re.ASCII)
_UBI_NAMES = {
    Question.REVISION: "vcs-ref",
    Question.SOURCE: "vcs-url",
    Question.CREATED: "build-date",
    Question.VERSION: "version",
}
MARKERS = frozenset({_REF_NAME, _TITLE, _COMPONENT, _CENTOS, *_UBI_NAMES.values()})
"""Labels that tell which base an image stands on, and what that base says of itself."""
_TO_THE_MINUTE = 16
"""Characters of `2026-11-20T08:00`: how far UBI writes its build date alike everywhere."""


class Base(msgspec.Struct, frozen=True):
    """The base image that a label comes from."""

    name: str
    marker: str = ""
    """A label to set as well, where setting the inherited label alone would not show."""


def inherited_from(question: Question, schema: Schema, labels: Mapping[str, str]) -> Base | None:
    """The base whose value the label has; None where nothing says that it is not the image's own.

    Args:
        question: what the label answers.
        schema: which of the two labels is meant; the image carries it.
        labels: all labels of the image.
    """
    if schema is Schema.OCI and _from_ubuntu(question, labels):
        return Base("Ubuntu", _TITLE if _says_ubuntu(labels, _TITLE) else "")
    if _from_ubi(question, schema, labels):
        return Base("Red Hat's UBI", _COMPONENT)
    if schema is Schema.LABEL_SCHEMA and labels.get(_CENTOS, "").lower().startswith("centos"):
        return Base("CentOS", _CENTOS)
    return None


def _from_ubuntu(question: Question, labels: Mapping[str, str]) -> bool:
    names = LABEL_NAMES[Schema.OCI]
    if question is Question.VERSION:
        if _says_ubuntu(labels, _TITLE):
            return True
        release = _UBUNTU_RELEASE.fullmatch(labels[names[question]])
        return release is not None and _says_ubuntu(labels, _REF_NAME)
    if question is Question.CREATED:
        if _says_ubuntu(labels, _TITLE):
            return True
        # An Ubuntu with `ref.name` has no `created`; who labels images labels commit and source.
        own = {names[Question.REVISION], names[Question.SOURCE]} <= labels.keys()
        return not own and _says_ubuntu(labels, _REF_NAME)
    return False


def _says_ubuntu(labels: Mapping[str, str], label: str) -> bool:
    return labels.get(label, "").strip().lower() == "ubuntu"


def _from_ubi(question: Question, schema: Schema, labels: Mapping[str, str]) -> bool:
    if not labels.get(_COMPONENT, "").strip().lower().startswith("ubi"):
        return False
    value = labels[LABEL_NAMES[schema][question]].lower()
    theirs = labels.get(_UBI_NAMES[question], "").lower()
    match question:
        case Question.SOURCE:
            return value == theirs
        case Question.CREATED:
            return not theirs or value[:_TO_THE_MINUTE] == theirs[:_TO_THE_MINUTE]
        case Question.REVISION:
            return value.startswith(theirs) or theirs.startswith(value)
        case Question.VERSION:
            return not theirs or value == theirs
        case _:
            assert_never(question)
