"""Writes who uses which digest, now and then, and lets go of what nobody uses any more."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from webhook.errors import ClusterError
from webhook.operator.facts_steps import Step, count_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.operator.facts_steps import FactsOptions
    from webhook.operator.facts_view import FactsView
    from webhook.operator.facts_writer import FactsWriter
    from webhook.operator.usage import Usage
    from webhook.operator.users import Users
    from webhook.operator.work_queue import WorkQueue

_AGAIN_SECONDS = 30.0
_LOOK_SECONDS = 0.5

_log = logging.getLogger(__name__)


class FactsCounter:
    """Looks at one digest after the other."""

    def __init__(
        self,
        *,
        view: FactsView,
        usage: Usage,
        users: Users,
        writer: FactsWriter,
        clock: Callable[[], datetime],
        queue: WorkQueue,
        options: FactsOptions,
    ) -> None:
        """Put the parts together."""
        self._view = view
        self._usage = usage
        self._users = users
        self._writer = writer
        self._clock = clock
        self._queue = queue
        self._options = options
        self._time = asyncio.get_running_loop().time
        self._written: dict[str, float] = {}

    def written(self, digest: str) -> None:
        """`status.usedBy` was written just now; the next time is not before long."""
        self._written[digest] = self._time()

    async def look(self, digest: str) -> None:
        """Do what has to be done about a digest."""
        try:
            await self._look(digest)
        except ClusterError as error:
            # Gone or changed meanwhile: the watch brings it here again.
            if error.reason not in {"NotFound", "Conflict"}:
                self._queue.add(digest, _AGAIN_SECONDS * random.uniform(1.0, 1.5))  # noqa: S311 - not all at one moment

    async def sweep(self) -> None:
        """Look at everything once all is counted; later, now and then, at what nobody uses."""
        settled, said = False, ""
        while True:
            await asyncio.sleep(self._options.sweep_seconds if settled else _LOOK_SECONDS)
            first = not settled and self._users.settled
            settled = settled or first
            if not settled:
                continue
            missing = self._users.missing
            if missing and missing != said:
                _log.warning("unused image facts are kept until everybody is seen: %s", missing)
            said = missing
            self._forget()
            for digest in self._view.digests():
                if first or not self._usage.is_used(digest):
                    self._queue.add(digest)

    def _forget(self) -> None:
        oldest = self._time() - self._options.used_by_seconds
        self._written = {one: at for one, at in self._written.items() if at > oldest}

    async def _look(self, digest: str) -> None:
        recorded = self._view.latest(digest)
        if recorded is None or not recorded.ours:
            return  # the other queue sees to it
        now = self._clock()
        used_by = self._usage.used_by(digest)
        step = count_step(
            recorded,
            used_by,
            settled=self._users.settled,
            whole=not self._users.missing,
            now=now,
            keep_unused=self._options.keep_unused,
        )
        if step is Step.COUNT:
            due = self._written.get(digest, float("-inf")) + self._options.used_by_seconds
            if (wait := due - self._time()) > 0:
                self._queue.add(digest, wait)
                return
            since = None if used_by.count else (recorded.unused_since or now)
            self.written(digest)
            self._view.wrote(digest, await self._writer.count(digest, used_by, unused_since=since))
            self._queue.add(digest)
        elif step is Step.DELETE:
            await self._writer.delete(digest, recorded.version)
            _log.info("image facts of %s: nobody used them since %s", digest, recorded.unused_since)
