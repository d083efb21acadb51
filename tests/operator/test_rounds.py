import asyncio
import logging

import pytest

from webhook.errors import ClusterError
from webhook.operator.rounds import Rounds


class Steps:
    """Does what it is told, in turn; the last for ever."""

    def __init__(self, *told: str | ClusterError) -> None:
        self.told = list(told)
        self.taken = 0
        self.ear = asyncio.Event()
        self.rounds = Rounds("thing", self.ear, self.step)

    async def step(self) -> str:
        self.taken += 1
        now = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if isinstance(now, ClusterError):
            raise now
        return now

    async def until(self, taken: int) -> None:
        """Run until so many steps were begun and the next has not."""
        task = asyncio.create_task(self.rounds.run())
        async with asyncio.timeout(20):
            while self.taken < taken:
                self.ear.set()
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_change_is_looked_at_at_once() -> None:
    steps = Steps("")
    began = asyncio.get_running_loop().time()
    await steps.until(5)

    assert asyncio.get_running_loop().time() - began < 3


async def test_without_a_change_it_looks_every_second() -> None:
    steps = Steps("")
    task = asyncio.create_task(steps.rounds.run())
    async with asyncio.timeout(20):
        while steps.taken < 2:  # noqa: ASYNC110 - it is `steps` that nobody may touch
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_the_api_server_refuses_is_a_problem_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    steps = Steps(ClusterError("not\nyou", status=403), ClusterError("not\nyou", status=403), "")
    await steps.until(2)

    assert steps.rounds.problem == "not\\nyou"
    await steps.until(4)
    assert steps.rounds.problem == ""
    assert caplog.messages == ["thing: not\\nyou", "thing: in order again"]


async def test_a_conflict_is_no_problem(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    steps = Steps(ClusterError("other", status=409), "")
    await steps.until(2)

    assert (steps.rounds.problem, caplog.messages) == ("", [])
