"""Reports beside an API server: one for each owner, written on change, and gone in time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import until
from tests.reports.audits import audit, audited, owner
from tests.reports.findings import finding
from webhook.core.verdict import Outcome
from webhook.operator.audit_reports import AuditReports, ReportOptions
from webhook.operator.report_apis import ReportsWanted
from webhook.reports.policy_report import ReportApi

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api
    from webhook.reports.audited import Audit, Audited

OLD, NEW = "/apis/wgpolicyk8s.io/v1alpha2", "/apis/openreports.io/v1alpha1"
REPORTS = f"{NEW}/reports"
POLICY_REPORTS = f"{OLD}/policyreports"
BAD = finding()
GOOD = finding(Outcome.PASS)


class World:
    """Reports that are kept, and who was told of what."""

    def __init__(self, server: ApiServer, reports: AuditReports, changed: list[str]) -> None:
        self.server = server
        self.reports = reports
        self.changed = changed

    async def write(self, found: Audit, *namespaces: str) -> int:
        """Bring them up to date; gives how many writes that took."""
        await self.seen()
        before = len(self.server.writes)
        await self.reports.write(found, namespaces, everything=not namespaces)
        await self.seen()
        return len(self.server.writes) - before

    async def seen(self) -> None:
        """Return when the watch has told everything."""
        await asyncio.sleep(0.05)

    def there(self, path: str = REPORTS) -> dict[str, Any]:
        """The reports by name."""
        return {name: one for (_, name), one in self.server.objects.get(path, {}).items()}


def web(*findings: Any, name: str = "web", namespace: str = "shop") -> Audited:
    return audited(*findings, of=owner(name, namespace, uid=f"uid-{namespace}-{name}"))


def name(one: Audited) -> str:
    return f"cocket-{one.owner.uid}"


@asynccontextmanager
async def world(*served: str, wanted: ReportsWanted = ReportsWanted.AUTO) -> AsyncIterator[World]:
    async with api_server() as (server, api), reports_of(api, server, served, wanted) as found:
        yield found


@asynccontextmanager
async def reports_of(
    api: Api, server: ApiServer, served: tuple[str, ...], wanted: ReportsWanted
) -> AsyncIterator[World]:
    for group in served:
        server.serve(group, "reports" if group == NEW else "policyreports")
    changed: list[str] = []
    reports = AuditReports(
        api,
        ReportOptions(wanted=wanted, writes_per_second=10_000, discover_seconds=0.05),
        everything_changed=lambda: changed.append("everything"),
        changed=changed.append,
    )
    await reports.discover()
    running = asyncio.create_task(reports.run())
    try:
        yield World(server, reports, changed)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("served", "wanted", "chosen"),
    [
        ((OLD,), "auto", ReportApi.POLICY_REPORT),
        ((NEW,), "auto", ReportApi.OPEN_REPORTS),
        ((OLD, NEW), "auto", ReportApi.OPEN_REPORTS),
        ((OLD, NEW), "policyreport", ReportApi.POLICY_REPORT),
        ((OLD,), "openreports", None),
        ((), "auto", None),
        ((OLD, NEW), "none", None),
    ],
)
async def test_the_api_is_what_the_cluster_serves_and_the_setting_allows(
    served: tuple[str, ...], wanted: str, chosen: ReportApi | None
) -> None:
    async with world(*served, wanted=ReportsWanted(wanted)) as found:
        assert found.reports.api is chosen
        assert await found.write(audit(web(BAD))) == (chosen is not None)


async def test_each_owner_has_a_report_which_is_written_once() -> None:
    async with world(NEW) as found:
        first = audit(web(BAD), web(GOOD, name="api"), web())
        assert await found.write(first) == 2
        assert await found.write(first) == 0

        there = found.there()
        assert set(there) == {"cocket-uid-shop-web", "cocket-uid-shop-api"}
        assert there["cocket-uid-shop-web"]["summary"]["fail"] == 1
        assert found.reports.problem == ""
        assert found.changed == []


async def test_only_what_changed_is_written_again() -> None:
    async with world(NEW) as found:
        await found.write(audit(web(BAD), web(BAD, name="api")))

        assert await found.write(audit(web(GOOD), web(BAD, name="api"))) == 1
        assert found.there()["cocket-uid-shop-web"]["summary"]["pass"] == 1
        assert found.server.writes[-1].method == "PATCH"


async def test_what_no_longer_holds_goes_and_what_is_not_ours_stays() -> None:
    label = {"app.kubernetes.io/managed-by": "cocket"}
    async with world(NEW) as found:
        found.server.put(REPORTS, "cocket-old", "shop", metadata={"labels": label})
        found.server.put(REPORTS, "of-others", "shop", metadata={"labels": label})
        found.server.put(REPORTS, "cocket-like-ours", "shop", metadata={"labels": {"a": "b"}})
        await found.write(audit(web(BAD), web(BAD, name="api")))

        assert await found.write(audit(web(BAD))) == 1
        assert set(found.there()) == {"cocket-uid-shop-web", "of-others", "cocket-like-ours"}


async def test_a_look_at_one_namespace_leaves_the_others_alone() -> None:
    async with world(NEW) as found:
        await found.write(audit(web(BAD), web(BAD, namespace="bank")))

        assert await found.write(audit(), "bank") == 1
        assert set(found.there()) == {"cocket-uid-shop-web"}


async def test_a_definition_that_comes_later_is_found_and_the_old_reports_go() -> None:
    async with world(OLD) as found:
        await found.write(audit(web(BAD)))
        assert set(found.there(POLICY_REPORTS)) == {"cocket-uid-shop-web"}

        found.server.serve(NEW, "reports")
        await until(lambda: found.reports.api is ReportApi.OPEN_REPORTS)

        assert found.changed == ["everything"]
        await found.write(audit(web(BAD)))
        assert set(found.there()) == {"cocket-uid-shop-web"}
        assert found.there(POLICY_REPORTS) == {}


async def test_a_definition_that_goes_is_written_no_more() -> None:
    async with world(OLD, NEW) as found:
        del found.server.served[NEW]
        await until(lambda: found.reports.api is ReportApi.POLICY_REPORT)
        await found.write(audit(web(BAD)))

        assert set(found.there(POLICY_REPORTS)) == {"cocket-uid-shop-web"}


async def test_a_report_that_somebody_edits_or_deletes_is_told_and_mended() -> None:
    one = web(BAD)
    async with world(NEW) as found:
        await found.write(audit(one))
        found.changed.clear()
        spoilt = {**found.there()[name(one)], "summary": {"pass": 1}}
        label = {"labels": spoilt["metadata"]["labels"]}
        found.server.put(REPORTS, name(one), "shop", **spoilt | {"metadata": label})
        await until(lambda: found.changed == ["shop"])
        assert await found.write(audit(one), "shop") == 1
        assert found.there()[name(one)]["summary"]["fail"] == 1

        found.server.drop(REPORTS, name(one), "shop")
        await until(lambda: found.changed == ["shop", "shop"])
        assert await found.write(audit(one), "shop") == 1
        assert found.there()


async def test_a_report_that_lost_its_label_is_taken_back() -> None:
    one = web(BAD)
    async with world(NEW) as found:
        found.server.put(REPORTS, name(one), "shop")

        assert await found.write(audit(one)) == 2
        metadata = found.there()[name(one)]["metadata"]
        assert metadata["labels"] == {"app.kubernetes.io/managed-by": "cocket"}


async def test_one_that_cannot_be_written_is_a_problem_and_stops_no_other() -> None:
    async with world(NEW) as found:
        found.server.refuse("POST", "/namespaces/bad/", 403, "Forbidden")
        await found.write(audit(web(BAD, namespace="bad"), web(BAD)))

        assert set(found.there()) == {"cocket-uid-shop-web"}
        assert "403" in found.reports.problem
        found.server.agree()
        await found.write(audit(web(BAD, namespace="bad"), web(BAD)))
        assert found.reports.problem == ""


async def test_a_namespace_that_is_gone_is_no_problem() -> None:
    async with world(NEW) as found:
        found.server.refuse("POST", "/namespaces/gone/", 404, "NotFound")
        await found.write(audit(web(BAD, namespace="gone")))

        assert found.reports.problem == ""
