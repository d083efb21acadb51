"""Two audits of one picture beside each other: what other policies would newly refuse or admit."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.verdict import Finding, Verdict
from webhook.reports.audited import Audit, Audited, Owner
from webhook.reports.checked import undecided

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.core.candidates import Candidate


class Standing(StrEnum):
    """What becomes of an owner's Pods when they are made anew."""

    ALLOWED = "allowed"
    WARNED = "warned"
    REFUSED = "refused"


class Turn(StrEnum):
    """What other policies change for an owner; the first are what people look for first."""

    REFUSED = "newly refused"
    WARNED = "newly warned"
    OTHERWISE = "refused or warned otherwise"
    QUIETED = "no more warned"
    ADMITTED = "newly admitted"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One owner for whom something changes."""

    owner: Owner
    pods: int
    before: Standing
    after: Standing
    turn: Turn
    new: tuple[Finding, ...]
    """Findings that refuse or warn then, and do not now."""
    gone: tuple[Finding, ...]
    """Findings that refuse or warn now, and would not then."""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What would change if some documents were applied."""

    taken: datetime
    cluster: str
    version: str
    added: tuple[str, ...]
    """Titles of the documents that are new."""
    replaced: tuple[str, ...]
    """Titles of those that stand in the place of one in force."""
    owners: int
    pods: int
    before: Counter[Standing]
    after: Counter[Standing]
    unknown: int
    """Owners of whom something could not be checked then, whatever that does."""
    changes: tuple[Change, ...]
    """Sorted by turn, then as the audit."""
    missing: tuple[str, ...]
    """What could not be looked at, then; a sentence each."""

    def count(self, turn: Turn) -> int:
        """Owners for whom this changes."""
        return sum(one.turn is turn for one in self.changes)


def simulated(before: Audit, after: Audit, candidate: Candidate) -> Simulation:
    """Compare two audits of the same owners in the same order, as `scans` gives them."""
    pairs = list(zip(before.audited, after.audited, strict=True))
    turns = list(Turn)
    changes = [change for pair in pairs if (change := _change(*pair)) is not None]
    return Simulation(
        taken=after.taken,
        cluster=after.cluster,
        version=after.version,
        added=candidate.added,
        replaced=candidate.replaced,
        owners=len(pairs),
        pods=sum(one.pods for one in after.audited),
        before=Counter(standing(one.verdict) for one in before.audited),
        after=Counter(standing(one.verdict) for one in after.audited),
        unknown=sum(any(map(undecided, one.verdict.findings)) for one in after.audited),
        changes=tuple(sorted(changes, key=lambda one: turns.index(one.turn))),
        missing=after.missing,
    )


def standing(verdict: Verdict) -> Standing:
    """What becomes of Pods with this verdict."""
    if not verdict.allowed:
        return Standing.REFUSED
    return Standing.WARNED if verdict.warnings else Standing.ALLOWED


def _change(before: Audited, after: Audited) -> Change | None:
    one, other = standing(before.verdict), standing(after.verdict)
    new = _only(after.verdict, before.verdict)
    gone = _only(before.verdict, after.verdict)
    if one is other and not new and not gone:
        return None
    return Change(
        owner=after.owner,
        pods=after.pods,
        before=one,
        after=other,
        turn=_turn(one, other),
        new=new,
        gone=gone,
    )


def _turn(before: Standing, after: Standing) -> Turn:
    match before, after:
        case _ if before is after:
            return Turn.OTHERWISE
        case _, Standing.REFUSED:
            return Turn.REFUSED
        case Standing.REFUSED, _:
            return Turn.ADMITTED
        case _, Standing.WARNED:
            return Turn.WARNED
        case _:
            return Turn.QUIETED


def _only(verdict: Verdict, other: Verdict) -> tuple[Finding, ...]:
    """The findings that do something under one verdict, and under the other one do not do it."""
    known = set(map(_does, _acting(other)))
    return tuple(one for one in _acting(verdict) if _does(one) not in known)


def _acting(verdict: Verdict) -> Iterable[Finding]:
    return (one for one in verdict.findings if one.denies or one.warns)


def _does(one: Finding) -> tuple[object, ...]:
    # Whichever policy says it: to whom it is said that is the same.
    return (one.rule, one.outcome, one.mode, one.container, one.image, one.message, one.exception)
