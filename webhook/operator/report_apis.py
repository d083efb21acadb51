"""Which API for policy reports the cluster serves, and which of them is written."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from webhook.cluster.kinds import OPEN_REPORTS, POLICY_REPORTS
from webhook.cluster.served_kinds import resources_of
from webhook.reports.policy_report import ReportApi

if TYPE_CHECKING:
    from collections.abc import Collection

    from webhook.cluster.api import Api

KINDS = {ReportApi.OPEN_REPORTS: OPEN_REPORTS, ReportApi.POLICY_REPORT: POLICY_REPORTS}
"""The one that is preferred first: the other one is retired into it
(kubernetes-retired/wg-policy-prototypes#139)."""


class ReportsWanted(StrEnum):
    """The setting."""

    AUTO = "auto"
    POLICY_REPORT = "policyreport"
    OPEN_REPORTS = "openreports"
    NONE = "none"

    @property
    def apis(self) -> tuple[ReportApi, ...]:
        """Those that may be written, in the order of preference."""
        match self:
            case ReportsWanted.AUTO:
                return tuple(KINDS)
            case ReportsWanted.POLICY_REPORT:
                return (ReportApi.POLICY_REPORT,)
            case ReportsWanted.OPEN_REPORTS:
                return (ReportApi.OPEN_REPORTS,)
            case ReportsWanted.NONE:
                return ()


def preferred(wanted: ReportsWanted, served: Collection[ReportApi]) -> ReportApi | None:
    """The one to write; None where there is none."""
    return next((one for one in wanted.apis if one in served), None)


async def served_apis(api: Api, wanted: ReportsWanted) -> frozenset[ReportApi]:
    """Those of the wanted ones that the API server serves now.

    Raises:
        ClusterError: it does not tell.
    """
    served: set[ReportApi] = set()
    for one in wanted.apis:
        kind = KINDS[one]
        if kind.plural in {found.name for found in await resources_of(api, kind.group_path)}:
            served.add(one)
    return frozenset(served)
