"""So many requests a second, and none to a host that asked for a rest."""

from __future__ import annotations

import asyncio

import pytest

from tests.registry.scripted import in_turn, request, response
from webhook.registry.pace import Pace, Paced
from webhook.registry.patience import Retrying


async def test_requests_are_never_closer_than_the_pace_allows() -> None:
    loop = asyncio.get_running_loop()
    sent: list[float] = []
    began = loop.time()
    pace = Pace(20.0)

    async def ask(host: str) -> None:
        await pace.turn(host)
        sent.append(loop.time())

    await asyncio.gather(*(ask(f"r{number % 3}.example") for number in range(6)))
    # A busy machine wakes some late; none ever comes before its turn.
    assert all(at - began >= number * 0.05 for number, at in enumerate(sent))
    assert pace.sent == 6


async def test_a_quiet_time_is_not_saved_up() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(20.0)
    await pace.turn("r.example")
    await asyncio.sleep(0.2)
    began = loop.time()
    for _ in range(3):
        await pace.turn("r.example")
    assert loop.time() - began >= 0.09


async def test_a_host_that_says_too_many_is_left_alone_and_others_are_not() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(1000.0)
    began = loop.time()
    inner = in_turn(response(429, retry_after="1"), response(200))
    paced = Paced(inner, pace, "r.example")
    assert (await paced.send(request(seconds=5))).status == 429
    await Paced(in_turn(response(200)), pace, "other.example").send(request(seconds=5))
    assert loop.time() - began < 0.5
    assert (await paced.send(request(seconds=5))).status == 200
    assert loop.time() - began >= 0.9


async def test_the_second_try_after_too_many_comes_when_the_registry_wants_it() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    inner = in_turn(response(429, retry_after="1"), response(200))
    retrying = Retrying(Paced(inner, Pace(1000.0), "r.example"))
    assert (await retrying.send(request(seconds=5))).status == 200
    assert 0.9 <= loop.time() - began < 3


async def test_who_cannot_have_a_turn_in_time_sends_nothing() -> None:
    pace = Pace(1000.0)
    pace.rest("r.example", 60.0)
    inner = in_turn(response(200))
    with pytest.raises(TimeoutError):
        await Paced(inner, pace, "r.example").send(request(seconds=0.1))
    assert not inner.sent
    assert pace.sent == 0
