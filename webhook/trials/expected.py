"""What a test expects of a verdict, and in which sentences a verdict falls short of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.verdict import Mode, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.core.facts import Reason
    from webhook.core.verdict import Finding


class Decision(StrEnum):
    """What becomes of an object; exactly one of them is true of a verdict."""

    ALLOWED = "allowed"
    """Nothing refuses it, and nobody is shown anything; audit may have noted something."""
    WARNED = "warned"
    """Nothing refuses it, and something is shown."""
    REFUSED = "refused"
    UNCOVERED = "uncovered"
    """No policy covers it: nothing was checked at all."""


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that must be there; an empty field asks for nothing."""

    rule: str
    outcome: Outcome
    mode: Mode | None = None
    reason: Reason | None = None
    policy: str = ""
    container: str = ""
    image: str = ""
    exception: str = ""
    message: str = ""
    """A part of the message or of the fix."""

    def fits(self, finding: Finding) -> bool:
        """Whether this is such a finding."""
        return (
            finding.rule == self.rule
            and finding.outcome is self.outcome
            and self.mode in {None, finding.mode}
            and self.reason in {None, finding.reason}
            and self.policy in {"", finding.policy}
            and self.container in {"", finding.container}
            and self.image in {"", finding.image}
            and self.exception in {"", finding.exception}
            and (self.message in finding.message or self.message in finding.fix)
        )

    def __str__(self) -> str:
        """As a sentence names it: `digest fail, mode warn, container app`."""
        named = [
            f"{name} {value}"
            for name in ("mode", "reason", "policy", "container", "image", "exception")
            if (value := getattr(self, name))
        ]
        words = [f'"{self.message}" in its message'] if self.message else []
        return ", ".join([f"{self.rule} {self.outcome}", *named, *words])


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What must be true of the verdict on every object of a test; never nothing."""

    decision: Decision | None = None
    fails: frozenset[str] | None = None
    """The rules that fail, whatever that does: these and no others. None: not asked."""
    unknown: frozenset[str] | None = None
    """The rules that could not check something: these and no others. None: not asked."""
    findings: tuple[Sought, ...] = ()

    def shortcomings(self, verdict: Verdict) -> list[str]:
        """A sentence for each thing that is not as expected."""
        found: list[str] = []
        decision = decision_of(verdict)
        if self.decision not in {None, decision}:
            found.append(f"expected {self.decision}, got {decision}")
        found += _compared("fails", self.fails, _rules(verdict, Outcome.FAIL))
        found += _compared("unknown", self.unknown, _rules(verdict, Outcome.UNKNOWN))
        found += [
            f"expected a finding that there is not: {sought}"
            for sought in self.findings
            if not any(map(sought.fits, verdict.findings))
        ]
        return found


def decision_of(verdict: Verdict) -> Decision:
    """What becomes of an object with this verdict."""
    if not verdict.findings:
        return Decision.UNCOVERED
    if not verdict.allowed:
        return Decision.REFUSED
    return Decision.WARNED if verdict.warnings else Decision.ALLOWED


def _rules(verdict: Verdict, outcome: Outcome) -> frozenset[str]:
    return frozenset(one.rule for one in verdict.findings if one.outcome is outcome)


def _compared(field: str, expected: frozenset[str] | None, got: frozenset[str]) -> list[str]:
    if expected is None or expected == got:
        return []
    return [f"expected {field}: {_listed(expected)}, got {_listed(got)}"]


def _listed(rules: Iterable[str]) -> str:
    return f"[{', '.join(sorted(rules))}]"
