"""Keeps the audit of the cluster: looks, and brings reports, trend and events up to date."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

import msgspec

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.core.running import DRIFTED
from webhook.core.verdict import Outcome
from webhook.errors import ClusterError
from webhook.operator.annotations import AnnotationOptions, Annotator
from webhook.operator.audit_events import AuditEvents, EventOptions
from webhook.operator.audit_news import AuditNews
from webhook.operator.audit_parts import with_namespace
from webhook.operator.audit_plan import Plan, PlanOptions
from webhook.operator.audit_reports import AuditReports, ReportOptions
from webhook.operator.audit_trend import AuditTrend
from webhook.operator.bell import Bell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.cluster.state import ClusterState
    from webhook.reports.audited import Audit
    from webhook.reports.trend import Trend

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
_FOR_GOOD = frozenset(
    {
        Reason.NOT_CONFIGURED,
        Reason.SCRIPT,
        Reason.VARIABLE,
        Reason.PROGRAM,
        Reason.BAD_CONTENT,
    }
)
"""Reasons that only a change takes away, and changes are looked at anyway."""

_log = logging.getLogger(__name__)


class AuditOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator is asked to keep of the audit."""

    plan: PlanOptions = PlanOptions()
    reports: ReportOptions = ReportOptions()
    events: EventOptions | None = EventOptions()
    """None: none are written."""
    annotations: AnnotationOptions | None = None
    """None: workloads are left as they are."""
    requests_per_second: float = 10.0
    """To all registries together, about images that nobody recorded."""
    unasked: frozenset[str] = frozenset()
    """Namespaces that admission is never asked about."""
    instance: str = "operator"
    """Who we are, as no other is."""
    version: str = ""
    """Of Cocket."""


class Scanner(Protocol):
    """Looks at a cluster."""

    async def look(self, namespace: str = "") -> Audit:
        """Look at one namespace, or at everything; raises ClusterError."""


