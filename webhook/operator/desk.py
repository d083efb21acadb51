"""Reads all our documents together, as admission does, and says on each of them what became of it.

Whatever changed, everything is read anew: whether a policy holds may depend on a Registry, and one
Registry on another. What is listed is what is so; nothing is kept that could be wrong.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from webhook.cluster.kinds import (
    CLUSTER_IMAGE_POLICIES,
    IMAGE_EXCEPTIONS,
    IMAGE_POLICIES,
    REGISTRIES,
)
from webhook.cluster.lists import list_pages
from webhook.core.registries import Registries
from webhook.errors import ClusterError
from webhook.operator.bell import Bell
from webhook.operator.reading import Item, Key, answers, documents
from webhook.operator.statuses import write_conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind
    from webhook.core.document import Document
    from webhook.core.keys import PublicKey
    from webhook.core.reading import Loaded
    from webhook.core.rules.promotion import PromotionRule
    from webhook.operator.conditions import Found

KINDS = (REGISTRIES, CLUSTER_IMAGE_POLICIES, IMAGE_POLICIES, IMAGE_EXCEPTIONS)
_PAGE = 100
"""Objects asked for at one time: one may have a megabyte."""
_GATHER_SECONDS = 0.2
"""After a change: whoever applies a folder changes many things."""
_LONGEST_REST = 10.0
"""Seconds, where a look takes as long: somebody may change a policy all the time."""
_AGAIN_SECONDS = 60.0
"""Without any change: exceptions expire, and what could not be written is written."""
_PAUSE_SECONDS = 5.0
"""After the API server did not answer."""
_WRITERS = 8

_log = logging.getLogger(__name__)


class Desk:
    """Looks whenever the bell rings."""

    def __init__(
        self,
        api: Api,
        *,
        gather: Callable[[Iterable[Document]], Loaded],
        clock: Callable[[], datetime],
        bell: Bell,
    ) -> None:
        """Nothing is asked before `run`.

        Args:
            api: the cluster.
            gather: makes policies of all documents; pure, sets aside what it cannot use.
            clock: aware times.
            bell: rung when any of the documents changed.
        """
        self.registries = Registries()
        """Those in force; another object only where something of them changed."""
        self.promotion_rules: tuple[PromotionRule, ...] = ()
        """What the policies in force accept for promoted."""
        self.build_keys: tuple[PublicKey, ...] = ()
        """What they verify attestations with."""
        self.items: Mapping[str, Item] = {}
        """The Registry objects by name, as they were at the last look."""
        self.broken: Mapping[str, str] = {}
        """Why a Registry is set aside, by its name."""
        self.read = asyncio.Event()
        """Set after the first look."""
        self.counts: Mapping[tuple[str, str], int] = {}
        """Objects by kind and reason of `Ready`; Registries are not among them."""
        self.problem = "the documents were not read yet"
        """Why what is known may be old; empty after a look that went well."""
        self.changed: Callable[[], None] = lambda: None
        """Called after every look at which Registries, or what shows a promotion, had changed."""
        self._api = api
        self._gather = gather
        self._clock = clock
        self._bell = bell

    async def run(self) -> None:
        """Look for ever; after a look we rest at least as long as it took."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._look()
            except ClusterError as error:
                if not self.problem or not self.read.is_set():
                    _log.warning("our documents cannot be read: %s", error)
                self.problem = str(error)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self.problem = ""
            ended = loop.time()
            rest = min(ended - began, _LONGEST_REST)
            await self._bell.wait(_AGAIN_SECONDS)
            await asyncio.sleep(max(_GATHER_SECONDS, ended + rest - loop.time()))

    async def _look(self) -> None:
        found = [(kind, item) for kind in KINDS for item in await self._list(kind)]
        now = self._clock()
        loaded, told = await asyncio.to_thread(self._read, found, now)
        counts: dict[tuple[str, str], int] = {}
        limit = asyncio.Semaphore(_WRITERS)
        async with asyncio.TaskGroup() as group:
            for kind, item in found:
                answer = told[kind.kind, *item.metadata.key]
                if kind is REGISTRIES:
                    continue
                counts[kind.kind, answer.reason] = counts.get((kind.kind, answer.reason), 0) + 1
                group.create_task(
                    write_conditions(self._api, kind, item, [answer], now=now, limit=limit)
                )
        self.counts = counts
        self._take(loaded, {item.metadata.name: item for kind, item in found if kind is REGISTRIES})

    async def _list(self, kind: Kind) -> list[Item]:
        return [
            item.copied()
            async for page in list_pages(self._api, kind, Item, limit=_PAGE)
            for item in page.items
        ]

    def _read(
        self, found: list[tuple[Kind, Item]], now: datetime
    ) -> tuple[Loaded, Mapping[Key, Found]]:
        """In a thread: ten thousand documents take a second."""
        loaded = self._gather(documents(found))
        keys = [(kind.kind, *item.metadata.key) for kind, item in found]
        return loaded, answers(keys, loaded, now)

    def _take(self, loaded: Loaded, items: Mapping[str, Item]) -> None:
        broken = {
            one.name: one.message for one in loaded.policies.broken if one.kind == REGISTRIES.kind
        }
        same = (
            self.registries.all == loaded.policies.registries.all
            and self.broken == broken
            and _generations(self.items) == _generations(items)
        )
        rules = loaded.policies.promotion_rules
        same = same and list(map(_asked, self.promotion_rules)) == list(map(_asked, rules))
        self.items, self.broken = items, broken
        self.build_keys = loaded.policies.build_keys
        if not same:
            self.registries = loaded.policies.registries
            self.promotion_rules = rules
        first = not self.read.is_set()
        self.read.set()
        if first or not same:
            self.changed()


def _asked(rule: PromotionRule) -> object:
    """The rule without the Registries, which are other objects after each look."""
    return rule.accept, rule.keys


def _generations(items: Mapping[str, Item]) -> dict[str, tuple[str, int]]:
    return {name: (item.metadata.uid, item.metadata.generation) for name, item in items.items()}
