"""The report that `cocket operate` serves: its server, put together."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.admission.listener import Listener
from webhook.cli.serving_certificates import Files, SelfSigning, local_certificate
from webhook.cluster.authorization import Authorization
from webhook.errors import InputError
from webhook.page.app import page_app
from webhook.page.gate import Gate
from webhook.page.shown import Shown, Source
from webhook.reports.audit_json import render_audit_json
from webhook.reports.html import render_html
from webhook.reports.trend import Trend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from webhook.admission.limits import Limits
    from webhook.admission.metrics import Metrics
    from webhook.cli.report_options import ReportServed
    from webhook.cluster.api import Api
    from webhook.operator.process import Operator

_READERS_AT_ONCE = 64
_NO_TREND = Trend()
_NOT_YET = "The first audit is not done yet. Ask again in a minute."

_log = logging.getLogger(__name__)


@asynccontextmanager
async def served_report(
    served: ReportServed | None,
    api: Api,
    source: Callable[[], Source],
    limits: Limits,
    metrics: Metrics,
) -> AsyncIterator[None]:
    """Serve the report meanwhile.

    Args:
        served: None: nothing is served.
        api: asked who may read it.
        source: what there is to show.
        limits: of one peer.
        metrics: told of connections.

    Raises:
        InputError: the certificate cannot be used, or it cannot be listened there.
    """
    if served is None:
        yield
        return
    loop = asyncio.get_running_loop()
    chain, key = served.chain, served.key
    tls = SelfSigning() if chain is None or key is None else Files(chain, key)
    try:
        certificate, reloads = local_certificate(tls, None, metrics)
    except InputError as error:
        raise InputError(f"the report's certificate: {error}") from error
    app = page_app(
        Shown(source, render_html),
        Shown(source, lambda audit, _: render_audit_json(audit)),
        None if served.anonymous else Gate(Authorization(api), loop.time),
    )
    listener = Listener(
        app,
        tls=certificate.context,
        limits=replace(limits, connections=_READERS_AT_ONCE),
        metrics=metrics,
    )
    try:
        port = await listener.open(served.host, served.port)
    except OSError as error:
        raise InputError(f"--report-port {served.port}: {error.strerror}") from error
    tasks = [loop.create_task(reload.watch(limits.reload_seconds)) for reload in reloads]
    whom = "everybody" if served.anonymous else "who may list imagefacts.cocket.dev"
    _log.info("the report is served on port %d, to %s", port, whom)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.close(0.0)


def source_of(operator: Operator | None, leader: str) -> Source:
    """What there is to show now.

    Args:
        operator: ours, if we lead.
        leader: who leads, printable.
    """
    audit = None if operator is None else operator.audit
    if audit is None:
        who = leader or "another one"
        return Source(None, _NO_TREND, f"This replica does not audit, {who} does. Ask again.")
    return Source(audit.latest, audit.trend, _NOT_YET)
