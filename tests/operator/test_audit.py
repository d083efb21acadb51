"""The keeper of the audit: when it looks, what it then writes, and what it says of itself."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.builders import NOW
from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import until
from tests.reports.audits import audit, audited, owner
from tests.reports.findings import finding
from webhook.cluster.state import ClusterState
from webhook.core.facts import Reason
from webhook.core.resources import gather_policies
from webhook.core.verdict import Finding, Mode, Outcome
from webhook.errors import ClusterError
from webhook.operator.audit import AuditKeeper, AuditOptions
from webhook.operator.audit_plan import PlanOptions
from webhook.operator.audit_reports import ReportOptions
from webhook.reports.audited import Audit, Audited

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OURS = "/apis/cocket.dev/v1alpha1"
REPORTS = "/apis/openreports.io/v1alpha1/reports"
EVENTS = "/apis/events.k8s.io/v1/events"
TREND = "/api/v1/configmaps"
QUICK = AuditOptions(
    plan=PlanOptions(interval_seconds=600, gather_seconds=0.05, retry_seconds=0.1),
    reports=ReportOptions(writes_per_second=10_000, discover_seconds=0.05),
)


def web(*findings: Finding, namespace: str = "shop") -> Audited:
    return audited(*findings, of=owner(namespace=namespace, uid=f"uid-{namespace}"))


class World:
    """A keeper beside an API server, and a scanner that finds what the test says."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.found: list[Audited] = [web(finding()), web(finding(), namespace="bank")]
        """Sorted the other way round than audits are."""
        self.looks: list[str] = []
        self.error: ClusterError | None = None
        self.now = NOW
        self.keeper: AuditKeeper

    async def look(self, namespace: str = "") -> Audit:
        """The scanner."""
        self.looks.append(namespace)
        if self.error is not None:
            raise self.error
        found = [one for one in reversed(self.found) if namespace in {"", one.owner.namespace}]
        return audit(*found, taken=self.now)

    def clock(self) -> datetime:
        return self.now

    def reports(self) -> dict[str, Any]:
        """By namespace."""
        return {place[0]: one for place, one in self.server.objects.get(REPORTS, {}).items()}

    async def looked(self, *namespaces: str) -> None:
        """Return when there were these looks and no other; they are forgotten then."""
        await until(lambda: len(self.looks) >= len(namespaces))
        await asyncio.sleep(0.15)
        assert self.looks == list(namespaces)
        self.looks.clear()


@asynccontextmanager
async def world(options: AuditOptions = QUICK, *, begun: bool = True) -> AsyncIterator[World]:
    async with api_server() as (server, api):
        server.serve("/apis/openreports.io/v1alpha1", "reports")
        made = World(server)
        state = ClusterState(
            api,
            namespace="cocket",
            gather=partial(
                gather_policies, exception_namespaces={"security"}, max_exception_days=90
            ),
        )
        made.keeper = AuditKeeper(
            api, state=state, scanner=made, namespace="cocket", clock=made.clock, options=options
        )
        running = asyncio.create_task(made.keeper.run())
        try:
            if begun:
                await until(lambda: made.looks)
                await asyncio.sleep(0.3)
                made.looks.clear()
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_it_looks_once_and_writes_reports_trend_and_events() -> None:
    async with world() as found:
        assert set(found.reports()) == {"shop", "bank"}
        assert found.keeper.latest == audit(*reversed(found.found))
        assert [day.date for day in found.keeper.trend.days] == ["2026-11-23"]
        assert found.server.get(TREND, "cocket-trend", "cocket")
        assert len(found.server.objects[EVENTS]) == 2
        assert found.keeper.problems() == []
        found.now += timedelta(seconds=30)
        assert found.keeper.age() == 30
        await found.looked()


async def test_a_new_pod_is_looked_at_in_its_namespace_alone() -> None:
    async with world() as found:
        found.found[0] = web(finding(Outcome.PASS))
        found.keeper.news.hear("Pod", ("shop", "web-1"), ())
        found.keeper.news.hear("Pod", ("shop", "web-2"), ())

        await found.looked("shop")
        assert found.reports()["shop"]["summary"]["pass"] == 1
        assert found.keeper.latest == audit(*reversed(found.found))


async def test_a_changed_policy_is_a_look_at_everything() -> None:
    async with world() as found:
        spec: dict[str, Any] = {"rules": {"digest": {}}}
        found.server.put(f"{OURS}/clusterimagepolicies", "strict", spec=spec)

        await found.looked("")


async def test_an_exception_is_looked_at_when_it_comes_and_when_it_ends() -> None:
    async with world() as found:
        spec = {
            "rules": ["digest"],
            "namespaces": ["shop"],
            "image": "r.example.com/x",
            "reason": "a move",
            "expires": f"{NOW + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        }
        created = {"creationTimestamp": f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"}
        found.server.put(f"{OURS}/imageexceptions", "move", "security", spec=spec, metadata=created)
        await found.looked("")

        found.now += timedelta(seconds=1)
        await found.looked("shop")


async def test_what_could_not_be_checked_is_looked_at_again_and_what_never_can_is_not() -> None:
    unknown = finding(Outcome.UNKNOWN, Mode.AUDIT, reason=Reason.UNREACHABLE)
    async with world(begun=False) as found:
        found.found = [
            web(unknown),
            web(finding(Outcome.UNKNOWN, reason=Reason.NOT_CONFIGURED), namespace="bank"),
        ]
        await until(lambda: len(found.looks) >= 3)
        found.found[0] = web(finding(Outcome.PASS))

        assert found.looks[0] == ""
        assert set(found.looks[1:]) == {"shop"}
        await until(lambda: found.reports()["shop"]["summary"]["error"] == 0)


async def test_a_look_that_comes_to_nothing_is_a_problem_and_leaves_all_as_it_was() -> None:
    async with world() as found:
        found.error = ClusterError("pods: the API server was not reached")
        found.keeper.news.hear("Pod", ("shop", "web-1"), ())

        await until(lambda: found.keeper.errors)
        assert found.keeper.problems() == ["pods: the API server was not reached"]
        assert set(found.reports()) == {"shop", "bank"}
        assert found.keeper.latest is not None


async def test_a_report_that_somebody_deletes_comes_back() -> None:
    async with world() as found:
        found.server.drop(REPORTS, "cocket-uid-shop", "shop")

        await until(lambda: "shop" in found.reports())
        await found.looked("shop")


async def test_what_the_setting_switches_off_is_not_written() -> None:
    async with world(msgspec.structs.replace(QUICK, events=None)) as found:
        assert EVENTS not in found.server.objects
        assert found.reports()


async def test_what_strangers_can_make_unreadable_is_said_once_and_is_no_trouble(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with world(begun=False) as found:

        async def partly(namespace: str = "") -> Audit:
            del namespace
            return audit(missing=("jobs could not be listed",))

        found.look = partly  # type: ignore[method-assign]
        await until(lambda: found.keeper.latest is not None)
        found.keeper.news.hear("Pod", ("shop", "web-1"), ())
        await asyncio.sleep(0.3)

        assert found.keeper.problems() == []
        assert caplog.text.count("jobs could not be listed") == 1
