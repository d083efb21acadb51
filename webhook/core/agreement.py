"""Whether the labels of an image, its provenance attestation and its annotations say the same.

A label is what somebody wrote into a build; the attestation is what the builder saw. Where both
name a commit or a source, they must name the same one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from webhook.core.labels import Meaning
from webhook.core.printable import printable
from webhook.core.source_url import parse_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from webhook.core.build import Build
    from webhook.core.claims import Claims, Unanswered

    Claim: TypeAlias = Meaning | Unanswered
    Compare: TypeAlias = Callable[[str, Claim, Build], Iterator[str]]

_SHORT = 12
"""Hexadecimal digits of a commit in a message, as git shortens them at most."""
_MAX_SHOWN = 100


class Agreement(StrEnum):
    """How the two stand to each other: the same tokens in JSON, `ImageFacts` and docs."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNTOLD = "untold"
    """One of them names no commit, or there is no attestation that counts."""


def agreement(said: Claims, build: Build) -> Agreement:
    """How the labels and the build stand to each other."""
    if disagreements(said, build):
        return Agreement.DISAGREES
    both = build.voucher is not None and build.commit and isinstance(said.revision, Meaning)
    return Agreement.AGREES if both else Agreement.UNTOLD


def disagreements(said: Claims, build: Build) -> tuple[str, ...]:
    """What the two say differently, a clause each; none where only one of them says anything."""
    return (*_commits("label", said.revision, build), *_sources("label", said.source, build))


def differences(said: Claims, noted: Claims, build: Build) -> tuple[str, ...]:
    """What two of labels, annotations and build say differently, a clause each.

    Annotations are compared with the build where labels do not answer, else with the labels.
    """
    return (
        *disagreements(said, build),
        *_noted(said.revision, noted.revision, _commits, build),
        *_noted(said.source, noted.source, _sources, build),
    )


def _noted(label: Claim, note: Claim, compare: Compare, build: Build) -> Iterator[str]:
    if not isinstance(note, Meaning):
        return
    if not isinstance(label, Meaning):
        yield from compare("annotation", note, build)
    elif label.url is not None and note.url is not None:
        if not label.url.same_place(note.url):
            shown, other = printable(label.value, _MAX_SHOWN), printable(note.value, _MAX_SHOWN)
            yield f"the label says source {shown}, the annotation says {other}"
    elif not _one_commit(label.value, note.value):
        short, other = _different(label.value, note.value)
        yield f"the label says commit {short}, the annotation says {other}"


def _commits(what: str, claim: Claim, build: Build) -> Iterator[str]:
    if not isinstance(claim, Meaning) or not build.commit:
        return
    if not _one_commit(claim.value, build.commit):
        short, built = _different(claim.value, build.commit)
        yield f"the {what} says commit {short}, the build says {built}"
    elif build.dirty:
        yield (
            f"the {what} says commit {_cut(claim.value)}, the build says that it had changes "
            "which are in no commit"
        )


def _sources(what: str, claim: Claim, build: Build) -> Iterator[str]:
    if not isinstance(claim, Meaning) or claim.url is None or not build.source:
        return
    built_from = parse_source(build.source)
    if built_from is None or not claim.url.same_place(built_from):
        shown, other = printable(claim.value, _MAX_SHOWN), printable(build.source, _MAX_SHOWN)
        yield f"the {what} says source {shown}, the build says {other}"


def _one_commit(one: str, other: str) -> bool:
    """Whether one is the other, or begins it: git shortens commits."""
    return one.startswith(other) or other.startswith(one)


def _different(one: str, other: str) -> tuple[str, str]:
    """Both as short as can be, and long enough to show that they differ."""
    if one[:_SHORT] != other[:_SHORT]:
        return _cut(one), _cut(other)
    return one, other


def _cut(commit: str) -> str:
    return commit if len(commit) <= _SHORT else f"{commit[:_SHORT]}…"
