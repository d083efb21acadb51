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


def test_an_image_is_not_blamed_for_what_its_registry_answers() -> None:
    # An HTTPS registry with `plainHTTP: true`: no new build helps.
    answer = unlearned(Unknown(Reason.BAD_CONTENT, "r.example answered 400 for web:1"))

    assert answer.fix.startswith("Look at what its registry answers")
