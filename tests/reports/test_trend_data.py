"""The trend in a ConfigMap: small, and readable whatever people make of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.reports.trend import KEPT_DAYS, OTHERS, Counts, Day, Trend, total
from webhook.reports.trend_data import LISTED, MAX_BYTES, dump, load

LAST = date(2026, 11, 23)


def counts(number: int = 1) -> Counts:
    return Counts(
        owners=number + 20,
        refused=number,
        images=3 * number,
        failing={"digest": number, "init": number},
        unknown={"provenance": 1},
    )


def trend(days: int, namespaces: int) -> Trend:
    dates = [(LAST - timedelta(days=back)).isoformat() for back in reversed(range(days))]
    names = {f"namespace-{number:04}": counts(number) for number in range(namespaces)}
    return Trend(tuple(Day(one, names) for one in dates))


def size(data: dict[str, str]) -> int:
    return sum(len(key) + len(text) for key, text in data.items())


def sums(found: Trend) -> list[Counts]:
    return [total(day.namespaces.values()) for day in found.days]


def test_a_small_trend_comes_back_as_it_was() -> None:
    small = trend(days=5, namespaces=20)

    data = dump(small)

    assert sorted(data) == [day.date for day in small.days]
    assert load(data) == small


def test_of_many_namespaces_the_worst_are_listed_and_the_others_summed() -> None:
    big = trend(days=1, namespaces=LISTED + 50)

    [day] = load(dump(big)).days

    assert len(day.namespaces) == LISTED + 1
    assert "namespace-0249" in day.namespaces
    assert "namespace-0049" not in day.namespaces
    assert day.namespaces[OTHERS].refused == sum(range(50))
    assert sums(Trend((day,))) == sums(big)


def test_where_it_is_too_much_old_namespaces_are_summed_first_and_no_sum_is_lost() -> None:
    big = trend(days=KEPT_DAYS, namespaces=400)

    data = dump(big)
    found = load(data)

    assert MAX_BYTES * 0.8 < size(data) <= MAX_BYTES
    assert sums(found) == sums(big)
    assert list(found.days[0].namespaces) == [OTHERS]
    assert len(found.days[-1].namespaces) == LISTED + 1
    assert load(dump(found)) == found


def test_where_even_sums_are_too_much_the_oldest_days_go() -> None:
    big = trend(days=KEPT_DAYS, namespaces=300)

    data = dump(big, limit=2000)

    assert 0 < size(data) <= 2000
    assert max(data) == LAST.isoformat()
    assert len(data) < KEPT_DAYS


GOOD = '{"shop":{"owners":1,"refused":1,"images":2}}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        '{"shop":{"owners":1}}',
        '{"shop":{"owners":"1","refused":1,"images":2}}',
        '{"shop":{"owners":-1,"refused":1,"images":2}}',
        '{"shop":{"owners":1,"refused":1,"images":2,"failing":{"init":-5}}}',
        '{"shop":{"owners":99999999999,"refused":1,"images":2}}',
        '{"shop":' * 10_000,
        '{"shop":{"owners":1,"refused":1,"images":2},' + " " * MAX_BYTES + "}",
        "{" + ",".join(f'"n{n}":{{"owners":1,"refused":1,"images":2}}' for n in range(3)) + "",
        "{" + ",".join(f'"{n}":{GOOD[8:-1]}' for n in range(10_001)) + "}",
        "\ud800",
    ],
)
def test_a_bad_day_is_left_out_and_the_others_stay(text: str) -> None:
    found = load({"2026-11-22": text, "2026-11-23": GOOD})

    assert [day.date for day in found.days] == ["2026-11-23"]


@pytest.mark.parametrize("key", ["2026-11-31", "20261123", "2026-W48-1", "note", "", "../x"])
def test_a_key_that_is_no_day_is_left_out(key: str) -> None:
    assert load({key: GOOD}) == Trend()


def test_more_days_than_are_kept_are_the_last_ones() -> None:
    days = {(LAST - timedelta(days=one)).isoformat(): GOOD for one in range(200)}

    found = load(days)

    assert len(found.days) == KEPT_DAYS
    assert found.days[-1].date == LAST.isoformat()


@given(st.dictionaries(st.text(max_size=12) | st.just("2026-11-23"), st.text(max_size=60)))
def test_anything_can_be_read_and_written(data: dict[str, str]) -> None:
    assert size(dump(load(data))) <= MAX_BYTES
