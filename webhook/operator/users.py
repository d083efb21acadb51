"""The mirrors of all objects that name images, of the kinds that this cluster serves."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from webhook.cluster.metadata import Key
from webhook.cluster.mirror import Mirror
from webhook.cluster.served_kinds import chosen, served_kinds
from webhook.errors import ClusterError
from webhook.operator.named_images import Pinned, images_of, item_of

if TYPE_CHECKING:
    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind
    from webhook.operator.usage import Usage

_FRESH_SECONDS = 180.0
"""The API server sends a bookmark every minute."""
_LONGEST_PAUSE = 30.0

News: TypeAlias = Callable[[str, Key, Pinned | None], None]
"""Kind, namespace and name, and which digests are named; None: it is gone."""

_log = logging.getLogger(__name__)


class Users:
    """Follows everybody who names images, and tells `Usage`."""

    def __init__(self, api: Api, usage: Usage, news: News | None = None) -> None:
        """Nothing is asked before `run`.

        Args:
            api: the cluster.
            usage: told who names which digest.
            news: told of every state of an object.
        """
        self._api = api
        self._usage = usage
        self._news = news
        self._mirrors: tuple[Mirror[Pinned], ...] = ()

    @property
    def settled(self) -> bool:
        """True when every kind was seen, or cannot be: what is counted then is what can be."""
        return bool(self._mirrors) and all(one.synced or one.problem for one in self._mirrors)

    @property
    def missing(self) -> str:
        """Why the picture is not whole and fresh; empty where it is: then a zero is a zero."""
        if not self._mirrors:
            return "the API server has not told yet which kinds it serves"
        for mirror in self._mirrors:
            if not mirror.synced:
                return f"{mirror.kind.plural} were never listed: {mirror.problem or 'not yet'}"
            if mirror.problem:
                return f"{mirror.kind.plural} cannot be followed: {mirror.problem}"
            if mirror.behind() > _FRESH_SECONDS:
                return f"nothing was heard of {mirror.kind.plural} for {mirror.behind():.0f} s"
        return ""

    async def run(self) -> None:
        """Follow for ever."""
        found = await self._discover()
        self._mirrors = tuple(
            Mirror(
                self._api,
                kind,
                item_of(kind.kind),
                images_of,
                changed=self._told(kind.kind),
            )
            for kind in found
        )
        async with asyncio.TaskGroup() as group:
            for mirror in self._mirrors:
                group.create_task(mirror.run())

    def _told(self, kind: str) -> Callable[[Key, Pinned | None], None]:
        follow, news = self._usage.follow(kind), self._news
        if news is None:
            return follow

        def changed(key: Key, images: Pinned | None) -> None:
            follow(key, images)
            news(kind, key, images)

        return changed

    async def _discover(self) -> tuple[Kind, ...]:
        pause = 0.5
        while True:
            try:
                return chosen(await served_kinds(self._api))
            except ClusterError as error:
                _log.warning("which kinds are served is not known yet: %s", error)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - not all at once
            pause = min(2 * pause, _LONGEST_PAUSE)
