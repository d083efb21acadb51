"""What `cocket audit` runs: everything put together from the options and the cluster."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webhook import __version__
from webhook.audit.scan import Scope, scan
from webhook.cli.lookups import SPARE, Snapshot
from webhook.cli.policies import load_policies
from webhook.cluster.kinds import CONFIG_MAPS
from webhook.cluster.login import open_api
from webhook.cluster.state import ClusterState
from webhook.core.printable import printable
from webhook.core.resources import gather_policies
from webhook.engine import Engine
from webhook.errors import ClusterError, InputError
from webhook.operator.audit_trend import NAME as TREND
from webhook.operator.audit_trend import ConfigMap
from webhook.registry.client import Limits, open_client
from webhook.registry.given import GivenFacts
from webhook.registry.source import RegistrySource
from webhook.reports.trend_data import load
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from webhook.cli.terminal import AuditProgress
    from webhook.cluster.api import Api
    from webhook.core.policy import PolicySet
    from webhook.reports.audited import Audit
    from webhook.reports.trend import Trend

_KUBE_SYSTEM = "kube-system"
_NOT_FOUND = 404
_DECIDING = ("registries", "clusterpolicies", "policies", "exceptions")
_MAX_SHOWN = 300


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `cocket audit` that say what is looked at, and how."""

    kubeconfig: Path | None = None
    context: str | None = None
    everywhere: bool = False
    namespace: str | None = None
    """None, and not everywhere: that of the login."""
    labels: str = ""
    policies: tuple[Path, ...] = ()
    """Empty: those of the cluster."""
    system_namespace: str = "cocket-system"
    exception_namespaces: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    offline: bool = False
    cache_dir: Path | None = None
    requests_per_second: float
    patience: float
    with_trend: bool = False


async def audit_cluster(
    asked: Asked, warn: Callable[[str], None], progress: AuditProgress | None
) -> tuple[Audit, Trend | None]:
    """Look at the cluster once.

    Returns:
        What was found, and how it went until now; None where nobody wants it, no operator keeps
        it, or who asks may not read it.

    Raises:
        InputError: there is no cluster to log in to, a file cannot be used, the cluster cannot be
            read, or there is no policy to judge by.
    """
    async with open_api(kubeconfig=asked.kubeconfig, context=asked.context) as api:
        try:
            found = await Auditing(api, asked, warn, progress).audit()
        except ClusterError as error:
            raise InputError(
                f"the cluster at {api.server} cannot be read: {error}. "
                "docs/audit.md says which rights it takes"
            ) from error
        trend = await _trend(api, asked.system_namespace) if asked.with_trend else None
        return found, trend


class Auditing:
    """One run."""

    def __init__(
        self,
        api: Api,
        asked: Asked,
        warn: Callable[[str], None],
        progress: AuditProgress | None,
    ) -> None:
        self._api = api
        self._asked = asked
        self._warn = warn
        self._progress = progress
        self._namespace = "" if asked.everywhere else asked.namespace or api.namespace
        # One moment for all: two equal objects get equal verdicts.
        self._now = datetime.now(UTC)
        gather = partial(
            gather_policies,
            exception_namespaces=frozenset(asked.exception_namespaces),
            max_exception_days=Settings().max_exception_days,
        )
        self._state = ClusterState(api, namespace=asked.system_namespace, gather=gather)
        self.requests = 0
        """Sent to registries, once all is done."""

    async def audit(self) -> Audit:
        """Look once.

        Raises:
            InputError: as `audit_cluster`.
            ClusterError: the cluster cannot be read.
        """
        asked = self._asked
        failed = await self._state.look()
        if asked.policies:
            policies = load_policies(asked.policies, self._warn)
        else:
            policies = _of_cluster(self._state, failed, self._warn)
        async with self._source(policies) as source:
            found = await scan(
                self._api,
                self._engine(policies, source),
                taken=self._now,
                scope=Scope(
                    namespace=self._namespace, labels=asked.labels, unasked=_unasked(asked)
                ),
                patience=asked.patience + SPARE,
                told=self._progress,
                cluster=asked.context or self._api.server,
                version=__version__,
            )
        missing = (*_missing(asked, failed, policies, self._namespace), *found.missing)
        return msgspec.structs.replace(found, missing=missing)

    @asynccontextmanager
    async def _source(self, policies: PolicySet) -> AsyncIterator[Snapshot]:
        """Recorded facts, else the registries, at a pace."""
        asked, state = self._asked, self._state
        client = None
        if not asked.offline:
            client = open_client(
                cache_dir=asked.cache_dir, limits=_limits(asked), secrets=state.secrets
            )
        source = RegistrySource(
            registries=lambda: policies.registries,
            client=client,
            given=GivenFacts(),
            recorded=state.recorded,
        )
        snapshot = Snapshot(source, asked.patience)
        if self._progress is not None:
            snapshot.answered = self._progress.answered
        try:
            yield snapshot
        finally:
            await snapshot.close()
            if client is not None:
                await client.close()
                self.requests = client.pace.sent if client.pace is not None else 0

    def _engine(self, policies: PolicySet, source: Snapshot) -> Engine:
        return Engine(
            policies=lambda: policies,
            source=source,
            namespaces=self._state.namespace_labels,
            clock=lambda: self._now,
        )


