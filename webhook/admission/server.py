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
from webhook.admission.checks import Check
from webhook.admission.decisionlog import DecisionLog
from webhook.admission.health import health_app
from webhook.admission.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
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
        before: Callable[[], Awaitable[None]] | None = None,
        checks: Callable[[], Sequence[Check]] = tuple,
        on_readiness: Callable[[bool], None] = lambda _: None,
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
            before: awaited before reviews are answered; until then their port is closed, so that
                an API server asks its failurePolicy and not somebody who knows nothing.
            checks: what that waits for, for `/readyz?verbose`.
            on_readiness: told at once when `ready` changes.
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
        self._before = before
        self._checks = checks
        self._on_readiness = on_readiness
        self._ended = False
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
            certified_only=certificate.asks_clients,
        )
        self._probes = Listener(
            health_app(self._is_ready, metrics, self._all_checks),
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
        """Listen and serve, reviews as soon as they can be judged.

        Raises:
            OSError: it cannot be listened there.
        """
        if self._probes_at is not None:
            self.metrics_port = await self._probes.open(self._probes_at.host, self._probes_at.port)
        try:
            if self._before is not None:
                await self._before()
            self.port = await self._reviews.open(self._reviews_at.host, self._reviews_at.port)
        except BaseException:
            await self._probes.close(0.0)
            raise
        self._decisions.start()
        self._watches = [
            asyncio.create_task(reload.watch(self._limits.reload_seconds))
            for reload in self._reloads
        ]
        for watch in self._watches:
            watch.add_done_callback(_report)
        self._say_ready(ready=True)
        _log.info(
            "answering reviews on port %d, probes and metrics on port %s",
            self.port,
            self.metrics_port,
        )

    async def drain(self) -> None:
        """Say «not ready», serve on until peers have heard of it, then stop.

        Every answer from now on ends its connection, so that a peer's next one goes elsewhere; idle
        connections stay open meanwhile, as one that is closed under a request is an error. After
        `drain_seconds` they get `linger_seconds` more for their peers to close them.
        """
        self._say_ready(ready=False)
        self._reviews.drain()
        _log.info("not ready any more; serving on for %g s", self._limits.drain_seconds)
        await asyncio.sleep(self._limits.drain_seconds)
        await self._reviews.wait_left(self._limits.linger_seconds)
        await self.stop()

    async def stop(self) -> None:
        """Accept nothing more, finish what is being answered, close everything."""
        self._say_ready(ready=False)
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
            if not await _unless(asked, self.start()):
                return
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

    def _say_ready(self, *, ready: bool) -> None:
        changed = ready is not self.ready
        self.ready = ready
        self._ended = not ready
        if changed:
            self._on_readiness(ready)

    def _all_checks(self) -> Sequence[Check]:
        why = "no more: it was asked to end" if self._ended else "not yet"
        return [*self._checks(), Check("serving", self.ready, "" if self.ready else why)]


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do some work, unless the event comes first: then end it; tells whether it was done."""
    working = asyncio.create_task(work)
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


def _report(watch: asyncio.Task[None]) -> None:
    """A watch has no end of its own: if it ends, it is a bug, and somebody must hear of it."""
    if not watch.cancelled() and (error := watch.exception()) is not None:
        _log.critical("files are not watched any more; restart me", exc_info=error)
