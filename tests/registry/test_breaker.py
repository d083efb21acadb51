"""A registry in trouble is left alone: when, for how long, and for whom."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.scripted import Scripted, request, response
from webhook.core.facts import Reason, Unknown
from webhook.errors import BadContentError, BlockedError, RegistryError, UnavailableError
from webhook.registry.breaker import Breaker, Breakers, Breaking

if TYPE_CHECKING:
    from webhook.registry.exchange import Request, Response

DOWN = Unknown(Reason.UNREACHABLE, "down")


class World:
    """A registry that answers as the test wants, and a clock."""

    def __init__(self, *answers: Response | BaseException) -> None:
        self.now = 100.0
        self.answers = list(answers)
        self.inner = Scripted(self._answer)
        self.breakers = Breakers(lambda: self.now)

    def _answer(self, _: Request) -> Response:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def ask(self, who: Any = ()) -> str:
        """The status, or the reason of the failure."""
        try:
            answer = await Breaking(self.inner, self.breakers, "r.example", who).send(request())
        except RegistryError as error:
            return error.reason.value
        return str(answer.status)

    @property
    def asked(self) -> int:
        return len(self.inner.sent)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (UnavailableError(Reason.UNREACHABLE, "no connection"), "unreachable"),
        (UnavailableError(Reason.TIMED_OUT, "no answer"), "timed-out"),
        (UnavailableError(Reason.UNTRUSTED_TLS, "no trust"), "untrusted-tls"),
    ],
)
async def test_three_failures_in_a_row_are_enough(trouble: Exception, said: str) -> None:
    world = World(trouble)

    assert [await world.ask() for _ in range(5)] == [said] * 5
    assert world.asked == 3
    assert world.breakers.refused == {"r.example": 2}
    assert world.breakers.open() == {"r.example": True}


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_gateway_without_its_registry_is_trouble_too(status: int) -> None:
    world = World(response(status))

    assert [await world.ask() for _ in range(4)] == [str(status)] * 3 + ["unreachable"]


@pytest.mark.parametrize(
    "answer",
    [
        response(500),
        response(401),
        response(404),
        BadContentError(Reason.BAD_CONTENT, "no image"),
        UnavailableError(Reason.UNAUTHORIZED, "no"),
    ],
)
async def test_what_one_image_may_be_to_blame_for_stops_nobody(answer: Any) -> None:
    world = World(answer)
    for _ in range(10):
        await world.ask()

    assert world.asked == 10


async def test_one_good_answer_forgives_what_was_before() -> None:
    bad = response(503)
    world = World(bad, bad, response(), bad, bad, response())
    for _ in range(6):
        await world.ask()

    assert world.asked == 6
    assert world.breakers.open() == {"r.example": False}


async def test_it_says_why_and_who_is_left_alone() -> None:
    world = World(response(503))
    for _ in range(3):
        await world.ask()
    with pytest.raises(UnavailableError) as refused:
        await Breaking(world.inner, world.breakers, "r.example").send(request())

    assert str(refused.value) == (
        "r.example is left alone for a while, because r.example is in trouble (503)"
    )


async def test_after_the_pause_one_is_let_through_and_opens_the_door_for_all() -> None:
    world = World(response(503), response(503), response(503), response())
    for _ in range(3):
        await world.ask()
    world.now += 4.0
    assert await world.ask() == "unreachable"
    world.now += 1.0

    answers = await asyncio.gather(*(world.ask() for _ in range(5)))

    assert sorted(answers) == ["200", *["unreachable"] * 4]
    assert await world.ask() == "200"


def test_pauses_double_up_to_a_minute() -> None:
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(3):
        breaker.leave(DOWN, now)
    for _ in range(6):
        began = now
        while breaker.enter(now) is not None:
            now += 1.0
        pauses.append(now - began)
        breaker.leave(DOWN, now)

    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]


async def test_retry_after_is_obeyed_at_once_and_to_the_second() -> None:
    world = World(response(429, retry_after="30"), response())
    assert await world.ask() == "429"
    world.now += 29.0
    assert await world.ask() == "rate-limited"
    world.now += 1.0

    assert await world.ask() == "200"


@pytest.mark.parametrize("after", ["999999999", "9999999999999"])
async def test_a_retry_after_of_years_is_a_quarter_of_an_hour(after: str) -> None:
    world = World(response(429, retry_after=after), response())
    await world.ask()
    world.now += 900.0

    assert await world.ask() == "200"


async def test_a_tenant_who_used_up_his_pulls_stops_only_himself() -> None:
    world = World(response(429, retry_after="30"), response())
    assert await world.ask(who=("a",)) == "429"

    assert await world.ask(who=("a",)) == "rate-limited"
    assert await world.ask(who=("b",)) == "200"
    assert await world.ask() == "200"


async def test_a_probe_that_nobody_waits_for_leaves_its_place_to_the_next() -> None:
    world = World(response(503))
    for _ in range(3):
        await world.ask()
    world.now += 60.0
    never = asyncio.Event()

    class Silent:
        async def send(self, asked: Request) -> Response:
            await never.wait()
            return response(origin=asked.url.origin)

    probe = asyncio.create_task(Breaking(Silent(), world.breakers, "r.example").send(request()))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    world.answers = [response()]

    assert await world.ask() == "200"


def test_very_many_doors_are_not_remembered() -> None:
    breakers = Breakers(lambda: 0.0)
    for number in range(10_000):
        breakers.of(f"r{number}", ())

    assert len(breakers.open()) <= 4096


async def test_what_our_own_guard_forbids_is_no_trouble_of_the_registry() -> None:
    breakers = Breakers(lambda: 0.0)

    def forbidden(_: Request) -> Response:
        raise BlockedError(Reason.UNREACHABLE, "it must not be contacted")

    breaking = Breaking(Scripted(forbidden), breakers, "r.example")
    for _ in range(4):
        with pytest.raises(BlockedError):
            await breaking.send(request())

    assert breakers.open() == {"r.example": False}
