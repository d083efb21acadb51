"""Tells owners what an audit found, once for each finding, and never more than so many a minute."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec

from webhook.cluster.kinds import EVENTS
from webhook.errors import ClusterError
from webhook.operator.facts_writer import MANAGER
from webhook.operator.report_writer import is_ending
from webhook.reports.owner_event import owner_event

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from webhook.cluster.api import Api
    from webhook.reports.audited import Audit

_CONFLICT = 409
_NOT_FOUND = 404

_log = logging.getLogger(__name__)


class EventOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How many events there may be."""

    burst: int = 50
    per_second: float = 0.5
    """After those; etcd keeps each of them for an hour."""


class AuditEvents:
    """Remembers what it has told; after a restart the name of an event tells it again.

    Servers of 1.20 and newer, which we need, all have events.k8s.io/v1 (1.19).

    Attributes:
        problem: why none can be written; empty where they can.
    """

    def __init__(self, api: Api, instance: str, options: EventOptions | None = None) -> None:
        """Call it inside the event loop, whose time counts.

        Args:
            api: the cluster.
            instance: who we are, as no other is.
            options: see there.
        """
        self.problem = ""
        self._api = api
        self._instance = instance
        self._options = options or EventOptions()
        self._time = asyncio.get_running_loop().time
        self._tokens = float(self._options.burst)
        self._counted = self._time()
        self._told: dict[str, str] = {}
        """By uid of the owner: the name of the last event."""

    async def tell(self, audit: Audit, namespaces: Collection[str], *, everything: bool) -> None:
        """Write an event for each owner of which something else would be refused than before.

        Args:
            audit: what was found.
            namespaces: those that were looked at; of no meaning for `everything`.
            everything: whether all were.
        """
        late = 0
        there: set[str] = set()
        for one in audit.audited:
            if not everything and one.owner.namespace not in namespaces:
                there.add(one.owner.uid)
                continue
            event = owner_event(one, self._instance, audit.taken)
            if event is None:
                continue
            uid, name = one.owner.uid, event["metadata"]["name"]
            there.add(uid)
            if self._told.get(uid) == name:
                continue
            if not self._may():
                late += 1
            elif await self._create(one.owner.namespace, event):
                self._told[uid] = name
        self._told = {uid: name for uid, name in self._told.items() if uid in there}
        if late:
            _log.info("audit: %d events are put off: too many at one time", late)

    def _may(self) -> bool:
        now, options = self._time(), self._options
        self._tokens = min(
            float(options.burst), self._tokens + (now - self._counted) * options.per_second
        )
        self._counted = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    async def _create(self, namespace: str, event: Mapping[str, Any]) -> bool:
        """Whether it has been told now."""
        try:
            await self._api.create(EVENTS.path(namespace), event, {"fieldManager": MANAGER})
        except ClusterError as error:
            if error.status in {_CONFLICT, _NOT_FOUND} or is_ending(error):
                return True  # it stands there already, or its namespace goes
            if not self.problem:
                _log.warning("audit: an event was not written: %s", error)
            self.problem = str(error)
            return False
        self.problem = ""
        return True
