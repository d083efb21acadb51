import asyncio

import pytest

from webhook.registry.flights import Flights


class Tower:
    """Counts starts; lands when told."""

    def __init__(self) -> None:
        self.starts = 0
        self.landing = asyncio.Event()

    async def fly(self) -> int:
        self.starts += 1
        await self.landing.wait()
        return 7

    async def crash(self) -> int:
        self.starts += 1
        await self.landing.wait()
        raise ValueError("crashed")


async def test_equal_questions_share_one_flight() -> None:
    flights: Flights[str, int] = Flights()
    tower = Tower()
    waiting = [asyncio.create_task(flights.join("a", tower.fly)) for _ in range(10)]
    await asyncio.sleep(0)
    tower.landing.set()

    assert await asyncio.gather(*waiting) == [7] * 10
    assert tower.starts == 1
    assert len(flights) == 0


async def test_a_waiter_that_leaves_does_not_end_the_flight() -> None:
    flights: Flights[str, int] = Flights()
    tower = Tower()
    first = asyncio.create_task(flights.join("a", tower.fly))
    second = asyncio.create_task(flights.join("a", tower.fly))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    tower.landing.set()

    assert await second == 7
    assert first.cancelled()
    assert tower.starts == 1


async def test_a_flight_that_everybody_left_lands_in_silence() -> None:
    flights: Flights[str, int] = Flights()
    tower = Tower()
    only = asyncio.create_task(flights.join("a", tower.crash))
    await asyncio.sleep(0)
    only.cancel()
    await asyncio.gather(only, return_exceptions=True)
    tower.landing.set()
    await asyncio.sleep(0.01)

    # A forgotten failure would be an error of the test run (warnings are errors).
    assert len(flights) == 0


async def test_a_failure_is_everybodys_and_is_not_kept() -> None:
    flights: Flights[str, int] = Flights()
    tower = Tower()
    tower.landing.set()
    waiting = [asyncio.create_task(flights.join("a", tower.crash)) for _ in range(2)]
    for one in waiting:
        with pytest.raises(ValueError, match="crashed"):
            await one

    assert await flights.join("a", tower.fly) == 7


async def test_close_ends_what_flies() -> None:
    flights: Flights[str, int] = Flights()
    waiting = asyncio.create_task(flights.join("a", Tower().fly))
    await asyncio.sleep(0)
    await flights.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
