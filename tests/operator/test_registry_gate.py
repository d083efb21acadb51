"""How many questions a registry gets, and when."""

from __future__ import annotations

import pytest

from webhook.core.facts import Reason, Unknown
from webhook.operator.registry_gate import OF_THE_REGISTRY, RegistryGate

DOWN = Unknown(Reason.UNREACHABLE, "refused")
LIMITED = Unknown(Reason.RATE_LIMITED, "too many requests")


def test_so_many_at_a_time_and_the_next_when_one_leaves() -> None:
    gate = RegistryGate(2)

    assert [gate.enter(one, 0) for one in "abcd"] == [0, 0, None, None]
    assert gate.leave(None, 1, 0.5) == ["c"]
    assert gate.enter("c", 1) == 0
    assert gate.leave(None, 2, 0.5) == ["d"]
    assert gate.leave(None, 2, 0.5) == []


@pytest.mark.parametrize("reason", sorted(set(Reason) - OF_THE_REGISTRY))
def test_what_is_the_images_own_fault_stops_nobody(reason: Reason) -> None:
    gate = RegistryGate(1)
    for _ in range(100):
        assert gate.enter("a", 0) == 0
        gate.leave(Unknown(reason), 0, 1.0)

    assert gate.closed(0) is None


def test_a_registry_that_is_down_is_left_alone_longer_and_longer() -> None:
    gate = RegistryGate(4)
    now, pauses = 0.0, []
    for _ in range(12):
        assert gate.enter("a", now) == 0
        gate.leave(DOWN, now, 1.0)
        if gate.closed(now) is not None:
            wait = gate.enter("a", now)
            assert wait is not None
            pauses.append(wait)
            now += wait

    assert pauses[:4] == pytest.approx([5, 10, 20, 40])
    assert max(pauses) == pytest.approx(120)
    assert len(pauses) == 10


def test_one_failure_among_good_answers_closes_nothing() -> None:
    gate = RegistryGate(1)
    for number in range(30):
        gate.enter("a", 0)
        gate.leave(None if number % 3 == 2 else DOWN, 0, 1.0)

    assert gate.closed(0) is None


def test_a_registry_that_asks_to_wait_is_left_alone_at_once() -> None:
    gate = RegistryGate(4)
    gate.enter("a", 0)
    gate.leave(LIMITED, 0, 0.0)

    assert gate.closed(20) == LIMITED
    assert gate.enter("b", 20) == pytest.approx(2.5)
    assert gate.closed(22.6) is None


def test_one_question_finds_out_whether_it_is_up_again() -> None:
    gate = RegistryGate(4)
    gate.enter("a", 0)
    gate.leave(LIMITED, 0, 1.0)

    assert [gate.enter(one, 31) for one in "abc"] == [0, None, None]
    assert gate.leave(None, 32, 1.0) == ["b", "c"]
    assert [gate.enter(one, 32) for one in "bcde"] == [0, 0, 0, 0]


def test_who_waits_when_it_closes_is_told_at_once() -> None:
    gate = RegistryGate(1)
    for one in "abcdefgh":
        gate.enter(one, 0)

    assert gate.leave(LIMITED, 0, 1.0) == list("bcdefgh")
    assert gate.enter("b", 0) == pytest.approx(30)
