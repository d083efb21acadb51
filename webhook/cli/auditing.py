"""What `cocket audit` runs: everything put together from the options and the cluster."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from webhook import __version__
from webhook.audit.scan import Scope, scans
from webhook.cli.grounds import missing, policies_of, refuse_nothing
from webhook.cli.lookups import SPARE, Snapshot
from webhook.cli.policies import load_policies
from webhook.cli.registry_client import open_registry_client
from webhook.cluster.kinds import CONFIG_MAPS
from webhook.cluster.login import open_api
from webhook.cluster.state import ClusterState
from webhook.core.candidates import Candidate, Gathered
from webhook.core.resources import gather_policies
from webhook.engine import Engine
from webhook.errors import ClusterError, InputError
from webhook.operator.audit_trend import NAME as TREND
from webhook.operator.audit_trend import ConfigMap
from webhook.registry.limits import Limits
from webhook.registry.questions import Questions
from webhook.reports.trend_data import load
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from webhook.cli.terminal import AuditProgress
    from webhook.cluster.api import Api
    from webhook.core.policy import PolicySet
    from webhook.reports.audited import Audit
    from webhook.reports.trend import Trend

_KUBE_SYSTEM = "kube-system"


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
    max_exception_days: int = Settings().max_exception_days
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
    async with auditing(asked, warn, progress) as one:
        found = await one.audit()
        return found, await one.trend() if asked.with_trend else None


@asynccontextmanager
async def auditing(
    asked: Asked, warn: Callable[[str], None], progress: AuditProgress | None
) -> AsyncIterator[Auditing]:
    """Log in to the cluster.

    Raises:
        InputError: there is no cluster to log in to; in the end, that it cannot be read.
    """
    async with open_api(kubeconfig=asked.kubeconfig, context=asked.context) as api:
        try:
            yield Auditing(api, asked, warn, progress)
        except ClusterError as error:
            raise InputError(
                f"the cluster at {api.server} cannot be read: {error}. "
                "docs/audit.md says which rights it takes"
            ) from error


class Auditing:
    """One audit of one cluster.

    Attributes:
        now: one moment for all, so that two equal objects get equal verdicts.
    """

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
        self.now = datetime.now(UTC)
        self._gathered = Gathered(
            partial(
                gather_policies,
                exception_namespaces=frozenset(asked.exception_namespaces),
                max_exception_days=asked.max_exception_days,
            )
        )
        self._state = ClusterState(api, namespace=asked.system_namespace, gather=self._gathered)
        self.requests = 0
        """Sent to registries, once all is done."""

    async def audit(self) -> Audit:
        """Look once, and judge by the policies of the cluster or by those of files.

        Raises:
            InputError: as `audit_cluster`.
            ClusterError: the cluster cannot be read.
        """
        asked = self._asked
        failed = await self._state.look()
        if asked.policies:
            policies = load_policies(
                asked.policies, self._warn, max_exception_days=asked.max_exception_days
            )
        else:
            policies = policies_of(self._state, failed, self._warn)
            refuse_nothing(policies)
        (found,) = await self._judged((policies,), failed)
        return found

    async def trend(self) -> Trend | None:
        """How it went until now; None where no operator keeps it, or who asks may not read it."""
        path = CONFIG_MAPS.path(self._asked.system_namespace, TREND)
        try:
            return load((await self._api.get(path, ConfigMap)).data or {})
        except ClusterError:
            return None  # it only decorates the page

    async def compare(
        self, candidate: Callable[[Gathered], Candidate]
    ) -> tuple[Audit, Audit, Candidate]:
        """Look once, and judge by the policies of the cluster and by what `candidate` makes."""
        failed = await self._state.look()
        before = policies_of(self._state, failed, self._warn)
        made = candidate(self._gathered)
        refuse_nothing(made.policies)
        one, other = await self._judged((before, made.policies), failed)
        return one, other, made

    async def _judged(
        self, several: Sequence[PolicySet], failed: Mapping[str, ClusterError]
    ) -> list[Audit]:
        """One look, judged by each set of policies."""
        asked = self._asked
        async with AsyncExitStack() as stack:
            questions = await stack.enter_async_context(self._questions())
            engines = [
                self._engine(
                    policies, await stack.enter_async_context(self._source(policies, questions))
                )
                for policies in several
            ]
            found = await scans(
                self._api,
                engines,
                taken=self.now,
                scope=Scope(
                    namespace=self._namespace, labels=asked.labels, unasked=_unasked(asked)
                ),
                patience=asked.patience + SPARE,
                told=self._progress,
                cluster=asked.context or self._api.server,
                version=__version__,
            )
        return [
            msgspec.structs.replace(
                one, missing=(*missing(asked, failed, policies, self._namespace), *one.missing)
            )
            for one, policies in zip(found, several, strict=True)
        ]

    @asynccontextmanager
    async def _questions(self) -> AsyncIterator[Questions]:
        """What asks the registries, at a pace; nobody where nobody may be asked."""
        asked = self._asked
        if asked.offline:
            yield Questions(None)
            return
        async with open_registry_client(
            None,
            writes=False,
            limits=_limits(asked),
            cache_dir=asked.cache_dir,
            secrets=self._state.secrets,
        ) as client:
            questions = Questions(client)
            try:
                yield questions
            finally:
                await questions.close()
                self.requests = client.ways.pace.sent if client.ways.pace is not None else 0

    @asynccontextmanager
    async def _source(self, policies: PolicySet, questions: Questions) -> AsyncIterator[Snapshot]:
        """Recorded facts, else the registries."""
        source = questions.source(lambda: policies, recorded=self._state.recorded)
        snapshot = Snapshot(source, self._asked.patience)
        if self._progress is not None:
            snapshot.answered = self._progress.answered
        try:
            yield snapshot
        finally:
            await snapshot.close()

    def _engine(self, policies: PolicySet, source: Snapshot) -> Engine:
        return Engine(
            policies=lambda: policies,
            source=source,
            namespaces=self._state.namespace_labels,
            clock=lambda: self.now,
        )


def _limits(asked: Asked) -> Limits:
    settings = Settings()
    return Limits(
        # A registry that asks for a minute's rest gets it.
        image_seconds=asked.patience,
        tag_seconds=max(settings.tag_seconds, asked.patience),
        absent_seconds=asked.patience,
        cache_bytes=settings.cache_bytes,
        requests_per_second=asked.requests_per_second,
    )


def _unasked(asked: Asked) -> frozenset[str]:
    """Where the webhook configuration of the chart asks nobody: with --policy, nowhere."""
    if asked.policies:
        return frozenset(asked.excluded)
    return frozenset({_KUBE_SYSTEM, asked.system_namespace, *asked.excluded})
