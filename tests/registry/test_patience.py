import asyncio
from typing import Any

import pytest

from tests.registry.scripted import Scripted, in_turn, request, response
from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.exchange import Request, Response
from webhook.registry.patience import Queued, Retrying, Turns


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
async def test_a_passing_trouble_is_asked_about_once_more(status: int) -> None:
    inner = in_turn(response(status), response(200))

    assert (await Retrying(inner).send(request())).status == 200


async def test_a_second_trouble_is_the_answer() -> None:
    inner = in_turn(response(503), response(503))

    assert (await Retrying(inner).send(request())).status == 503
    assert len(inner.sent) == 2


@pytest.mark.parametrize("status", [200, 307, 400, 401, 403, 404, 500])
async def test_other_answers_are_final(status: int) -> None:
    inner = in_turn(response(status))

    assert (await Retrying(inner).send(request())).status == status


@pytest.mark.parametrize(
    "headers",
    [
        {"retry_after": "3600"},
        {"retry_after": "9" * 400},
        {
            "retry_after": "Mon, 23 Nov 2026 13:00:00 GMT",
            "date": "Mon, 23 Nov 2026 12:00:00 GMT",
        },
    ],
)
async def test_nobody_waits_longer_than_the_deadline(headers: dict[str, Any]) -> None:
    inner = in_turn(response(429, **headers))

    assert (await Retrying(inner).send(request(seconds=1))).status == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"retry_after": "0"},
        {"retry_after": "soon"},
        {"retry_after": "-1"},
        {"retry_after": "²"},
        {"retry_after": "Mon, 23 Nov 2026 12:00:00 GMT"},
        {"retry_after": "Mon, 23 Nov 2026 12:00:00 GMT", "date": "yesterday"},
        {
            "retry_after": "Mon, 23 Nov 2026 12:00:00 GMT",
            "date": "Mon, 23 Nov 2026 12:00:00 GMT",
        },
        {},
    ],
)
async def test_a_short_or_odd_retry_after_is_a_short_pause(headers: dict[str, Any]) -> None:
    inner = in_turn(response(429, **headers), response(200))

    assert (await Retrying(inner).send(request(seconds=1))).status == 200


async def test_the_registry_says_how_long_to_wait() -> None:
    inner = in_turn(response(429, retry_after="1"), response(200))
    loop = asyncio.get_running_loop()
    begin = loop.time()

    assert (await Retrying(inner).send(request(seconds=3))).status == 200
    assert loop.time() - begin >= 0.9


class Slow:
    """Counts who speaks at once."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def send(self, request: Request) -> Response:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return response(200, origin=request.url.origin)


async def test_one_host_is_not_asked_too_much_at_once() -> None:
    slow = Slow()
    queued = Queued(slow, Turns(per_host=3), "a")
    await asyncio.gather(*(queued.send(request()) for _ in range(12)))

    assert slow.most == 3


async def test_all_hosts_together_are_not_asked_too_much_at_once() -> None:
    slow = Slow()
    turns = Turns(total=4)
    await asyncio.gather(*(Queued(slow, turns, str(n)).send(request()) for n in range(12)))

    assert slow.most == 4


async def test_a_host_that_does_not_answer_holds_nobody_else_up() -> None:
    turns = Turns(total=4, per_host=2)
    never = asyncio.Event()

    class Dead:
        async def send(self, request: Request) -> Response:
            await never.wait()
            return response(200, origin=request.url.origin)

    dead = [asyncio.create_task(Queued(Dead(), turns, "dead").send(request())) for _ in range(50)]
    await asyncio.sleep(0)
    answer = await Queued(Scripted(lambda _: response(200)), turns, "alive").send(request())
    for task in dead:
        task.cancel()
    await asyncio.gather(*dead, return_exceptions=True)

    assert answer.status == 200


async def test_a_queue_has_an_end() -> None:
    turns = Turns(per_host=1, waiting=2)
    queued = Queued(Slow(), turns, "a")
    outcomes = await asyncio.gather(
        *(queued.send(request()) for _ in range(5)), return_exceptions=True
    )

    assert [type(one) for one in outcomes].count(UnavailableError) == 2
    assert (await queued.send(request())).status == 200


async def test_waiting_for_a_turn_ends_with_the_deadline() -> None:
    turns = Turns(per_host=1)
    async with turns.turn("a"):
        with pytest.raises(UnavailableError) as late:
            await Queued(Slow(), turns, "a").send(request(seconds=0.05))

    assert late.value.reason is Reason.TIMED_OUT
