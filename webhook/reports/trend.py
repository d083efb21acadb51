"""How the counts of an audit went from day to day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from webhook.core.verdict import Outcome

if TYPE_CHECKING:
    from webhook.reports.audited import Audit, Audited

KEPT_DAYS = 90
OTHERS = "*"
"""No name of a namespace: those of a day that are not listed, in one sum."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Of one namespace on one day, as the last audit of that day found it."""

    owners: int
    refused: int
    """Owners whose Pods would be refused, were they created now."""
    images: int
    """Places that name an image."""
    failing: Mapping[str, int] = {}
    """Name of a rule: places that fail it, in whatever mode."""
    unknown: Mapping[str, int] = {}
    """Name of a rule: places that it could not check."""


class Day(msgspec.Struct, frozen=True):
    """All namespaces on one day."""

    date: str
    """`YYYY-MM-DD`, in UTC."""
    namespaces: Mapping[str, Counts]


class Trend(msgspec.Struct, frozen=True):
    """The days that were audited, oldest first."""

    days: tuple[Day, ...] = ()


def counted(audit: Audit) -> Day:
    """What an audit says of its day."""
    by_namespace: dict[str, list[Audited]] = {}
    for one in audit.audited:
        by_namespace.setdefault(one.owner.namespace, []).append(one)
    counts = {name: total(map(_of, found)) for name, found in sorted(by_namespace.items())}
    return Day(f"{audit.taken:%Y-%m-%d}", counts)


def with_day(trend: Trend, day: Day) -> Trend:
    """The trend with this day as its last; in place of what was said of it before.

    What is older than `KEPT_DAYS` goes, and so does what is said of the future: a clock was wrong.
    """
    first = date.fromisoformat(day.date) - timedelta(days=KEPT_DAYS - 1)
    kept = (one for one in trend.days if first.isoformat() <= one.date < day.date)
    return Trend((*kept, day))


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of some namespaces."""
    owners = refused = images = 0
    failing: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for one in counts:
        owners += one.owners
        refused += one.refused
        images += one.images
        failing.update(one.failing)
        unknown.update(one.unknown)
    return Counts(
        owners=owners,
        refused=refused,
        images=images,
        failing=dict(sorted(failing.items())),
        unknown=dict(sorted(unknown.items())),
    )


def bad_places(audited: Audited) -> list[tuple[str, Outcome]]:
    """Rule and outcome for each place of an owner where a rule fails, or could not be checked.

    A place counts once for a rule, whatever number of policies ask.
    """
    seen = {
        (one.rule, one.outcome, one.role, one.container, one.image)
        for one in audited.verdict.findings
        if one.bad
    }
    return [(rule, outcome) for rule, outcome, *_ in seen]


def _of(audited: Audited) -> Counts:
    found = bad_places(audited)
    return Counts(
        owners=1,
        refused=int(not audited.verdict.allowed),
        images=len(audited.images),
        failing=Counter(rule for rule, outcome in found if outcome is Outcome.FAIL),
        unknown=Counter(rule for rule, outcome in found if outcome is Outcome.UNKNOWN),
    )
