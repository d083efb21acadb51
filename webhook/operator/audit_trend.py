"""Keeps the trend of audits in one ConfigMap of our own namespace."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import CONFIG_MAPS
from webhook.errors import ClusterError
from webhook.operator.facts_writer import MANAGER
from webhook.reports.policy_report import MANAGED_BY
from webhook.reports.report_result import SOURCE
from webhook.reports.trend import Trend, counted, with_day
from webhook.reports.trend_data import dump, load

if TYPE_CHECKING:
    from webhook.cluster.api import Api
    from webhook.reports.audited import Audit

NAME = "cocket-trend"
_NOT_FOUND = 404

_log = logging.getLogger(__name__)


class ConfigMap(msgspec.Struct):
    """core/v1 ConfigMap; what is not text cannot be in `data`."""

    data: dict[str, str] | None = None


class AuditTrend:
    """Whoever leads writes it. What people make of it is mended by the next audit.

    Attributes:
        latest: the days that are kept; empty before the first audit.
        problem: why it is not written; empty where it is.
    """

    def __init__(self, api: Api, namespace: str) -> None:
        """Nothing is asked before `record`."""
        self.latest = Trend()
        self.problem = ""
        self._api = api
        self._namespace = namespace

    async def record(self, audit: Audit) -> None:
        """Let an audit of everything be what is said of its day, and keep what was said before.

        The object is read each time: another leader may have written it, or a person.
        """
        try:
            await self._record(audit)
        except ClusterError as error:
            if not self.problem:
                _log.warning("audit: the trend was not written: %s", error)
            self.problem = str(error)
            # The page shows today all the same.
            self.latest = with_day(self.latest, counted(audit))
        else:
            self.problem = ""

    async def _record(self, audit: Audit) -> None:
        path = CONFIG_MAPS.path(self._namespace, NAME)
        before = await self._read(path)
        self.latest = with_day(
            load(before or {}) if before is not None else self.latest, counted(audit)
        )
        data: dict[str, str | None] = dict(dump(self.latest))
        if before == data:
            return
        metadata = {"name": NAME, "namespace": self._namespace, "labels": {MANAGED_BY: SOURCE}}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        if before is None:
            query = {"fieldManager": MANAGER}
            collection = CONFIG_MAPS.path(self._namespace)
            await self._api.create(collection, body | {"data": data}, query)
        else:
            # Null takes away what is no day of ours any more (RFC 7396).
            gone = dict.fromkeys(before.keys() - data.keys())
            await self._api.merge(path, {"data": data | gone})

    async def _read(self, path: str) -> dict[str, str] | None:
        """The data; None where there is no such object."""
        try:
            return (await self._api.get(path, ConfigMap)).data or {}
        except ClusterError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
