"""Writes and deletes reports, one after the other at a steady pace."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from webhook.errors import ClusterError
from webhook.operator.facts_writer import MANAGER
from webhook.operator.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind
    from webhook.cluster.metadata import Key

_NOT_FOUND, _CONFLICT = 404, 409
_ENDING = "being terminated"
"""What an API server says of a namespace that goes (NamespaceLifecycle)."""

_log = logging.getLogger(__name__)


class ReportWriter:
    """One that goes wrong hinders no other.

    Merge patches, as of ImageFacts: a server-side apply that creates needs the verb `create` as
    well, of which no audit log tells, and servers before 1.21 make null of empty texts in it.

    Attributes:
        problem: what went wrong since `begin`; empty where nothing did.
    """

    def __init__(self, api: Api, per_second: float) -> None:
        """Call it inside the event loop."""
        self.problem = ""
        self._api = api
        self._pace = Pace(per_second, "reports")
        self._failed = 0

    def begin(self) -> None:
        """Forget what went wrong."""
        self.problem, self._failed = "", 0

    async def put(self, kind: Kind, key: Key, report: Mapping[str, Any], *, known: bool) -> None:
        """Create it, or change the one that is there."""
        namespace, name = key
        collection, path = kind.path(namespace), kind.path(namespace, name)
        if known:
            status = await self._tried(lambda: self._api.merge(path, report))
            if status != _NOT_FOUND:
                return
        query = {"fieldManager": MANAGER}
        status = await self._tried(lambda: self._api.create(collection, report, query))
        if status == _CONFLICT:  # our name without our label: somebody took it away
            await self._tried(lambda: self._api.merge(path, report))

    async def delete(self, kind: Kind, key: Key) -> None:
        """Delete it; it may be gone."""
        path = kind.path(*key)
        await self._tried(lambda: self._api.delete(path))

    async def _tried(self, request: Callable[[], Awaitable[bytes]]) -> int:
        """Give the status of a refusal that is no trouble, else 0; trouble is noted."""
        await self._pace.turn()
        try:
            await request()
        except ClusterError as error:
            self._pace.failed(error)
            if error.status in {_NOT_FOUND, _CONFLICT} or is_ending(error):
                _log.debug("audit: %s", error)
                return error.status
            self._failed += 1
            self.problem = self.problem or str(error)
            if self._failed == 1:
                _log.warning("audit: a report could not be written: %s", error)
        else:
            self._pace.succeeded()
        return 0


def is_ending(error: ClusterError) -> bool:
    """Whether a refusal says that the namespace goes: then so does all in it."""
    return _ENDING in str(error)
