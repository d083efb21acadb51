"""Dates as RFC 3339 allows them, and none that only look like it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.timestamps import Moment, parse_moment


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z"),
        ("2026-11-20t08:00:00z", "2026-11-20T08:00:00Z"),
        ("2026-11-20T08:00:00.123456789Z", "2026-11-20T08:00:00Z"),
        ("2026-11-20T08:00:00+00:00", "2026-11-20T08:00:00Z"),
        ("2026-11-20T08:00:00-00:00", "2026-11-20T08:00:00Z"),
        ("2026-11-20T09:00:00+01:00", "2026-11-20T08:00:00Z"),
        ("2026-11-19T20:30:00-11:30", "2026-11-20T08:00:00Z"),
        ("2026-11-20T23:59:00+23:59", "2026-11-20T00:00:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-12-31T18:59:60.5-05:00", "2017-01-01T00:00:00Z"),
    ],
)
def test_a_date_of_rfc_3339_is_read(text: str, utc: str) -> None:
    moment = parse_moment(text)

    assert moment is not None
    assert utc.removeprefix("000") == str(moment).removeprefix("000")
    assert timedelta(0) == moment.at.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-20",
        "2026-11-20T08:00Z",
        "2026-11-20 08:00:00Z",
        "2026-11-20T08:00:00",
        "2026-11-20T08:00:00 Z",
        " 2026-11-20T08:00:00Z",
        "2026-11-20T08:00:00Z\n",
        "2026-11-20T08:00:00.Z",
        "2026-11-20T08:00:00,5Z",
        "2026-11-20T08:00:00+0100",
        "2026-11-20T08:00:00+01",
        "2026-11-20T08:00:00+24:00",
        "2026-11-20T08:00:00+01:60",
        "2026-11-20T24:00:00Z",
        "2026-11-20T08:60:00Z",
        "2026-11-20T08:00:61Z",
        "2026-11-20T08:00:60Z",
        "2016-12-30T23:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "2026-02-29T08:00:00Z",
        "2026-13-01T08:00:00Z",
        "2026-00-01T08:00:00Z",
        "2026-1-2T08:00:00Z",
        "20261120T080000Z",
        "20261120",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:60Z",
        "٢٠٢٦-11-20T08:00:00Z",
        "2026-11-20T08:00:00." + "1" * 60 + "Z",
        "Fri Nov 20 08:00:00 UTC 2026",
        "1795161600",
    ],
)
def test_what_is_no_date_of_rfc_3339_is_not_read(text: str) -> None:
    assert parse_moment(text) is None


def test_a_date_without_seconds_is_read_only_where_it_may_be() -> None:
    text = "2026-11-20T08:00Z"
    moment = parse_moment(text, minutes=True)

    assert parse_moment(text) is None
    assert str(moment) == text
    assert str(parse_moment("2026-11-20T08:00:07Z", minutes=True)) == "2026-11-20T08:00:07Z"


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("2026-11-20T08:00:07Z", "2026-11-20T09:00:07+01:00", True),
        ("2026-11-20T08:00:07Z", "2026-11-20T08:00:07.9Z", True),
        ("2026-11-20T08:00:07Z", "2026-11-20T08:00:08Z", False),
        ("2026-11-20T08:00:07Z", "2026-11-20T08:00Z", True),
        ("2026-11-20T08:00:59Z", "2026-11-20T09:00+01:00", True),
        ("2026-11-20T08:01:00Z", "2026-11-20T08:00Z", False),
        ("2026-11-20T08:00Z", "2026-11-20T08:00Z", True),
    ],
)
def test_dates_agree_as_exactly_as_both_were_written(one: str, other: str, *, agree: bool) -> None:
    first, second = parse_moment(one, minutes=True), parse_moment(other, minutes=True)

    assert first is not None
    assert second is not None
    assert agree is first.agrees(second)
    assert agree is second.agrees(first)


_zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=_zones))  # noqa: DTZ001 - hypothesis adds the zone
def test_every_date_is_read_back(at: datetime) -> None:
    assert parse_moment(at.isoformat()) == Moment(at.astimezone(UTC))


@given(st.text(max_size=70) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{0,20}"))
def test_nothing_is_raised_whatever_is_written(text: str) -> None:
    moment = parse_moment(text, minutes=True)

    assert moment is None or moment == parse_moment(text.upper(), minutes=True)
