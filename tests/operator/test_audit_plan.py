"""When an audit looks at what."""

from __future__ import annotations

import pytest

from webhook.operator.audit_plan import Plan, PlanOptions

ALL = Plan.everything
OPTIONS = PlanOptions(interval_seconds=600, gather_seconds=2, retry_seconds=15)


def looked(at: float = 0.0, took: float = 0.0) -> Plan:
    """A plan whose first look is over."""
    plan = Plan(OPTIONS, at)
    assert plan.take(at) == ALL
    plan.looked(ALL, at, at + took)
    return plan


def test_the_first_look_is_due_at_once_and_the_next_one_after_the_interval() -> None:
    plan = looked(100)

    assert plan.wait(100) == 600
    assert plan.take(699) == frozenset()
    assert plan.take(700) == ALL


def test_changes_are_gathered_and_only_their_namespaces_are_looked_at() -> None:
    plan = looked()
    plan.changed("shop", 10)
    plan.changed("shop", 11)
    plan.changed("bank", 11.5)

    assert plan.wait(11) == 1
    assert plan.take(12) == {"shop"}
    assert plan.take(12) == frozenset()
    assert plan.wait(12) == 1.5
    assert plan.take(20) == {"bank"}


def test_a_change_while_it_is_looked_at_is_due_again() -> None:
    plan = looked()
    plan.changed("shop", 10)
    taken = plan.take(12)
    plan.changed("shop", 12.5)
    plan.all_changed(12.6)
    plan.looked(taken, 12, 13)

    assert plan.take(17) == ALL
    assert plan.take(18) == frozenset()


def test_a_changed_policy_is_looked_for_everywhere() -> None:
    plan = looked()
    plan.all_changed(50)

    assert plan.wait(50) == 2
    assert plan.take(52) == ALL


def test_many_changed_namespaces_are_one_look_at_everything() -> None:
    plan = looked()
    for number in range(17):
        plan.changed(f"n{number}", 10)

    assert plan.take(12) == ALL
    plan.looked(ALL, 12, 13)
    assert plan.wait(13) == 600


@pytest.mark.parametrize(("took", "rest"), [(0.1, 0.4), (5.0, 20.0), (100.0, 30.0)])
def test_it_rests_four_times_as_long_as_it_looked(took: float, rest: float) -> None:
    plan = looked(0, took)
    plan.changed("shop", 0)

    assert plan.wait(took + rest - 0.01) == pytest.approx(max(0.01, 2 - took - rest + 0.01))
    assert plan.take(took + rest - 0.01) == frozenset()
    assert plan.take(max(2, took + rest)) == {"shop"}


def test_what_expires_is_due_then_and_not_before() -> None:
    plan = looked()
    plan.at("shop", 100)
    plan.at("shop", 200)

    assert plan.take(99) == frozenset()
    assert plan.take(100) == {"shop"}
    assert plan.take(200) == frozenset()


def test_a_change_is_looked_at_before_something_expires() -> None:
    plan = looked()
    plan.at("shop", 500)
    plan.changed("shop", 10)

    assert plan.take(12) == {"shop"}


def test_a_failed_look_leaves_everything_due() -> None:
    plan = looked()
    plan.changed("shop", 10)
    plan.take(12)
    plan.failed(12, 5)

    assert plan.take(16) == frozenset()
    assert plan.take(17) == ALL


def test_what_could_not_be_checked_is_tried_again_less_and_less_often() -> None:
    plan = looked()
    due = []
    now = 0.0
    for _ in range(8):
        plan.undecided(frozenset({"shop"}), now)
        due.append(plan.wait(now))
        now += due[-1]
        taken = plan.take(now)
        plan.looked(taken, now, now)

    assert due[:4] == [15, 30, 60, 120]
    plan.undecided(frozenset(), now)
    plan.undecided(frozenset({"shop"}), now)
    assert plan.wait(now) <= 15
