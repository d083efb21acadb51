"""Facts for a whole run: every name is asked once, so many at a time, within one budget."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webhook.core.facts import Need
    from webhook.core.image import ImageRef
    from webhook.core.workload import Workload
    from webhook.engine import Source

AT_ONCE = 16
"""Images that are asked about at a time: registries slow down or refuse who asks for more."""
SPARE = 5.0
"""Seconds that a review waits beyond the budget, so that the source can say that it is spent."""


class Snapshot:
    """A source for one run: a tag that moves meanwhile gets one answer, not two."""

    def __init__(self, source: Source, budget: float | None = None) -> None:
        """Ask `source`, from now on for `budget` seconds; None: whoever waits counts the time.

        Call it inside the event loop.
        """
        self._late = Unknown(Reason.TIMED_OUT, f"not looked up within {budget or 0:g} s")
        now = asyncio.get_running_loop().time()
        self._deadline = None if budget is None else now + budget
        self.answered: Callable[[], None] = lambda: None
        """Called once for every name that was asked for, when its answer is there."""
        self._source = source
        self._room = asyncio.Semaphore(AT_ONCE)
        self._asked: dict[tuple[ImageRef, frozenset[Need]], asyncio.Task[ImageFacts | Unknown]] = {}

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What was answered before in this run, or what the source has at hand."""
        task = self._asked.get((ref, needs))
        if task is None:
            return self._source.known(ref, needs)
        return task.result() if task.done() else None

    def in_use(self, ref: ImageRef) -> bool:
        """What the source has recorded."""
        return self._source.in_use(ref)

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """The one answer of this run; who stops waiting does not stop the question.

        What was not answered when the budget is spent is unknown, reason `timed-out`.
        """
        task = self._asked.get((ref, needs))
        if task is None:
            task = asyncio.create_task(self._ask(ref, needs, workload))
            self._asked[ref, needs] = task
        try:
            async with asyncio.timeout_at(self._deadline):
                return await asyncio.shield(task)
        except TimeoutError:
            return self._late

    async def close(self) -> None:
        """Stop what is still being asked."""
        tasks = self._asked.values()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        async with self._room:
            try:
                return await self._source.learn(ref, needs, workload)
            except RegistryError as error:
                return Unknown(error.reason, str(error))
            finally:
                self.answered()


def names_in(workloads: Iterable[Workload]) -> int:
    """How many different names the workloads carry: the length of a progress bar, at most."""
    return len({use.image for workload in workloads for use in workload.images})