async def _trend(api: Api, namespace: str) -> Trend | None:
    path = CONFIG_MAPS.path(namespace, TREND)
    try:
        return load((await api.get(path, ConfigMap)).data or {})
    except ClusterError:
        return None  # it only decorates the page


def _limits(asked: Asked) -> Limits:
    settings = Settings()
    return Limits(
        # A registry that asks for a minute's rest gets it.
        image_seconds=asked.patience,
        tag_seconds=max(settings.tag_seconds, asked.patience),
        cache_bytes=settings.cache_bytes,
        requests_per_second=asked.requests_per_second,
    )


def _unasked(asked: Asked) -> frozenset[str]:
    """Where the webhook configuration of the chart asks nobody: with --policy, nowhere."""
    if asked.policies:
        return frozenset(asked.excluded)
    return frozenset({_KUBE_SYSTEM, asked.system_namespace, *asked.excluded})


def _of_cluster(
    state: ClusterState, failed: Mapping[str, ClusterError], warn: Callable[[str], None]
) -> PolicySet:
    """The policies that the webhook decides by.

    Raises:
        InputError: they cannot be read, or there are none: nothing would be checked.
    """
    for name in _DECIDING:
        error = failed.get(name)
        if error is not None and error.status == _NOT_FOUND:
            raise InputError(
                "Cocket is not installed in this cluster: it knows no "
                f"{name} of cocket.dev. Give --policy FILE to judge by policies of your own"
            )
        if error is not None:
            raise error
    loaded = state.loaded()
    for warning in loaded.warnings:
        warn(warning)
    if loaded.ignored:
        warn(
            f"{len(loaded.ignored)} ImageExceptions are not honoured. Give --exception-namespace "
            "for each of the chart's exceptionNamespaces, as the webhook has them"
        )
    if not loaded.policies.policies:
        raise InputError(
            "no policy is in force in this cluster, so nothing would be checked. Write one "
            "(docs/rules.md), or give --policy FILE"
        )
    return loaded.policies


def _missing(
    asked: Asked, failed: Mapping[str, ClusterError], policies: PolicySet, namespace: str
) -> Iterator[str]:
    """What the verdicts stand on that is not there, in sentences."""
    if "namespaces" in failed:
        yield (
            "the labels of namespaces could not be read, so every policy covers every namespace: "
            f"{failed['namespaces']}"
        )
    facts = failed.get("facts")
    if facts is not None and not (asked.policies and facts.status == _NOT_FOUND):
        yield f"recorded image facts could not be read, so registries were asked: {facts}"
    if "logins" in failed and any(one.secret_name for one in policies.registries.all):
        yield (
            f"the Secrets in {asked.system_namespace} with logins to registries could not be "
            f"read: {failed['logins']}"
        )
    broken = policies.broken if not namespace else policies.broken_in(namespace)
    for one in broken:
        yield f"{printable(one.title, _MAX_SHOWN)} is broken and not in force: {one.message}"
