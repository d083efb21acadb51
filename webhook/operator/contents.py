"""Writes `ImageContents`, and sees to it that all of them together stay within bounds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import IMAGE_CONTENTS
from webhook.cluster.lists import list_pages
from webhook.cluster.mirror import HasMetadata
from webhook.core.recorded import name_of
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webhook.cluster.api import Api
    from webhook.operator.pace import Pace

_PAGE = 50
"""Objects of up to 256 KB each."""

_log = logging.getLogger(__name__)


class _Spec(msgspec.Struct, frozen=True):
    packages: str = ""


class _Item(HasMetadata):
    spec: _Spec = _Spec()


class ContentsWriter:
    """Nobody watches these objects: what there is was listed once, and is counted since."""

    def __init__(
        self, api: Api, pace: Pace, *, most_bytes: int, rank: Callable[[str], float]
    ) -> None:
        """Put it together.

        Args:
            api: the cluster.
            pace: of all writes.
            most_bytes: of all objects together.
            rank: of an object's name: the highest goes first when there is no room.
        """
        self._api = api
        self._pace = pace
        self._most = most_bytes
        self._rank = rank
        self._sizes: dict[str, int] = {}

    async def count(self) -> None:
        """See what is there.

        Raises:
            ClusterError: it cannot be listed.
        """
        self._sizes = {}
        async for page in list_pages(self._api, IMAGE_CONTENTS, _Item, limit=_PAGE):
            for item in page.items:
                self._sizes[item.metadata.name] = len(item.spec.packages)

    def has(self, digest: str) -> bool:
        """Whether there is an object about the digest."""
        return name_of(digest) in self._sizes

    async def write(self, digest: str, spec: Mapping[str, object]) -> None:
        """Write what is known about a digest, in place of what there was.

        Raises:
            ClusterError: it was not written.
        """
        name = name_of(digest)
        size = len(str(spec["packages"]))
        await self._make_room(size)
        body = {
            "apiVersion": IMAGE_CONTENTS.api_version,
            "kind": IMAGE_CONTENTS.kind,
            "metadata": {"name": name},
            "spec": spec,
        }
        if name in self._sizes:
            await self.drop(name)
        await self._pace.turn()
        try:
            await self._api.create(IMAGE_CONTENTS.path(), body)
        except ClusterError as error:
            if error.reason != "AlreadyExists":
                raise
        self._sizes[name] = size

    async def drop(self, name: str) -> None:
        """Delete an object.

        Raises:
            ClusterError: it was not deleted, and is not gone either.
        """
        await self._pace.turn()
        try:
            await self._api.delete(IMAGE_CONTENTS.path(name=name))
        except ClusterError as error:
            if error.reason != "NotFound":
                raise
        self._sizes.pop(name, None)

    async def tidy(self, gone: Callable[[str], bool]) -> None:
        """Delete the objects of names that are `gone`.

        Raises:
            ClusterError: one was not deleted.
        """
        for name in [name for name in self._sizes if gone(name)]:
            await self.drop(name)

    async def _make_room(self, size: int) -> None:
        total = sum(self._sizes.values()) + size
        if total <= self._most:
            return
        for name in sorted(self._sizes, key=self._rank, reverse=True):
            _log.info("package lists: no room for more; the list of %s goes", name)
            total -= self._sizes[name]
            await self.drop(name)
            if total <= self._most:
                return
