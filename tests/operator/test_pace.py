"""The pace of writes."""

from __future__ import annotations

import asyncio
import logging

import pytest

from webhook.errors import ClusterError
from webhook.operator.pace import Pace


async def took(pace: Pace, count: int) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(count):
        await pace.turn()
    return loop.time() - began


async def test_some_go_at_once_and_then_so_many_a_second() -> None:
    pace = Pace(100.0)

    assert await took(pace, 10) < 0.05
    assert 0.15 < await took(pace, 20) < 1.0


@pytest.mark.parametrize("status", [0, 429, 500, 503])
async def test_everybody_rests_while_the_api_server_is_in_trouble(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    pace = Pace(1000.0)
    for _ in range(20):
        pace.failed(ClusterError("it is away", status=status))

    assert await took(pace, 1) > 0.3
    assert caplog.text.count("it is away") == 1
    pace.succeeded()
    assert "takes them again" in caplog.text


@pytest.mark.parametrize("status", [403, 404, 409, 422])
async def test_a_refusal_of_one_write_stops_no_other(status: int) -> None:
    pace = Pace(1000.0)
    pace.failed(ClusterError("no", status=status))

    assert await took(pace, 5) < 0.1