class AuditKeeper:
    """Whoever leads runs it.

    Attributes:
        latest: what was found last, of all namespaces; None before the first look.
        seconds: that the last look at everything took, without what was then written.
        errors: looks that came to nothing, since we lead.
        news: to be told what changes in the cluster.
    """

    def __init__(
        self,
        api: Api,
        *,
        state: ClusterState,
        scanner: Scanner,
        namespace: str,
        clock: Callable[[], datetime],
        options: AuditOptions,
    ) -> None:
        """Put it together, inside the event loop; nothing is asked before `run`.

        Args:
            api: the cluster.
            state: what decides; run by us.
            scanner: looks.
            namespace: our own.
            clock: gives aware times.
            options: see there.
        """
        self.latest: Audit | None = None
        self.seconds = 0.0
        self.errors = 0
        self.news = AuditNews(self._changed)
        self._state = state
        self._scanner = scanner
        self._clock = clock
        self._bell = Bell()
        self._time = asyncio.get_running_loop().time
        self._plan = Plan(options.plan, self._time())
        self._whole: datetime | None = None
        self._problem = ""
        self._said: frozenset[str] = frozenset()
        self._reports = AuditReports(
            api,
            options.reports,
            everything_changed=self._everything_changed,
            changed=self._changed,
        )
        self._trend = AuditTrend(api, namespace)
        self._events = (
            AuditEvents(api, options.instance, options.events) if options.events else None
        )
        self._annotator = (
            Annotator(
                api,
                latest=lambda: self.latest,
                recorded=state.recorded.facts,
                unasked=options.unasked,
                options=options.annotations,
            )
            if options.annotations
            else None
        )
        state.on_change(self._everything_changed)

    @property
    def trend(self) -> Trend:
        """The days so far, today with them; empty before the first look."""
        return self._trend.latest

    def age(self) -> float | None:
        """Seconds since everything was looked at; None before the first look."""
        if self._whole is None:
            return None
        return max(0.0, (self._clock() - self._whole).total_seconds())

    def problems(self) -> list[str]:
        """Sentences about what is not in order now; printable."""
        found = [self._problem, self._reports.problem, self._trend.problem]
        if self._events is not None:
            found.append(self._events.problem)
        if self._annotator is not None:
            found.append(self._annotator.problem)
        return [*(printable(one) for one in found if one), *self._state.ended()]

    async def run(self) -> None:
        """Keep it for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._state.run())
            await self._state.wait_synced()
            group.create_task(self._reports.run())
            if self._annotator is not None:
                group.create_task(self._annotator.run())
            await self._look_for_ever()

    async def _look_for_ever(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            now = self._time()
            await self._bell.wait(self._plan.wait(now))
            due = self._plan.take(self._time())
            if not due:
                # A bell may ring a hundred times until something is due.
                await asyncio.sleep(min(0.1, self._plan.wait(self._time())))
                continue
            try:
                await self._look(due)
                pause = _FIRST_PAUSE
            except ClusterError as error:
                self.errors += 1
                if str(error) != self._problem:
                    _log.warning("audit: %s; trying again", error)
                self._problem = str(error)
                self._plan.failed(self._time(), pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _look(self, due: frozenset[str]) -> None:
        everything = due == Plan.everything
        began = self._time()
        if not self._reports.discovered:
            await self._reports.discover()
        if everything or self.latest is None:
            self.latest = await self._scanner.look()
            self._whole = self.latest.taken
        else:
            for namespace in sorted(due):
                part = await self._scanner.look(namespace)
                self.latest = with_namespace(self.latest, part, namespace)
        took = self._time() - began
        self._problem = ""
        self._say_missing(self.latest)
        self._expect_exceptions(self.latest.taken)
        await self._tell(self.latest, due, everything=everything)
        ended = self._time()
        self._plan.looked(due, took, ended)
        self._plan.undecided(self._undecided(due, everything=everything), ended)
        if everything:
            self.seconds = took
            _log.info(
                "audit: %d owners in %.1f s, %d would be refused; told in %.1f s",
                len(self.latest.audited),
                self.seconds,
                sum(not one.verdict.allowed for one in self.latest.audited),
                ended - began - took,
            )

    async def _tell(self, audit: Audit, due: Collection[str], *, everything: bool) -> None:
        await self._reports.write(audit, due, everything=everything)
        if everything:
            await self._trend.record(audit)
        if self._events is not None:
            await self._events.tell(audit, due, everything=everything)

    def _say_missing(self, audit: Audit) -> None:
        """Once, and as no trouble: whoever creates Pods can name owners that nobody may read."""
        for one in audit.missing:
            if one not in self._said:
                _log.info("audit: %s", printable(one))
        self._said = frozenset(audit.missing)

    def _undecided(self, due: Collection[str], *, everything: bool) -> frozenset[str]:
        """The namespaces, of those looked at, where something may be known soon."""
        if self.latest is None:
            return frozenset()
        found = frozenset(
            one.owner.namespace
            for one in self.latest.audited
            if (everything or one.owner.namespace in due)
            and any(
                finding.outcome is Outcome.UNKNOWN
                and finding.reason not in _FOR_GOOD
                and finding.rule != DRIFTED
                for finding in one.verdict.findings
            )
        )
        # What could not be written is another reason to come back.
        return found | frozenset(due if self._reports.problem else ())

    def _expect_exceptions(self, now: datetime) -> None:
        """Look again when an exception ends: nothing tells of that."""
        at = self._time()
        for one in self._state.policies().exceptions:
            left = (one.expires - now).total_seconds()
            if left > 0:
                for namespace in one.namespaces:
                    self._plan.at(namespace, at + left)

    def _everything_changed(self) -> None:
        self._plan.all_changed(self._time())
        self._bell.ring()

    def _changed(self, namespace: str) -> None:
        self._plan.changed(namespace, self._time())
        self._bell.ring()
