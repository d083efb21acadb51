"""Keeps `ImageFacts` for every digest in use: what its registry says, and who uses it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from webhook.operator.facts_counter import FactsCounter
from webhook.operator.facts_learner import FactsLearner
from webhook.operator.facts_steps import FactsOptions
from webhook.operator.facts_view import FactsView
from webhook.operator.facts_writer import FactsWriter
from webhook.operator.insides import Insides
from webhook.operator.pace import Pace
from webhook.operator.usage import Usage
from webhook.operator.users import Users
from webhook.operator.work_queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registries
    from webhook.operator.recorded_facts import Recorded
    from webhook.operator.users import News
    from webhook.registry.client import RegistryClient
    from webhook.registry.promotions import Promotions

_LOOKERS = 32
"""Digests that are looked at together; each registry has a bound of its own."""
_GATHER_SECONDS = 1.0
"""Until users are counted after a change: a rollout brings the next one at once."""

_log = logging.getLogger(__name__)


class FactsKeeper:
    """One per cluster: whoever leads runs it."""

    def __init__(
        self,
        api: Api,
        *,
        registries: Callable[[], Registries],
        client: RegistryClient,
        clock: Callable[[], datetime],
        options: FactsOptions | None = None,
        news: News | None = None,
        promotions: Promotions | None = None,
        keys: Callable[[], tuple[PublicKey, ...]] = tuple,
    ) -> None:
        """Put the parts together, inside the event loop; nothing is asked before `run`.

        Args:
            api: the cluster.
            registries: those configured now. They must have been read once before `run`, or every
                digest is recorded as of no configured registry.
            client: asks them; closed by whoever opened it.
            clock: gives aware times.
            options: see there.
            news: told of everybody who names images, as `Users` tells.
            promotions: asks whether images were promoted; None: nobody does.
            keys: what attestations are verified with, now.
        """
        self._options = options or FactsOptions()
        self._asked = WorkQueue()
        self._counted = WorkQueue()
        self._view = FactsView(api, self._object_changed)
        self._usage = Usage(self._usage_changed)
        self._users = Users(api, self._usage, news)
        writer = FactsWriter(api, Pace(self._options.writes_per_second), clock)
        self._counter = FactsCounter(
            view=self._view,
            usage=self._usage,
            users=self._users,
            writer=writer,
            clock=clock,
            queue=self._counted,
            options=self._options,
        )
        self._insides = Insides(
            api,
            view=self._view,
            usage=self._usage,
            client=client,
            registries=registries,
            options=self._options,
            ready=self._asked.add,
            keys=keys,
        )
        self._learner = FactsLearner(
            insides=self._insides,
            view=self._view,
            usage=self._usage,
            users=self._users,
            writer=writer,
            client=client,
            registries=registries,
            queue=self._asked,
            written=self._counter.written,
            options=self._options,
            promotions=promotions,
        )

    def registries_changed(self) -> None:
        """Ask again at once for what could not be learned: a Registry or policy changed."""
        self._learner.forgive()
        for digest in self._usage.digests():
            self._asked.add(digest)

    async def run(self) -> None:
        """Keep them for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._view.mirror.run())
            # What is recorded is known before anybody asks a registry.
            await self._view.mirror.wait_synced()
            _log.info("image facts: %d are recorded", len(self._view))
            group.create_task(self._users.run())
            group.create_task(self._asked.work(self._learner.look, _LOOKERS))
            # One at a time: what is learned comes before who uses it.
            group.create_task(self._counted.work(self._counter.look, 1))
            group.create_task(self._counter.sweep())
            group.create_task(self._insides.run())
            group.create_task(self._tell())

    async def _tell(self) -> None:
        """Say how far it is, while there is something to do."""
        said = (0, 0)
        while True:
            await asyncio.sleep(self._options.progress_seconds)
            now = (len(self._asked), len(self._learner.troubles))
            if now != said:
                _log.info(
                    "image facts: %d digests in use, %d recorded, %d to be looked at, "
                    "%d not learned yet",
                    len(self._usage),
                    len(self._view),
                    *now,
                )
            said = now

    def _usage_changed(self, digest: str) -> None:
        self._asked.add(digest)
        self._counted.add(digest, min(_GATHER_SECONDS, self._options.used_by_seconds))

    def _object_changed(self, digest: str, recorded: Recorded | None) -> None:
        if recorded is None and self._usage.is_used(digest):
            _log.warning("image facts of %s are gone and in use; writing them again", digest)
        self._asked.add(digest)
        if recorded is not None:
            self._insides.recorded(digest, recorded)
            self._counted.add(digest)
