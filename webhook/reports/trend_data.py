"""A trend as the data of one ConfigMap, a key for each day; and what can be read of one again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from webhook.reports.trend import KEPT_DAYS, OTHERS, Counts, Day, Trend, total

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 256 * 1024
"""Of keys and values together. A ConfigMap may have 1 MiB, and who reads it reads all of it."""
LISTED = 200
"""Namespaces of one day that are listed; the others are summed."""
_MAX_NAMES = 10_000
_MAX_COUNT = 10**9


def dump(trend: Trend, limit: int = MAX_BYTES) -> dict[str, str]:
    """A key for each day, as the data of a ConfigMap.

    Of a day with many namespaces the worst are listed. Where that is too much, namespaces are
    summed from the oldest day on, and only then old days go: the sum of the cluster is what is
    kept longest.

    Args:
        trend: to be kept.
        limit: bytes of all keys and values.
    """
    days = [Day(day.date, _worst(day.namespaces, LISTED)) for day in trend.days[-KEPT_DAYS:]]
    data = {day.date: _text(day) for day in days}
    size = sum(map(_size, data.items()))
    for day in days:
        if size <= limit:
            break
        size -= _size((day.date, data[day.date]))
        data[day.date] = _text(Day(day.date, _worst(day.namespaces, 0)))
        size += _size((day.date, data[day.date]))
    for day in days:
        if size <= limit:
            break
        size -= _size((day.date, data.pop(day.date)))
    return data


def load(data: Mapping[str, str]) -> Trend:
    """The trend that `dump` wrote; what people or others made of it is left out where it is bad."""
    days = (_read(name, text) for name, text in sorted(data.items()) if _is_date(name))
    return Trend(tuple(day for day in days if day is not None)[-KEPT_DAYS:])


def _worst(namespaces: Mapping[str, Counts], listed: int) -> Mapping[str, Counts]:
    """So many of the namespaces, and the sum of all others."""
    names = [name for name in namespaces if name != OTHERS]
    if len(names) <= listed:
        return namespaces
    names.sort(key=lambda name: (*_bad(namespaces[name]), name))
    kept = {name: namespaces[name] for name in sorted(names[:listed])}
    rest = [counts for name, counts in namespaces.items() if name not in kept]
    return {**kept, OTHERS: total(rest)}


def _bad(counts: Counts) -> tuple[int, int, int]:
    return (-counts.refused, -sum(counts.failing.values()), -counts.owners)


def _text(day: Day) -> str:
    return msgspec.json.encode(day.namespaces, order="deterministic").decode()


def _size(entry: tuple[str, str]) -> int:
    return len(entry[0]) + len(entry[1].encode())


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _read(name: str, text: str) -> Day | None:
    if len(text) > MAX_BYTES:
        return None
    try:
        namespaces = msgspec.json.decode(text, type=dict[str, Counts])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    good = len(namespaces) <= _MAX_NAMES and all(map(_plausible, namespaces.values()))
    return Day(name, namespaces) if good else None


def _plausible(counts: Counts) -> bool:
    numbers = (
        counts.owners,
        counts.refused,
        counts.images,
        *counts.failing.values(),
        *counts.unknown.values(),
    )
    return all(0 <= number <= _MAX_COUNT for number in numbers)
