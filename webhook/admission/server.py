"""The server: two ports, watched files, and an end in good order.

It runs inside an event loop that somebody else started and touches no signal unless it is asked to:

    async with Server(engine=…, policies=…, …) as server:
        print(server.port)
"""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

import msgspec

from webhook.admission.app import Admission
from webhook.admission.decisionlog import DecisionLog
from webhook.admission.health import health_app
from webhook.admission.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Any, Self

    from webhook.admission.limits import Limits
    from webhook.admission.metrics import Metrics
    from webhook.admission.reload import Reload
    from webhook.admission.tls import Certificate
    from webhook.core.policy import PolicySet
    from webhook.engine import Engine

_PROBES_AT_ONCE = 64
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger(__name__)


class Address(msgspec.Struct, frozen=True):
    """Where to listen."""

    host: str = ""
    """Empty for every address of the machine."""
    port: int = 0
    """0 for any free port."""


class Server:
    """Serves admission reviews from `start` to `stop`."""

    def __init__(
        self,
        *,
        engine: Engine,
        policies: Callable[[], PolicySet],
        clock: Callable[[], datetime],
        certificate: Certificate,
        limits: Limits,
        metrics: Metrics,
        log_descriptor: int,
        reviews: Address,
        probes: Address | None,
        reloads: Sequence[Reload[Any, Any]] = (),
    ) -> None:
        """Put the server together; nothing is opened yet.

        Args:
            engine: gives the verdicts.
            policies: those in force now.
            clock: the time, aware.
            certificate: what is shown, and whether clients must show one.
            limits: for peers.
            metrics: counted here, and served on the probes' port.
            log_descriptor: an open file for one line of JSON a decision.
            reviews: where to listen with TLS.
            probes: where to listen without, for probes and metrics only; None for nowhere.
            reloads: files to watch.
        """
        self.port = 0
        """Of the reviews, once started."""
        self.metrics_port: int | None = None
        """Of probes and metrics, once started."""
        self.ready = False
        """What `/readyz` says."""
        self._limits = limits
        self._reviews_at = reviews
        self._probes_at = probes
        self._reloads = reloads
        self._watches: list[asyncio.Task[None]] = []
        self._decisions = DecisionLog(log_descriptor)
        metrics.lost_lines = lambda: self._decisions.lost
        metrics.expires = lambda: certificate.expires
        admission = Admission(
            engine=engine,
            policies=policies,
            clock=clock,
            limits=limits,
            metrics=metrics,
            decisions=self._decisions,
            others=health_app(self._is_ready),
            client_certificate=certificate.asks_clients,
        )
        self._reviews = Listener(
            admission,
            tls=certificate.context,
            limits=limits,
            metrics=metrics,
            at_once=admission.at_once,
        )
        self._probes = Listener(
            health_app(self._is_ready, metrics),
            tls=None,
            limits=msgspec.structs.replace(limits, connections=_PROBES_AT_ONCE),
            metrics=metrics,
        )

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop at once, with the answers that are due."""
        await self.stop()

    async def start(self) -> None:
        """Listen and serve.

        Raises:
            OSError: it cannot be listened there.
        """
        self.port = await self._reviews.open(self._reviews_at.host, self._reviews_at.port)
        if self._probes_at is not None:
            try:
                self.metrics_port = await self._probes.open(
                    self._probes_at.host, self._probes_at.port
                )
            except OSError:
                await self._reviews.close(0.0)
                raise
        self._decisions.start()
        self._watches = [
            asyncio.create_task(reload.watch(self._limits.reload_seconds))
            for reload in self._reloads
        ]
        for watch in self._watches:
            watch.add_done_callback(_report)
        self.ready = True
        _log.info(
            "answering reviews on port %d, probes and metrics on port %s",
            self.port,
            self.metrics_port,
        )

    async def drain(self) -> None:
        """Say «not ready», serve on until peers have heard of it, then stop.

        Every answer from now on ends its connection, so that a peer's next one goes elsewhere; idle
        connections stay open meanwhile, as one that is closed under a request is an error.
        """
        self.ready = False
        self._reviews.drain()
        _log.info("not ready any more; serving on for %g s", self._limits.drain_seconds)
        await asyncio.sleep(self._limits.drain_seconds)
        await self.stop()

    async def stop(self) -> None:
        """Accept nothing more, finish what is being answered, close everything."""
        self.ready = False
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await self._reviews.close(self._limits.finish_seconds)
        await self._probes.close(0.0)
        await self._decisions.close()

    async def serve_until_signal(self) -> None:
        """Start, and drain on SIGTERM or SIGINT; a second signal stops at once.

        Raises:
            OSError: it cannot be listened there.
        """
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()
        hurried = asyncio.Event()

        def on_signal() -> None:
            (hurried if asked.is_set() else asked).set()

        for number in _SIGNALS:
            loop.add_signal_handler(number, on_signal)
        try:
            await self.start()
            await asked.wait()
            draining = asyncio.create_task(self.drain())
            hurry = asyncio.create_task(hurried.wait())
            await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
            if not draining.done():
                draining.cancel()
                await self.stop()
            await asyncio.gather(draining, hurry, return_exceptions=True)
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _is_ready(self) -> bool:
        return self.ready


def _report(watch: asyncio.Task[None]) -> None:
    """A watch has no end of its own: if it ends, it is a bug, and somebody must hear of it."""
    if not watch.cancelled() and (error := watch.exception()) is not None:
        _log.critical("files are not watched any more; restart me", exc_info=error)
