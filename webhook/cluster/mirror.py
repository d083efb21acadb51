"""A picture of all objects of one kind, kept up to date by list and watch."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from webhook.cluster.api import decode
from webhook.cluster.lists import list_pages, selectors
from webhook.cluster.metadata import Key, Metadata, Object
from webhook.cluster.status import Status
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind

T = TypeVar("T", bound="HasMetadata")
V = TypeVar("V")

_WATCH_SECONDS = 290
"""The API server ends a watch after that; a new one goes on where it ended."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
"""Seconds between attempts while the API server is away; it comes back to all of us at once."""
_GONE = 410
_AT_ONCE = 100
"""Objects that are taken from a page without a pause: some milliseconds."""

_log = logging.getLogger(__name__)


class HasMetadata(msgspec.Struct):
    """What can be mirrored: an object that knows its name."""

    metadata: Metadata


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Mirror(Generic[V]):
    """Holds the latest of every object; goes on with what it last saw when nobody answers."""

    def __init__(
        self,
        api: Api,
        kind: Kind,
        item: type[T],
        keep: Callable[[T], V],
        *,
        namespace: str = "",
        fields: str = "",
        labels: str = "",
        changed: Callable[[Key, V | None], None] | None = None,
    ) -> None:
        """Nothing is asked before `run`.

        Args:
            api: the cluster.
            kind: of the objects.
            item: what each is decoded into; only its fields are read.
            keep: what is held of it; called once for every state of an object.
            namespace: only there; empty: everywhere.
            fields: field selector.
            labels: label selector.
            changed: told of every new value, and with None of every object that is gone.
        """
        self.kind = kind
        self.held: dict[Key, V] = {}
        self.problem = ""
        """Why the picture may be old; empty while a watch is open."""
        self._api = api
        self._item = item
        self._keep: Callable[[Any], V] = keep
        self._namespace = namespace
        self._fields = fields
        self._labels = labels
        self._changed = changed
        self._version = ""
        self._synced = asyncio.Event()
        self._heard: float | None = None
        self._versions: dict[Key, str] = {}

    @property
    def synced(self) -> bool:
        """True once a whole list was seen, for ever."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Return once a whole list was seen."""
        await self._synced.wait()

    def behind(self) -> float:
        """Seconds since the API server was last heard of; infinite before the first list."""
        if self._heard is None:
            return float("inf")
        return asyncio.get_running_loop().time() - self._heard

    async def run(self) -> None:
        """Follow for ever; what goes wrong is said once, and tried again."""
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE
        while True:
            began = loop.time()
            try:
                if not self._version:
                    await self.look()
                await self._watch()
            except ClusterError as error:
                if error.status == _GONE or error.reason == "Expired":
                    self._version = ""
                else:
                    if not self.problem:
                        _log.warning("%s: %s; going on with what was seen", self.kind.plural, error)
                    self.problem = str(error)
            if loop.time() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            # Not all at the same moment; and no storm, whatever answers at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def look(self) -> None:
        """See everything once, and let go of what is not there any more.

        Raises:
            ClusterError: it cannot be listed.
        """
        seen: set[Key] = set()
        version = ""
        async for page in list_pages(
            self._api,
            self.kind,
            self._item,
            namespace=self._namespace,
            fields=self._fields,
            labels=self._labels,
        ):
            version = page.version
            for number, item in enumerate(page.items):
                # A list of a hundred thousand must not stop everything else.
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                seen.add(item.metadata.key)
                self._take(item)
        for key in self.held.keys() - seen:
            self._drop(key)
        self._version = version
        self._is_heard()
        self._synced.set()

    async def _watch(self) -> None:
        """Follow from the last version on, until the stream ends."""
        query = selectors(self._fields, self._labels) | {
            "watch": "true",
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        path = self.kind.path(self._namespace)
        async with self._api.stream(path, query) as lines:
            self._is_heard()
            async for line in lines:
                self._event(decode(line, _Event, path), path)
                self._is_heard()

    def _event(self, event: _Event, path: str) -> None:
        match event.type:
            case "ADDED" | "MODIFIED":
                item = decode(event.object, self._item, path)
                self._take(item)
                self._version = item.metadata.resource_version
            case "DELETED":
                metadata = decode(event.object, Object, path).metadata
                self._drop(metadata.key)
                self._version = metadata.resource_version
            case "BOOKMARK":
                self._version = decode(event.object, Object, path).metadata.resource_version
            case _:
                status = decode(event.object, Status, path)
                raise ClusterError(
                    f"the watch of {path} ended: {status.message}",
                    status=status.code,
                    reason=status.reason,
                )

    def _take(self, item: HasMetadata) -> None:
        metadata = item.metadata
        key = metadata.key
        if self._versions.get(key) == metadata.resource_version:
            return
        value = self._keep(item)
        self._versions[key] = metadata.resource_version
        self.held[key] = value
        if self._changed is not None:
            self._changed(key, value)

    def _drop(self, key: Key) -> None:
        self._versions.pop(key, None)
        if self.held.pop(key, None) is not None and self._changed is not None:
            self._changed(key, None)

    def _is_heard(self) -> None:
        if self.problem:
            _log.info("%s: the API server answers again", self.kind.plural)
            self.problem = ""
        self._heard = asyncio.get_running_loop().time()
