"""Dates and counts as points."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.reports.shop import trend
from webhook.reports.html.trendlines import HEIGHT, MAX_DAYS, MAX_LINES, WIDTH, trending
from webhook.reports.trend import Counts, Day, Trend


def day(date: str, refused: int = 1, **failing: int) -> Day:
    return Day(date, {"shop": Counts(owners=9, refused=refused, images=9, failing=failing)})


def test_two_days_make_lines() -> None:
    found = trending(Trend((day("2026-11-01", 4, digest=10), day("2026-11-03", 2, digest=0))))

    refused, failing = found.charts
    assert found.days == ("2026-11-01", "2026-11-03")
    assert [(line.name, line.counts) for line in refused.lines] == [("workloads", (4, 2))]
    assert [(one.name, one.last, one.change) for one in failing.lines] == [("digest", 0, -10)]
    assert failing.lines[0].points == "44,10 548,174"
    assert refused.area == f"44,174 {refused.lines[0].points} 548,174"
    assert [text for text, _, _ in refused.dates] == ["1 Nov", "3 Nov"]


def test_a_day_that_is_missing_leaves_room() -> None:
    days = (day("2026-11-01"), day("2026-11-02"), day("2026-11-05"))

    [first, middle, last] = trending(Trend(days)).charts[0].lines[0].points.split()

    across = [float(one.partition(",")[0]) for one in (first, middle, last)]
    assert across[1] - across[0] == (across[2] - across[0]) / 4


def test_namespaces_are_added_up() -> None:
    counts = Counts(owners=1, refused=2, images=3, failing={"init": 4})
    days = tuple(Day(f"2026-11-0{n}", {"a": counts, "b": counts}) for n in (1, 2))

    refused, failing = trending(Trend(days)).charts

    assert refused.lines[0].last == 4
    assert failing.lines[0].last == 8


def test_one_day_is_no_trend_yet() -> None:
    assert trending(Trend()).charts == ()
    assert trending(Trend((day("2026-11-01"),))).charts == ()
    assert trending(Trend((day("2026-11-01"), day("2026-11-01")))).charts == ()


def test_days_that_are_no_dates_are_left_out() -> None:
    days = (day("2026-11-01"), day("<script>"), day("2026-13-45"), day("2026-11-02"))

    assert trending(Trend(days)).days == ("2026-11-01", "2026-11-02")


def test_checks_stand_in_the_order_of_the_rules() -> None:
    days = tuple(day(f"2026-11-0{n}", zeal=1, init=2, digest=3) for n in (1, 2))

    assert [line.name for line in trending(Trend(days)).charts[1].lines] == [
        "digest",
        "init",
        "zeal",
    ]


def test_nothing_that_fails_is_a_chart_without_lines() -> None:
    days = (day("2026-11-01", 0), day("2026-11-02", 0))

    refused, failing = trending(Trend(days)).charts

    assert failing.lines == ()
    assert refused.ticks[0][0] == 0
    assert refused.ticks[-1][0] >= 1


def test_the_ticks_are_round_and_few() -> None:
    [refused, failing] = trending(trend()).charts

    assert [count for count, _ in refused.ticks] == [0, 5, 10, 15]
    assert [count for count, _ in failing.ticks] == [0, 10, 20, 30]


COUNTS = st.integers(-(10**30), 10**30)
DAYS = st.lists(
    st.builds(
        day,
        st.one_of(st.dates().map(str), st.text(max_size=12)),
        COUNTS,
        digest=COUNTS,
        other=COUNTS,
    ),
    max_size=8,
)


@given(DAYS)
def test_whatever_stands_in_the_trend_is_drawn_inside_the_picture(days: list[Day]) -> None:
    for chart in trending(Trend(tuple(days))).charts:
        assert 2 <= len(chart.ticks) <= 6
        for line in chart.lines:
            for x, y in re.findall(r"([-0-9.e+]+),([-0-9.e+]+)", line.points):
                assert 0 <= float(x) <= WIDTH
                assert 0 <= float(y) <= HEIGHT


def test_days_and_lines_are_bounded() -> None:
    failing = {f"rule-{n:02}": n for n in range(MAX_LINES + 5)}
    months = [(year, month) for year in range(2000, 2050) for month in range(1, 13)]
    days = tuple(day(f"{year}-{month:02}-01", **failing) for year, month in months)

    found = trending(Trend(days))

    assert len(found.days) == MAX_DAYS
    assert len(found.charts[1].lines) == MAX_LINES
