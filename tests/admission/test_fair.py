"""Turns among namespaces."""

from __future__ import annotations

import asyncio
import time

import pytest

from webhook.admission.fair import FairTurns


def later(seconds: float = 5.0) -> float:
    return asyncio.get_running_loop().time() + seconds


class Crowd:
    """Those who hold turns or wait for them, until they are told to go."""

    def __init__(self, turns: FairTurns) -> None:
        self.turns = turns
        self.order: list[str] = []
        self.go = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, namespace: str, count: int = 1) -> None:
        self.tasks += [asyncio.create_task(self._one(namespace)) for _ in range(count)]
        await asyncio.sleep(0)

    async def _one(self, namespace: str) -> None:
        async with self.turns.turn(namespace, later()):
            self.order.append(namespace)
            await self.go.wait()

    async def leave(self) -> None:
        self.go.set()
        await asyncio.gather(*self.tasks)


async def test_one_namespace_has_three_quarters_at_most() -> None:
    crowd = Crowd(FairTurns(8))
    await crowd.come("a", 20)
    assert crowd.order == ["a"] * 6

    await crowd.come("b", 2)
    assert crowd.order[6:] == ["b", "b"]
    await crowd.leave()
    assert crowd.order.count("a") == 20


async def test_whoever_has_fewest_comes_next() -> None:
    turns = FairTurns(4)
    holding = [turns.turn(name, later()) for name in ("a", "a", "a", "b")]
    for one in holding:
        await one.__aenter__()
    crowd = Crowd(turns)
    await crowd.come("a", 3)
    await crowd.come("c", 1)
    await holding[0].__aexit__(None, None, None)
    await asyncio.sleep(0)

    assert crowd.order == ["c"]
    for one in holding[1:]:
        await one.__aexit__(None, None, None)
    await crowd.leave()
    assert crowd.order == ["c", "a", "a", "a"]


async def test_waiting_ends_with_the_deadline_and_leaves_nothing_behind() -> None:
    turns = FairTurns(1)
    async with turns.turn("a", later()):
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with turns.turn("b", later(0.01)):
                    pass
    async with turns.turn("c", later(0.1)):
        pass


async def test_a_turn_that_came_when_its_owner_had_gone_is_passed_on() -> None:
    turns = FairTurns(1)
    first = turns.turn("a", later())
    await first.__aenter__()
    crowd = Crowd(turns)
    await crowd.come("b")
    await first.__aexit__(None, None, None)
    crowd.tasks.pop().cancel()  # at the moment at which it is called up
    await asyncio.sleep(0)

    async with turns.turn("c", later(0.5)):
        pass


async def test_many_are_served_whoever_leaves() -> None:
    turns = FairTurns(3)
    served = 0

    async def one(number: int) -> None:
        nonlocal served
        async with turns.turn(f"n{number % 5}", later()):
            await asyncio.sleep(0.001)
            served += 1

    tasks = [asyncio.create_task(one(number)) for number in range(200)]
    await asyncio.sleep(0.005)
    for task in tasks[::7]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert served >= 200 - len(tasks[::7])
    async with turns.turn("z", later(0.1)):
        pass


async def test_whose_time_has_just_ended_is_passed_over() -> None:
    turns = FairTurns(1)
    order: list[str] = []

    async def come(namespace: str, deadline: float) -> None:
        async with turns.turn(namespace, deadline):
            order.append(namespace)

    async with turns.turn("a", later()):
        late = asyncio.create_task(come("b", later(0.01)))
        patient = asyncio.create_task(come("c", later()))
        await asyncio.sleep(0)
        time.sleep(0.02)  # noqa: ASYNC251 - its time ends while nobody can look
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # now it is cancelled, and has not heard of it
    await patient
    with pytest.raises(TimeoutError):
        await late
    await come("d", later())
    assert order == ["c", "d"]
