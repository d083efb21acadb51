"""The words that every format shares."""

from __future__ import annotations

import pytest

from tests.reports.findings import checked, finding, result
from webhook.core.facts import Reason
from webhook.core.verdict import Mode, Outcome
from webhook.core.workload import Role
from webhook.reports.wording import (
    Effect,
    effect,
    placed_sentence,
    sentence,
    summary_line,
    where,
)


@pytest.mark.parametrize(
    ("outcome", "mode", "expected"),
    [
        (Outcome.FAIL, Mode.ENFORCE, Effect.REFUSES),
        (Outcome.FAIL, Mode.WARN, Effect.WARNS),
        (Outcome.FAIL, Mode.AUDIT, Effect.NOTED),
        (Outcome.UNKNOWN, Mode.ENFORCE, Effect.REFUSES),
        (Outcome.UNKNOWN, Mode.WARN, Effect.WARNS),
        (Outcome.UNKNOWN, Mode.AUDIT, Effect.NOTED),
        (Outcome.PASS, Mode.ENFORCE, Effect.NONE),
        (Outcome.SKIP, Mode.ENFORCE, Effect.NONE),
    ],
)
def test_the_effect_is_read_off_outcome_and_mode(
    outcome: Outcome, mode: Mode, expected: Effect
) -> None:
    assert effect(finding(outcome, mode)) is expected


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_word(role: Role) -> None:
    assert where(finding(role=role, container="x")).endswith(' "x"')


def test_a_finding_about_the_whole_object_names_no_container() -> None:
    one = finding(container="", message="too many images", fix="")

    assert placed_sentence(one) == "too many images"


def test_message_and_fix_become_two_sentences() -> None:
    assert sentence(finding(message="a tag", fix="Use b.")) == "a tag. Use b."
    assert sentence(finding(message="A tag.", fix="Use b.")) == "A tag. Use b."
    assert sentence(finding(message="a tag", fix="")) == "a tag"


def test_an_unknown_says_that_it_could_not_be_checked_and_why() -> None:
    one = finding(Outcome.UNKNOWN, reason=Reason.TIMED_OUT, message="no answer", fix="")

    assert sentence(one) == "could not be checked (timed-out): no answer"


def test_the_last_line_names_only_sums_that_are_not_zero() -> None:
    good = result(checked(finding(Outcome.PASS)))
    bad = result(
        checked(finding(), finding(mode=Mode.WARN)),
        checked(finding(Outcome.UNKNOWN, image="b")),
        without_images=1,
    )

    assert summary_line(good.summary()) == "1 object with 1 image, 1 allowed, 0 refused"
    assert summary_line(bad.summary()) == (
        "2 objects with 2 images, 0 allowed, 2 refused, 1 with warnings, 1 not fully checked, "
        "1 other document without images"
    )
