"""Counts per day and namespace."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import NOW
from tests.reports.audits import audit, audited, owner, running
from tests.reports.findings import finding
from webhook.core.verdict import Mode, Outcome
from webhook.reports.trend import KEPT_DAYS, Counts, Day, Trend, counted, total, with_day


def day(date: str, owners: int = 1) -> Day:
    return Day(date, {"shop": Counts(owners=owners, refused=0, images=1)})


def test_an_audit_is_counted_by_namespace() -> None:
    found = audit(
        audited(finding(), finding(rule="init"), images=(running(), running(container="b"))),
        audited(finding(mode=Mode.AUDIT), finding(Outcome.UNKNOWN, Mode.WARN, rule="init")),
        audited(finding(Outcome.PASS), of=owner(namespace="bank"), images=(running(),)),
        audited(of=owner(namespace="idle")),
    )

    assert counted(found) == Day(
        "2026-11-23",
        {
            "bank": Counts(owners=1, refused=0, images=1),
            "idle": Counts(owners=1, refused=0, images=0),
            "shop": Counts(
                owners=2,
                refused=1,
                images=2,
                failing={"digest": 2, "init": 1},
                unknown={"init": 1},
            ),
        },
    )


def test_a_place_counts_once_for_a_rule_whoever_asks_and_twice_in_two_containers() -> None:
    found = audit(
        audited(finding(policy="a"), finding(policy="b"), finding(policy="b", container="c"))
    )

    assert counted(found).namespaces["shop"].failing == {"digest": 2}


def test_the_same_day_is_replaced_and_the_next_one_follows() -> None:
    trend = with_day(Trend(), day("2026-11-22"))
    trend = with_day(trend, day("2026-11-23"))
    trend = with_day(trend, day("2026-11-23", owners=5))

    assert trend == Trend((day("2026-11-22"), day("2026-11-23", owners=5)))


def test_ninety_days_are_kept_and_nothing_of_the_future() -> None:
    today = NOW.date()
    dates = [(today + timedelta(days=one)).isoformat() for one in range(-120, 5)]
    trend = with_day(Trend(tuple(map(day, dates))), day(today.isoformat(), owners=7))

    assert len(trend.days) == KEPT_DAYS
    assert trend.days[-1] == day("2026-11-23", owners=7)
    assert trend.days[0].date == "2026-08-26"


def test_a_sum_adds_rule_by_rule() -> None:
    one = Counts(owners=1, refused=1, images=2, failing={"init": 1}, unknown={"digest": 3})
    other = Counts(owners=4, refused=0, images=5, failing={"digest": 1, "init": 2})

    assert total([one, other]) == Counts(
        owners=5,
        refused=1,
        images=7,
        failing={"digest": 1, "init": 3},
        unknown={"digest": 3},
    )
