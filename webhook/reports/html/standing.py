"""Where an owner stands: the one word that sorts, colours and counts it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from webhook.core.verdict import Outcome
from webhook.reports.checked import undecided, warns

if TYPE_CHECKING:
    from webhook.core.verdict import Finding, Verdict


class Standing(StrEnum):
    """From the worst to the best; the words are those of the page."""

    REFUSED = "refused"
    WARNED = "warned"
    UNCHECKED = "not checked"
    NOTED = "noted"
    EXCUSED = "excused"
    PASSES = "passes"
    UNCOVERED = "no policy"

    @property
    def css(self) -> str:
        """The word as a name of a CSS class."""
        return self.value.replace(" ", "-")

    @property
    def meaning(self) -> str:
        """What it says of several owners."""
        return _MEANING[self]


_MEANING = {
    Standing.REFUSED: "would be refused at the next restart",
    Standing.WARNED: "fail a check that only warns",
    Standing.UNCHECKED: "have a check that could not be made",
    Standing.NOTED: "fail a check that is only noted: a policy in mode audit",
    Standing.EXCUSED: "fail a check, and an exception lets them",
    Standing.PASSES: "pass every check that is asked of them",
    Standing.UNCOVERED: "are covered by no policy",
}
ORDER = tuple(Standing)


def standing_of(verdict: Verdict) -> Standing:
    """The worst that any finding says."""
    if not verdict.findings:
        return Standing.UNCOVERED
    return min(map(standing_of_finding, verdict.findings), key=ORDER.index)


def standing_of_finding(finding: Finding) -> Standing:
    """What one finding says of its owner; a pass and a skip are both good."""
    if finding.denies:
        return Standing.REFUSED
    if finding.exception:
        return Standing.EXCUSED
    if warns(finding):
        return Standing.WARNED
    if undecided(finding) or finding.outcome is Outcome.UNKNOWN:
        return Standing.UNCHECKED
    return Standing.NOTED if finding.bad else Standing.PASSES
