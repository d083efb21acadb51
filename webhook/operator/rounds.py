"""Do something again with every change, and every second; what goes wrong is tried again."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_EVERY = 1.0
_SHORTEST = 0.05
_LONGEST = 4.0
"""Seconds between attempts: less than the five in which a drift is to be repaired."""
_CONFLICT = 409

_log = logging.getLogger(__name__)


class Rounds:
    """One thing that is kept true.

    Attributes:
        problem: what hinders it at the moment, printable; empty where nothing does.
    """

    def __init__(self, name: str, ear: asyncio.Event, step: Callable[[], Awaitable[str]]) -> None:
        """Nothing is done before `run`.

        Args:
            name: what it is about, for logs.
            ear: set when there is something to look at.
            step: look, and do at most one thing; gives the problem that remains.
        """
        self.problem = ""
        self._name = name
        self._ear = ear
        self._step = step

    async def run(self) -> None:
        """Go on for ever."""
        pause = _EVERY
        while True:
            self._ear.clear()
            try:
                self._tell(await self._step())
                pause = _EVERY
            except ClusterError as error:
                if error.status == _CONFLICT:
                    # Somebody wrote meanwhile; the watch brings it, and it is decided anew.
                    _log.debug("%s: %s", self._name, error)
                else:
                    self._tell(str(error))
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST)
            await asyncio.sleep(_SHORTEST)
            try:
                async with asyncio.timeout(_EVERY):
                    await self._ear.wait()
            except TimeoutError:
                continue

    def _tell(self, problem: str) -> None:
        problem = printable(problem, 500)
        if problem and problem != self.problem:
            _log.warning("%s: %s", self._name, problem)
        elif self.problem and not problem:
            _log.info("%s: in order again", self._name)
        self.problem = problem
