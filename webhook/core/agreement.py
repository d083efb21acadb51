"""Whether the labels of an image and its provenance attestation say the same.

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
    from webhook.core.build import Build
    from webhook.core.claims import Claims

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
    found: list[str] = []
    label = said.revision
    if isinstance(label, Meaning) and build.commit:
        if not _one_commit(label.value, build.commit):
            short, built = _different(label.value, build.commit)
            found.append(f"the label says commit {short}, the build says {built}")
        elif build.dirty:
            found.append(
                f"the label says commit {_cut(label.value)}, the build says that it had changes "
                "which are in no commit"
            )
    source = said.source
    if isinstance(source, Meaning) and source.url is not None and build.source:
        built_from = parse_source(build.source)
        if built_from is None or not source.url.same_place(built_from):
            shown, other = printable(source.value, _MAX_SHOWN), printable(build.source, _MAX_SHOWN)
            found.append(f"the label says source {shown}, the build says {other}")
    return tuple(found)


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
