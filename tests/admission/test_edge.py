"""Where an exception of ours ends."""

import logging

import pytest

from webhook.admission.edge import edge
from webhook.errors import InvalidReviewError


def test_a_bug_ends_here_and_is_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR), edge():
        raise ZeroDivisionError

    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_what_is_met_again_on_the_long_way_is_not_logged_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with edge(quiet=True):
        raise ZeroDivisionError

    assert not caplog.records


def test_what_is_no_review_is_no_bug() -> None:
    with pytest.raises(InvalidReviewError), edge():
        raise InvalidReviewError("no review")


def test_a_request_to_end_passes() -> None:
    with pytest.raises(KeyboardInterrupt), edge():
        raise KeyboardInterrupt
