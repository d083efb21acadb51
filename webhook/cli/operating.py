"""What `cocket operate` runs: everything put together from the options, and the event loop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import uuid
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import uvloop

from webhook.admission.checks import Check
from webhook.admission.health import health_app
from webhook.admission.limits import Limits as PeerLimits
from webhook.admission.listener import Listener
from webhook.admission.metrics import Metrics
from webhook.cli.last_resort import LastResort
from webhook.cli.reporting import served_report, source_of
from webhook.cluster.leader import lead
from webhook.cluster.lease_lock import Standing
from webhook.cluster.login import open_api
from webhook.core.resources import gather_policies
from webhook.errors import ClusterError, InputError
from webhook.operator.facts_steps import FactsOptions
from webhook.operator.metrics import operator_metrics
from webhook.operator.process import Operator, OperatorOptions
from webhook.operator.registries import ProbeOptions
from webhook.registry.forbidden import forbid
from webhook.registry.limits import Limits
from webhook.settings import Settings, api_server, cloud_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

    from webhook.admission.server import Address
    from webhook.cli.operated import Operated
    from webhook.cluster.api import Api
    from webhook.core.document import Document
    from webhook.core.reading import Loaded
    from webhook.page.shown import Source
    from webhook.registry.forbidden import Forbidden

ENDED = 0
FAILED = 1

_PROBES_AT_ONCE = 64
_WORK_SECONDS = 15.0
"""For the work to end after SIGTERM, which gives the Lease away; a Pod has 30."""
_END_SECONDS = 10.0
"""For the rest after that."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger(__name__)


def run(operated: Operated) -> int:
    """Operate until a signal comes; gives the exit code.

    Raises:
        InputError: there is no cluster to log in to, or it cannot be listened there.
    """
    resort = LastResort(_END_SECONDS, FAILED)
    try:
        return uvloop.run(_operate(operated, resort))
    finally:
        resort.dismiss()


async def _operate(operated: Operated, resort: LastResort) -> int:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, asked.set)
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(
            open_api(kubeconfig=operated.kubeconfig, context=operated.context)
        )
        forbidden = await forbid([api.server, api_server()], operated.forbidden)
        operating = _Operating(api, operated, forbidden)
        await operating.listen(operated.probes)
        stack.push_async_callback(operating.close)
        await stack.enter_async_context(
            served_report(operated.report, api, operating.report, *operating.peers)
        )
        code = await operating.until(asked)
        # What is left of the work may hang, and must not write once another one leads.
        resort.begin()
        return code


class _Operating:
    """One process: it waits for the Lease, and runs an operator while it holds it."""

    def __init__(self, api: Api, operated: Operated, forbidden: Forbidden) -> None:
        settings = Settings()
        self._api = api
        self._namespace = operated.namespace or api.namespace
        self._identity = operated.identity or own_identity()
        self._standing = Standing()
        self._operator: Operator | None = None
        self._options = OperatorOptions(
            namespace=self._namespace,
            gather=partial(_gather, operated.exception_namespaces, operated.max_exception_days),
            webhook=None if operated.webhook is None else operated.webhook.options(self._namespace),
            probe=ProbeOptions(seconds=settings.probe_seconds),
            facts=FactsOptions(looks_at_once=operated.look_inside),
            place=cloud_place(),
            forbidden=forbidden,
            limits=Limits(
                tag_seconds=settings.tag_seconds,
                cache_bytes=settings.cache_bytes,
                breaking=False,
            ),
            audit=None
            if operated.audit is None
            else operated.audit.options(self._identity, self._namespace),
        )
        metrics = Metrics()
        # Nothing is reviewed here: in place of the counters of reviews stands what we know.
        metrics.registry.unregister(metrics)
        metrics.registry.register(self)
        limits = PeerLimits(
            **{name: getattr(settings, name) for name in PeerLimits.__struct_fields__}
        )
        self.peers = (limits, metrics)
        self._listener = Listener(
            health_app(self._ready, metrics, self._checks),
            tls=None,
            limits=msgspec.structs.replace(limits, connections=_PROBES_AT_ONCE),
            metrics=metrics,
        )

    async def listen(self, address: Address) -> None:
        """Answer probes.

        Raises:
            InputError: it cannot be listened there.
        """
        try:
            port = await self._listener.open(address.host, address.port)
        except OSError as error:
            raise InputError(f"--probe-port {address.port}: {error.strerror}") from error
        _log.info(
            "operating at %s as %s in namespace %s; probes and metrics on port %d",
            self._api.server,
            self._identity,
            self._namespace,
            port,
        )

    async def close(self) -> None:
        """Answer no probes any more."""
        await self._listener.close(0.0)

    async def until(self, asked: asyncio.Event) -> int:
        """Lead, or wait to, until a signal comes; gives the exit code."""
        leading = asyncio.create_task(
            lead(
                self._api,
                self._lead,
                namespace=self._namespace,
                identity=self._identity,
                clock=_now,
                standing=self._standing,
            )
        )
        waiting = asyncio.create_task(asked.wait())
        await asyncio.wait({leading, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if asked.is_set():
            _log.info("asked to end")
            leading.cancel()
        await asyncio.wait({leading}, timeout=_WORK_SECONDS)
        if not leading.done():
            _log.error("not everything ended in %g s", _WORK_SECONDS)
            return FAILED
        if leading.cancelled():
            return ENDED
        error = leading.exception()
        if isinstance(error, ClusterError):
            _log.critical("%s; the operator ends, and should be started again", error)
        elif error is not None:
            _log.critical("the operator ends, and should be started again", exc_info=error)
        return FAILED

    def collect(self) -> Iterator[Metric]:
        """The protocol of prometheus_client's custom collectors."""
        return operator_metrics(self._operator, leading=self._standing.leading)

    async def _lead(self) -> None:
        self._operator = Operator(self._api, self._options, _now)
        try:
            await self._operator.run()
        finally:
            self._operator = None

    def report(self) -> Source:
        """What the report shows now."""
        return source_of(self._operator, self._standing.holder)

    def _ready(self) -> bool:
        return all(check.ok for check in self._checks())

    def _checks(self) -> list[Check]:
        standing, operator = self._standing, self._operator
        leader = "we lead" if standing.leading else f"{standing.holder or 'nobody'} leads"
        checks = [Check(f"lease ({leader})", not standing.problem, standing.problem)]
        if operator is not None:
            read = operator.desk.read.is_set()
            checks.append(Check("documents", ok=read, detail=operator.desk.problem))
            checks += [
                Check(part, ok=True, detail=problem)
                for part, problem in operator.problems().items()
                if part != "documents"
            ]
        return checks


def _gather(
    namespaces: tuple[str, ...], max_exception_days: int, documents: Iterable[Document]
) -> Loaded:
    return gather_policies(
        documents,
        exception_namespaces=frozenset(namespaces),
        max_exception_days=max_exception_days,
        now=_now(),
    )


def own_identity() -> str:
    """Who we are in the Lease, where nobody said."""
    return f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"


def _now() -> datetime:
    return datetime.now(UTC)
