from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from webhook.operator.conditions import MAX_MESSAGE, Found, Truth, read, renewed

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
GOOD = Found("Ready", Truth.TRUE, "Valid", "It is in force.")
BAD = Found("Ready", Truth.FALSE, "Invalid", "spec.mode: what is this?")


def test_a_first_condition_says_since_when() -> None:
    (condition,) = renewed(None, [GOOD], generation=3, now=NOW)

    assert msgspec.to_builtins(condition) == {
        "type": "Ready",
        "status": "True",
        "reason": "Valid",
        "message": "It is in force.",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
        "observedGeneration": 3,
    }


def test_what_is_found_again_is_equal_to_what_was_written() -> None:
    before = msgspec.to_builtins(renewed(None, [GOOD], generation=3, now=NOW))

    again = renewed(before, [GOOD], generation=3, now=LATER)

    assert again == read(before)


def test_another_message_is_no_transition() -> None:
    before = msgspec.to_builtins(renewed(None, [BAD], generation=3, now=NOW))
    other = Found("Ready", Truth.FALSE, "Invalid", "spec.rules: what is this?")

    (condition,) = renewed(before, [other], generation=4, now=LATER)

    assert condition.last_transition_time == "2026-01-02T03:04:05Z"
    assert condition.observed_generation == 4
    assert condition.message == "spec.rules: what is this?"


def test_another_status_is_one() -> None:
    before = msgspec.to_builtins(renewed(None, [BAD], generation=3, now=NOW))

    (condition,) = renewed(before, [GOOD], generation=4, now=LATER)

    assert condition.last_transition_time == "2026-01-02T04:04:05Z"


def test_a_message_is_one_bounded_line() -> None:
    hostile = Found("Ready", Truth.FALSE, "Invalid", "a\nb\x1b[31m" + "x" * 5000)

    (condition,) = renewed(None, [hostile], generation=1, now=NOW)

    assert condition.message.startswith("a\\nb\\x1b[31m")
    assert len(condition.message) == MAX_MESSAGE


@pytest.mark.parametrize("before", [None, 7, "x", {}, [1], [{"type": "Ready"}], [{"type": 3}]])
def test_what_is_no_list_of_conditions_counts_as_none(before: object) -> None:
    (condition,) = renewed(before, [GOOD], generation=1, now=NOW)

    assert condition.last_transition_time == "2026-01-02T03:04:05Z"
