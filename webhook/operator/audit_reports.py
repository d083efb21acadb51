"""Keeps one report for each owner that was audited, in the API that the cluster serves."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.mirror import Mirror
from webhook.errors import ClusterError
from webhook.operator.report_apis import KINDS, ReportsWanted, preferred, served_apis
from webhook.operator.report_items import ReportItem, said_by
from webhook.operator.report_writer import ReportWriter
from webhook.reports.policy_report import (
    MANAGED_BY,
    ReportApi,
    fingerprint,
    policy_report,
    report_name,
)
from webhook.reports.report_result import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable
    from typing import Any

    from webhook.cluster.api import Api
    from webhook.cluster.metadata import Key
    from webhook.reports.audited import Audit, Audited

_AT_ONCE = 8
_BREATH = 20
"""Reports that are made without a pause for others: some milliseconds."""
_SYNC_SECONDS = 30.0

_log = logging.getLogger(__name__)


class ReportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is written, and how fast."""

    wanted: ReportsWanted = ReportsWanted.AUTO
    writes_per_second: float = 50.0
    discover_seconds: float = 10.0
    """Between two looks at which API is served."""


class AuditReports:
    """Compares what should be there with what is, and writes the difference.

    Attributes:
        problem: why reports are not as they should be; empty where they are.
        discovered: whether it is known which APIs are served.
    """

    def __init__(
        self,
        api: Api,
        options: ReportOptions,
        *,
        everything_changed: Callable[[], None],
        changed: Callable[[str], None],
    ) -> None:
        """Nothing is asked before `run`; call it inside the event loop.

        Args:
            api: the cluster.
            options: see there.
            everything_changed: called when another API is written from now on.
            changed: called with a namespace in which somebody else changed a report of ours.
        """
        self.problem = ""
        self.discovered = False
        self._api = api
        self._options = options
        self._everything_changed = everything_changed
        self._changed = changed
        self._mirrors: dict[ReportApi, Mirror[str]] = {}
        self._following: dict[ReportApi, asyncio.Task[None]] = {}
        self._expected: dict[Key, str] = {}
        self._writer = ReportWriter(api, options.writes_per_second)

    @property
    def api(self) -> ReportApi | None:
        """The one that is written; None where there is none."""
        return preferred(self._options.wanted, self._mirrors)

    async def discover(self) -> None:
        """Look which APIs are served, and follow our reports in them.

        Raises:
            ClusterError: the API server does not tell.
        """
        served = await served_apis(self._api, self._options.wanted)
        first, self.discovered = not self.discovered, True
        before = self.api
        for one in self._mirrors.keys() - served:
            self._following.pop(one).cancel()
            del self._mirrors[one]
        for one in served - self._mirrors.keys():
            self._follow(one)
        if self.api is not before:
            self._expected.clear()
            _log.info("audit: reports are written as %s", self.api.value if self.api else "nothing")
            if not first:
                self._everything_changed()

    async def run(self) -> None:
        """Go on looking for ever."""
        try:
            while True:
                await asyncio.sleep(self._options.discover_seconds)
                try:
                    await self.discover()
                except ClusterError as error:
                    _log.debug("audit: which reports are served is not known: %s", error)
        finally:
            following = list(self._following.values())
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            self._following.clear()
            self._mirrors.clear()
            self.discovered = False

    async def write(self, audit: Audit, namespaces: Collection[str], *, everything: bool) -> None:
        """Bring the reports of some namespaces up to date.

        Args:
            audit: what was found, of all namespaces.
            namespaces: those that were looked at; of no meaning for `everything`.
            everything: whether all were.
        """
        if self.api is None:
            return
        if not await self._synced():
            return
        self._writer.begin()
        chosen = self.api
        mirror = self._mirrors[chosen]
        looked_at = [
            one for one in audit.audited if everything or one.owner.namespace in namespaces
        ]
        wanted = await self._put(looked_at, audit, chosen, mirror)
        gone = (key for key in list(mirror.held) if key not in wanted)
        old = [key for key in gone if everything or key[0] in namespaces]
        for key in old:
            self._expected.pop(key, None)
        await self._each(
            self._writer.delete(KINDS[chosen], key) for key in old if mirror.held.get(key)
        )
        await self._sweep(chosen)
        self.problem = self._writer.problem

    def _follow(self, one: ReportApi) -> None:
        mirror = Mirror(
            self._api,
            KINDS[one],
            ReportItem,
            said_by,
            labels=f"{MANAGED_BY}={SOURCE}",
            changed=lambda key, said: self._seen(one, key, said),
        )
        self._mirrors[one] = mirror
        self._following[one] = asyncio.create_task(mirror.run())

    def _seen(self, one: ReportApi, key: Key, said: str | None) -> None:
        """Somebody wrote or deleted a report of ours; mostly we did."""
        if one is self.api and self._expected.get(key) != said:
            self._changed(key[0])

    async def _synced(self) -> bool:
        """Whether all reports of ours are known: without, each would be written again."""
        try:
            async with asyncio.timeout(_SYNC_SECONDS):
                for mirror in list(self._mirrors.values()):
                    await mirror.wait_synced()
        except TimeoutError:
            found = [one.problem for one in self._mirrors.values() if one.problem]
            self.problem = found[0] if found else "reports cannot be listed yet"
            _log.warning("audit: no reports were written: %s", self.problem)
            return False
        return True

    async def _put(
        self, audited: Iterable[Audited], audit: Audit, chosen: ReportApi, mirror: Mirror[str]
    ) -> set[Key]:
        """Write what is new; gives the keys of all reports that there should be."""
        wanted: set[Key] = set()
        room = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for number, one in enumerate(audited):
                if number % _BREATH == 0:
                    await asyncio.sleep(0)
                report = policy_report(one, chosen, audit.taken)
                if report is None:
                    continue
                key = (one.owner.namespace, report_name(one.owner))
                wanted.add(key)
                said = fingerprint(report)
                self._expected[key] = said
                known = mirror.held.get(key)
                if known == said:
                    continue
                await room.acquire()
                write = self._writer.put(KINDS[chosen], key, report, known=known is not None)
                task = group.create_task(write)
                task.add_done_callback(lambda _: room.release())
        return wanted

    async def _sweep(self, chosen: ReportApi) -> None:
        """Delete ours in the API that is not written any more."""
        for one, mirror in list(self._mirrors.items()):
            if one is not chosen:
                keys = [key for key, said in mirror.held.items() if said]
                await self._each(self._writer.delete(KINDS[one], key) for key in keys)

    async def _each(self, deletes: Iterable[Coroutine[Any, Any, None]]) -> None:
        for one in deletes:
            await one
