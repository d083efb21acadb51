"""Annotates workloads with what they run, where somebody asked for it; nothing of ours reads it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.audit.running import really_running
from webhook.cluster import kinds
from webhook.core.facts import Reason, Unknown
from webhook.errors import ClusterError
from webhook.operator.facts_writer import MANAGER
from webhook.operator.pace import Pace
from webhook.operator.report_writer import is_ending
from webhook.reports.owner_annotations import owner_annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind
    from webhook.core.facts import ImageFacts
    from webhook.reports.audited import Audit, Owner

_KINDS = {
    (kind.api_version, kind.kind): kind
    for kind in (
        kinds.DEPLOYMENTS,
        kinds.STATEFUL_SETS,
        kinds.DAEMON_SETS,
        kinds.CRON_JOBS,
        kinds.CRON_JOBS_BETA,
    )
}
_CONFLICT, _NOT_FOUND = 409, 404
_AT_ONCE = 100
_NO_RECORD = Unknown(Reason.NOT_FOUND)

_log = logging.getLogger(__name__)


class AnnotationOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How often, and how many."""

    seconds: float = 15.0
    """Between two comparisons of what was found with what was written."""
    writes_per_second: float = 5.0
    """A first time with 10,000 workloads takes half an hour."""


class Annotator:
    """Remembers what it wrote. After a restart all is written again, which changes nothing.

    Attributes:
        problem: why none can be written; empty where they can.
    """

    def __init__(
        self,
        api: Api,
        *,
        latest: Callable[[], Audit | None],
        recorded: Callable[[str], ImageFacts | None],
        unasked: frozenset[str] = frozenset(),
        options: AnnotationOptions,
    ) -> None:
        """Call it inside the event loop, whose time counts.

        Args:
            api: the cluster.
            latest: what was found last; None before that.
            recorded: facts by digest.
            unasked: namespaces that are left alone, as by admission.
            options: see there.
        """
        self.problem = ""
        self._api = api
        self._latest = latest
        self._recorded = recorded
        self._unasked = unasked
        self._options = options
        self._pace = Pace(options.writes_per_second, "annotations")
        self._written: dict[str, Mapping[str, str | None]] = {}
        """By uid of the owner."""

    def facts(self, digest: str) -> ImageFacts | Unknown:
        """What is recorded of a digest."""
        return self._recorded(digest) or _NO_RECORD

    async def run(self) -> None:
        """Keep them for ever."""
        while True:
            await asyncio.sleep(self._options.seconds)
            audit = self._latest()
            if audit is not None:
                await self.bring(audit)

    async def bring(self, audit: Audit) -> None:
        """Write what is new; ends early where meanwhile something else was found."""
        there: set[str] = set()
        for number, one in enumerate(audit.audited):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            owner = one.owner
            kind = _KINDS.get((owner.api_version, owner.kind))
            if kind is None or owner.namespace in self._unasked:
                continue
            there.add(owner.uid)
            values = owner_annotations(really_running(one, self), audit.taken)
            if self._written.get(owner.uid) == values:
                continue
            await self._pace.turn()
            if self._latest() is not audit:
                return
            if await self._patch(kind, owner, values):
                self._written[owner.uid] = values
        self._written = {uid: was for uid, was in self._written.items() if uid in there}

    async def _patch(self, kind: Kind, owner: Owner, values: Mapping[str, str | None]) -> bool:
        """Whether there is nothing more to do: the object's own metadata, never its template's."""
        # Another object of that name has another uid: the API server refuses it then.
        metadata = {"uid": owner.uid, "annotations": values}
        path = kind.path(owner.namespace, owner.name)
        try:
            await self._api.merge(path, {"metadata": metadata}, manager=MANAGER)
        except ClusterError as error:
            self._pace.failed(error)
            if error.status in {_CONFLICT, _NOT_FOUND} or is_ending(error):
                return True  # it is another one now, or goes
            if not self.problem:
                _log.warning("annotations: %s was not annotated: %s", owner.title, error)
            self.problem = f"workloads are not annotated: {error}"
            return False
        self._pace.succeeded()
        self.problem = ""
        return True
