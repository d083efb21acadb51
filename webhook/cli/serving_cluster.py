"""`cocket serve` without `--policy`: everything that decides comes from the cluster."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from webhook.admission.checks import Check
from webhook.admission.following import checks_of, metrics_of
from webhook.cli.cluster_options import ALL
from webhook.cli.serving import Judging, now, serve, settle
from webhook.cli.serving_certificates import FromSecret, SecretCertificate, local_certificate
from webhook.cluster.login import open_api
from webhook.cluster.pull_secrets import PullSecrets
from webhook.cluster.replica_lease import ReplicaLease, Standing
from webhook.cluster.state import ClusterState
from webhook.core.resources import gather_policies
from webhook.errors import InputError
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator

    from prometheus_client.core import Metric

    from webhook.admission.metrics import Metrics
    from webhook.admission.reload import Reload
    from webhook.admission.tls import Certificate
    from webhook.cli.serving import Cluster, Served
    from webhook.cluster.api import Api
    from webhook.registry.given import GivenFacts

_REMIND_SECONDS = 10.0
"""Between two lines of log about what is still missing."""

_log = logging.getLogger(__name__)


async def serve_from_cluster(
    served: Served, given: GivenFacts, metrics: Metrics, log_descriptor: int
) -> None:
    """Serve until a signal comes.

    Raises:
        InputError: there is no cluster to log in to, a file cannot be used, or it cannot be
            listened there.
    """
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(_logged_in(served.cluster))
        serving = _Serving(api, served, metrics)
        if serving.pull_secrets is not None:
            stack.push_async_callback(serving.pull_secrets.close)
        for work in serving.works():
            await stack.enter_async_context(_beside(work))
        if serving.lease is not None:
            # Withdrawn before the login ends, and after the last renewal.
            stack.push_async_callback(serving.lease.withdraw)
            await stack.enter_async_context(_beside(serving.lease.run()))
        await serve(served, serving.judging(given), metrics, log_descriptor)


class _Serving:
    """The parts that follow the cluster, and what they say of themselves."""

    def __init__(self, api: Api, served: Served, metrics: Metrics) -> None:
        cluster = served.cluster
        namespace = cluster.namespace or api.namespace
        settings = Settings()
        gather = partial(
            gather_policies,
            exception_namespaces=frozenset(cluster.exception_namespaces),
            max_exception_days=served.max_exception_days,
        )
        self._state = ClusterState(api, namespace=namespace, gather=gather)
        self._state.on_change(self._touch)
        names = cluster.pull_secrets
        readable = None if ALL in names else frozenset(names)
        self.pull_secrets = PullSecrets(api, readable) if names else None
        self._reload_seconds = settings.reload_seconds
        self._ready = False
        self._secret: SecretCertificate | None = None
        self._reloads: list[Reload[Any, Any]] = []
        self._certificate: Certificate
        if isinstance(served.tls, FromSecret):
            self._secret = SecretCertificate(
                api, served.tls, served.client_ca, metrics, self._touch
            )
            self._certificate = self._secret.certificate
        else:
            self._certificate, self._reloads = local_certificate(
                served.tls, served.client_ca, metrics, self._touch
            )
        self.lease: ReplicaLease | None = None
        if cluster.replica is not None:
            self._address = cluster.replica.address
            self.lease = ReplicaLease(
                api,
                name=cluster.replica.name,
                namespace=namespace,
                standing=self._standing,
                clock=now,
                pod_uid=cluster.replica.pod_uid,
            )
        metrics.others = self._metrics
        _log.info("reading the cluster at %s; our namespace is %s", api.server, namespace)

    def works(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What runs as long as we do, but for the Lease."""
        yield self._state.run()
        if self._secret is not None:
            yield self._secret.run(self._reload_seconds)

    def judging(self, given: GivenFacts) -> Judging:
        """What the server needs of all this."""
        return Judging(
            policies=self._state.policies,
            namespaces=self._state.namespace_labels,
            given=given,
            certificate=self._certificate,
            reloads=self._reloads,
            recorded=self._state.recorded,
            secrets=self._state.secrets,
            pull_secrets=None if self.pull_secrets is None else self.pull_secrets.of,
            before=self._wait,
            checks=self._checks,
            on_readiness=self._turn,
        )

    async def _wait(self) -> None:
        """Return when there is all that it takes to judge; say now and then what is missing."""
        waiting = asyncio.create_task(self._all_there())
        try:
            while not (await asyncio.wait({waiting}, timeout=_REMIND_SECONDS))[0]:
                missing = [check.line for check in self._checks() if not check.ok]
                _log.warning("not ready yet: %s", "; ".join(missing))
            waiting.result()
        finally:
            waiting.cancel()
        settle()

    async def _all_there(self) -> None:
        await self._state.wait_synced()
        if self._secret is not None:
            await self._secret.there.wait()

    def _checks(self) -> list[Check]:
        checks = checks_of(self._state.watched())
        checks += [Check("following", ok=False, detail=one) for one in self._state.ended()]
        if self._secret is not None:
            checks.append(self._secret.check())
        if self.lease is not None:
            checks.append(Check("lease", ok=True, detail=self.lease.problem))
        return checks

    def _metrics(self) -> Iterator[Metric]:
        counts = self._state.counts()
        if self.lease is not None:
            counts["lease_failing"] = int(bool(self.lease.problem))
        return metrics_of(self._state.watched(), counts)

    def _standing(self) -> Standing:
        return Standing(
            address=self._address,
            certificate=self._certificate.fingerprint,
            ready=self._ready,
            policy_version=self._state.version,
        )

    def _turn(self, ready: bool) -> None:  # noqa: FBT001 - the one thing it is told
        self._ready = ready
        self._touch()

    def _touch(self) -> None:
        """Something changed that the Lease tells."""
        if self.lease is not None:
            self.lease.touch()


@asynccontextmanager
async def _logged_in(cluster: Cluster) -> AsyncIterator[Api]:
    async with AsyncExitStack() as stack:
        login = open_api(kubeconfig=cluster.kubeconfig, context=cluster.context)
        try:
            api = await stack.enter_async_context(login)
        except InputError as error:
            raise InputError(
                f"{error}. Give --kubeconfig FILE to read a cluster, or --policy FILE to need none"
            ) from error
        yield api


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run as long as the block does."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _report(task: asyncio.Task[None]) -> None:
    """None of them has an end of its own: if one ends, it is a bug, and must be heard of."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("the cluster is not followed any more; restart me", exc_info=error)
