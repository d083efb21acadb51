"""Which report API is served, and which is written."""

from __future__ import annotations

import pytest

from tests.cluster.api_server import api_server
from webhook.cli.audit_options import REPORTS
from webhook.errors import ClusterError
from webhook.operator.report_apis import ReportsWanted, preferred, served_apis
from webhook.reports.policy_report import ReportApi

OLD, NEW = ReportApi.POLICY_REPORT, ReportApi.OPEN_REPORTS


def test_the_setting_has_the_words_of_the_command_line() -> None:
    assert [one.value for one in ReportsWanted] == list(REPORTS)


@pytest.mark.parametrize(
    ("wanted", "served", "chosen"),
    [
        ("auto", {OLD, NEW}, NEW),
        ("auto", {OLD}, OLD),
        ("auto", set(), None),
        ("policyreport", {OLD, NEW}, OLD),
        ("openreports", {OLD}, None),
        ("none", {OLD, NEW}, None),
    ],
)
def test_the_newer_one_is_preferred(
    wanted: str, served: set[ReportApi], chosen: ReportApi | None
) -> None:
    assert preferred(ReportsWanted(wanted), served) is chosen


async def test_a_group_without_our_kind_is_not_served() -> None:
    async with api_server() as (server, api):
        server.serve("/apis/openreports.io/v1alpha1", "clusterreports")
        server.serve("/apis/wgpolicyk8s.io/v1alpha2", "policyreports")

        assert await served_apis(api, ReportsWanted.AUTO) == {OLD}
        server.refuse("GET", "openreports", 503)
        with pytest.raises(ClusterError):
            await served_apis(api, ReportsWanted.AUTO)


async def test_what_is_not_wanted_is_not_asked_for() -> None:
    async with api_server() as (server, api):
        assert await served_apis(api, ReportsWanted.NONE) == frozenset()
        assert server.asked == []
