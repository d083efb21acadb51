"""The ConfigMap with the trend, whatever became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import NOW
from tests.cluster.api_server import ApiServer, api_server
from tests.reports.audits import audit, audited
from tests.reports.findings import finding
from webhook.operator.audit_trend import NAME, AuditTrend
from webhook.reports.trend_data import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/api/v1/configmaps"
FOUND = audit(audited(finding()))
TODAY = "2026-11-23"
DAY = '{"shop":{"owners":3,"refused":2,"images":4}}'


@pytest.fixture
async def world() -> AsyncIterator[tuple[ApiServer, AuditTrend]]:
    async with api_server() as (server, api):
        yield server, AuditTrend(api, "cocket")


def data(server: ApiServer) -> dict[str, Any]:
    found = server.get(PATH, NAME, "cocket")
    assert found is not None
    held: dict[str, Any] = found["data"]
    return held


async def test_the_first_audit_creates_it_and_the_same_again_writes_nothing(
    world: tuple[ApiServer, AuditTrend],
) -> None:
    server, trend = world
    await trend.record(FOUND)
    await trend.record(FOUND)

    assert [one.method for one in server.writes] == ["POST"]
    assert list(data(server)) == [TODAY]
    assert load(data(server)) == trend.latest
    assert trend.latest.days[0].namespaces["shop"].refused == 1


async def test_days_before_are_kept_whoever_wrote_them(
    world: tuple[ApiServer, AuditTrend],
) -> None:
    server, trend = world
    server.put(PATH, NAME, "cocket", data={"2026-11-22": DAY})
    await trend.record(FOUND)
    await trend.record(audit(audited(), taken=NOW + timedelta(days=1)))

    assert list(data(server)) == ["2026-11-22", TODAY, "2026-11-24"]
    assert [day.date for day in trend.latest.days] == list(data(server))


async def test_garbage_is_taken_away_and_good_days_stay(
    world: tuple[ApiServer, AuditTrend],
) -> None:
    server, trend = world
    spoilt = {"2026-11-20": "{", "note": "do not touch", "2026-11-21": DAY, "2030-01-01": DAY}
    server.put(PATH, NAME, "cocket", data=spoilt)
    await trend.record(FOUND)

    assert list(data(server)) == ["2026-11-21", TODAY]


@pytest.mark.parametrize("spoilt", [{}, {"data": None}, {"binaryData": {"x": "AA=="}}])
async def test_an_empty_one_is_filled(
    world: tuple[ApiServer, AuditTrend], spoilt: dict[str, Any]
) -> None:
    server, trend = world
    server.put(PATH, NAME, "cocket", **spoilt)
    await trend.record(FOUND)

    assert list(data(server)) == [TODAY]


async def test_one_that_is_deleted_comes_back_with_what_is_remembered(
    world: tuple[ApiServer, AuditTrend],
) -> None:
    server, trend = world
    server.put(PATH, NAME, "cocket", data={"2026-11-22": DAY})
    await trend.record(FOUND)
    server.drop(PATH, NAME, "cocket")
    await trend.record(FOUND)

    assert list(data(server)) == ["2026-11-22", TODAY]


async def test_what_cannot_be_written_is_a_problem_and_shown_all_the_same(
    world: tuple[ApiServer, AuditTrend],
) -> None:
    server, trend = world
    server.refuse("POST", "configmaps", 403, "Forbidden")
    await trend.record(FOUND)

    assert "403" in trend.problem
    assert [day.date for day in trend.latest.days] == [TODAY]
    server.agree()
    await trend.record(FOUND)
    assert trend.problem == ""
