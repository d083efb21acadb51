"""How many places that name an image pass each check: for all, and for each namespace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.rules import RULES
from webhook.core.verdict import Outcome

if TYPE_CHECKING:
    from webhook.core.verdict import Finding
    from webhook.reports.audited import Audited


_HOLDS = {
    "digest": "is named by a digest",
    "registry": "comes from a registry that the policy allows",
    "promotion": "came into its registry by promotion",
    "provenance": "says which commit it is",
    "init": "has an init as PID 1, or above it",
    "stop": "ends on its stop signal, and has the time for it",
    "drifted": "is what its name says on every node",
}


class Answered(IntEnum):
    """What became of one check in one place; of several policies, the highest counts."""

    SKIPPED = 0
    PASSED = 1
    EXCUSED = 2
    UNCHECKED = 3
    FAILED = 4


class Share(msgspec.Struct, frozen=True):
    """One check, and how many places gave each answer; skipped ones do not count."""

    rule: str
    passed: int = 0
    excused: int = 0
    unchecked: int = 0
    failed: int = 0

    @property
    def holds(self) -> str:
        """What the check asks of an image; empty for one that has no sentence here."""
        return _HOLDS.get(self.rule, "")

    @property
    def asked(self) -> int:
        """Places to which the check applies."""
        return self.passed + self.excused + self.unchecked + self.failed

    @property
    def percent(self) -> int | None:
        """Of the places asked, how many passed: rounded down, so that 100 means all of them."""
        return self.passed * 100 // self.asked if self.asked else None


class NamespaceShares(msgspec.Struct, frozen=True):
    """All checks in one namespace, in the order of the columns."""

    namespace: str
    owners: int
    refused: int
    shares: tuple[Share, ...]

    @property
    def worst(self) -> tuple[int, int, str]:
        """The key by which the namespace with the most to do comes first."""
        failed = sum(share.failed + share.unchecked for share in self.shares)
        return (-self.refused, -failed, self.namespace)


def rules_of(audited: Iterable[Audited]) -> tuple[str, ...]:
    """Every check that was asked: those of `RULES` in their order, then others by name."""
    found = {finding.rule for one in audited for finding in one.verdict.findings}
    known = list(RULES)
    return tuple(sorted(found, key=lambda rule: _place(rule, known)))


def shares_of(audited: Iterable[Audited], rules: Iterable[str]) -> tuple[Share, ...]:
    """The share of each check over all these owners."""
    counts: dict[str, Counter[Answered]] = {rule: Counter() for rule in rules}
    for one in audited:
        worst: dict[tuple[str, str], Answered] = {}
        for finding in one.verdict.findings:
            key = (finding.rule, finding.pointer)
            worst[key] = max(worst.get(key, Answered.SKIPPED), _answered(finding))
        for (rule, _), answer in worst.items():
            counts[rule][answer] += 1
    return tuple(_share(rule, count) for rule, count in counts.items())


def namespace_shares(
    audited: Iterable[Audited], rules: tuple[str, ...]
) -> tuple[NamespaceShares, ...]:
    """By namespace, those with the most to do first."""
    by_namespace: dict[str, list[Audited]] = {}
    for one in audited:
        by_namespace.setdefault(one.owner.namespace, []).append(one)
    found = [
        NamespaceShares(
            namespace=namespace,
            owners=len(owners),
            refused=sum(not one.verdict.allowed for one in owners),
            shares=shares_of(owners, rules),
        )
        for namespace, owners in by_namespace.items()
    ]
    return tuple(sorted(found, key=lambda one: one.worst))


def _share(rule: str, count: Mapping[Answered, int]) -> Share:
    return Share(
        rule=rule,
        passed=count[Answered.PASSED],
        excused=count[Answered.EXCUSED],
        unchecked=count[Answered.UNCHECKED],
        failed=count[Answered.FAILED],
    )


def _answered(finding: Finding) -> Answered:
    if finding.outcome is Outcome.SKIP:
        return Answered.SKIPPED
    if finding.outcome is Outcome.PASS:
        return Answered.PASSED
    if finding.exception:
        return Answered.EXCUSED
    return Answered.UNCHECKED if finding.outcome is Outcome.UNKNOWN else Answered.FAILED


def _place(rule: str, known: list[str]) -> tuple[int, str]:
    return (known.index(rule) if rule in known else len(known), rule)
