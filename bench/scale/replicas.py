"""Replicas that follow a cluster, some to a process: started, listened to, and ended."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bench.scale.replica import Changed, Report, Said, Synced

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

T = TypeVar("T")

_SYNC_SECONDS = 900.0
_ANSWER_SECONDS = 60.0
_END_SECONDS = 10.0
_MAX_LINE = 1024 * 1024

_said = msgspec.json.Decoder(Said).decode


class Process:
    """One process with some replicas."""

    def __init__(self, process: asyncio.subprocess.Process, changed: asyncio.Condition) -> None:
        self.said: list[Said] = []
        self._process = process
        self._changed = changed

    async def listen(self) -> None:
        """Take everything that it says, until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.said.append(_said(line))
            async with self._changed:
                self._changed.notify_all()

    def ask(self) -> None:
        """Ask for a report."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    def all(self, kind: type[T]) -> list[T]:
        """What it said of one kind."""
        return [one for one in self.said if isinstance(one, kind)]

    async def end(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class Replicas:
    """All processes; `each` replicas in every one of them."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.processes: list[Process] = []
        self.changed = asyncio.Condition()

    @property
    def count(self) -> int:
        """How many replicas."""
        return self.each * len(self.processes)

    async def synced(self) -> list[Synced]:
        """Wait until all know everything; how that went, process by process."""
        await self.until(lambda: all(one.all(Synced) for one in self.processes), _SYNC_SECONDS)
        return [one.all(Synced)[0] for one in self.processes]

    async def reports(self) -> list[Report]:
        """What each process has needed until now."""
        before = [len(one.all(Report)) for one in self.processes]
        for one in self.processes:
            one.ask()
        await self.until(
            lambda: all(
                len(one.all(Report)) > had for one, had in zip(self.processes, before, strict=True)
            )
        )
        return [one.all(Report)[-1] for one in self.processes]

    async def seen(self, source: str) -> list[float]:
        """Wait until every replica shows a policy with this source; when each of them did."""

        def moments() -> dict[tuple[int, int], float]:
            return {
                (number, change.replica): change.at
                for number, process in enumerate(self.processes)
                for change in process.all(Changed)
                if source in change.sources
            }

        await self.until(lambda: len(moments()) == self.count)
        return list(moments().values())

    async def until(self, true: Callable[[], bool], seconds: float = _ANSWER_SECONDS) -> None:
        """Wait for something that they say."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(true)


@asynccontextmanager
async def replicas(
    kubeconfig: Path, *, processes: int = 1, each: int = 1
) -> AsyncIterator[Replicas]:
    """Start them together, in fresh processes."""
    group = Replicas(each)
    async with AsyncExitStack() as stack:
        for _ in range(processes):
            started = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.scale.replica", str(kubeconfig), str(each)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_MAX_LINE,
            )
            process = Process(started, group.changed)
            listening = asyncio.create_task(process.listen())
            stack.push_async_callback(asyncio.wait, {listening})
            stack.push_async_callback(process.end)
            group.processes.append(process)
        yield group
