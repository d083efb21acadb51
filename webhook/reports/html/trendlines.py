"""The trend as lines of an SVG: dates and counts become points, here and not in the browser."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.core.rules import RULES
from webhook.reports.wording import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.reports.trend import Day, Trend

WIDTH = 560
HEIGHT = 200
LEFT = 44
RIGHT = 12
TOP = 10
BOTTOM = 26
MAX_DAYS = 400
MAX_LINES = 8
_STEPS = (1, 2, 5)
_TICKS = 4
_MOST = 10**12
"""A count that is larger was written by nobody who counted."""


class Line(msgspec.Struct, frozen=True):
    """One series."""

    name: str
    number: int
    """Chooses colour and dashes."""
    counts: tuple[int, ...]
    points: str
    """As attribute `points` of a polyline."""
    end: tuple[float, float]

    @property
    def last(self) -> int:
        """The newest count."""
        return self.counts[-1]

    @property
    def change(self) -> int:
        """Newest less oldest count."""
        return self.counts[-1] - self.counts[0]


class Chart(msgspec.Struct, frozen=True):
    """One drawing."""

    title: str
    lines: tuple[Line, ...]
    ticks: tuple[tuple[int, float], ...]
    """Counts on the left, and how far down each is."""
    dates: tuple[tuple[str, float, str], ...]
    """Dates below, how far right each is, and its `text-anchor`."""
    area: str = ""
    """Of the first line, where it is filled, as `points` of a polygon."""


class Trending(msgspec.Struct, frozen=True):
    """What the section on the trend shows; without charts there are too few days."""

    days: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()


class _Sum(msgspec.Struct):
    date: date
    refused: int = 0
    failing: dict[str, int] = {}


def trending(trend: Trend) -> Trending:
    """Two charts over all namespaces; days that cannot be read are left out."""
    sums = sorted(
        (one for day in trend.days[-MAX_DAYS:] if (one := _sum(day)) is not None),
        key=lambda one: one.date,
    )
    days = tuple(one.date.isoformat() for one in sums)
    if len({*days}) < 2:  # noqa: PLR2004 - a line needs two points
        return Trending(days)
    rules = {rule for one in sums for rule in one.failing}
    known = [*(rule for rule in RULES if rule in rules), *sorted(rules - set(RULES))]
    refused = {"workloads": [one.refused for one in sums]}
    failing = {rule: [one.failing.get(rule, 0) for one in sums] for rule in known[:MAX_LINES]}
    return Trending(
        days,
        (
            _chart("Refused at the next restart", refused, sums, filled=True),
            _chart("Images that fail, by check", failing, sums),
        ),
    )


def _sum(day: Day) -> _Sum | None:
    try:
        found = _Sum(date.fromisoformat(day.date))
    except ValueError:
        return None
    for counts in day.namespaces.values():
        found.refused += _bounded(counts.refused)
        for rule, failing in counts.failing.items():
            name = printable(rule, MAX_NAME)
            found.failing[name] = found.failing.get(name, 0) + _bounded(failing)
    return found


def _bounded(count: int) -> int:
    return max(0, min(count, _MOST))


def _chart(
    title: str, series: dict[str, list[int]], sums: Sequence[_Sum], *, filled: bool = False
) -> Chart:
    first, last = sums[0].date, sums[-1].date
    span = (last - first).days
    inner, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    across = [round(LEFT + inner * (one.date - first).days / span, 1) for one in sums]
    ticks = _ticks(max((max(counts) for counts in series.values()), default=0))

    def down(count: int) -> float:
        return round(TOP + height * (1 - count / ticks[-1]), 1)

    lines = []
    for number, (name, counts) in enumerate(series.items()):
        points = [(x, down(count)) for x, count in zip(across, counts, strict=True)]
        shown = " ".join(f"{x:g},{y:g}" for x, y in points)
        lines.append(Line(name, number, tuple(counts), shown, points[-1]))
    floor = down(0)
    area = f"{across[0]:g},{floor:g} {lines[0].points} {across[-1]:g},{floor:g}" if filled else ""
    middle = sums[len(sums) // 2]
    dates = [(_shown(first), across[0], "start"), (_shown(last), across[-1], "end")]
    if len(sums) > 2:  # noqa: PLR2004 - there is one between the ends
        dates.insert(1, (_shown(middle.date), across[len(sums) // 2], "middle"))
    return Chart(
        title, tuple(lines), tuple((tick, down(tick)) for tick in ticks), tuple(dates), area
    )


def _ticks(most: int) -> list[int]:
    """Round numbers from 0 to at least `most`, five of them at most."""
    step, power = 1, 1
    while step * _TICKS < most:
        for factor in _STEPS:
            step = factor * power
            if step * _TICKS >= most:
                break
        power *= 10
    return [step * number for number in range(max(1, -(-most // step)) + 1)]


def _shown(day: date) -> str:
    return f"{day:%d %b}".lstrip("0")
