"""What could not be learned is never a pass."""

from __future__ import annotations

import pytest

from webhook.core.facts import Reason, Unknown
from webhook.core.rules.unlearned import MEANINGS, unlearned, without_platforms
from webhook.core.verdict import Outcome


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_becomes_an_unknown_with_a_sentence(reason: Reason) -> None:
    answer = unlearned(Unknown(reason))

    assert answer.outcome is Outcome.UNKNOWN
    assert reason is answer.reason
    assert answer.message == MEANINGS[reason]


def test_the_detail_says_it_better_and_stays_on_one_line() -> None:
    answer = unlearned(Unknown(Reason.UNREACHABLE, "no route\nto host"))

    assert answer.message == "no route\\nto host"
    assert answer.fix


def test_no_platform_is_bad_content() -> None:
    assert without_platforms().outcome is Outcome.UNKNOWN
    assert without_platforms().reason is Reason.BAD_CONTENT
