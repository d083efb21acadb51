"""A server that waits for what it judges by."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from tests import builders
from tests.admission.serving import ISSUED, LIMITS, Facts, policy_set, serving, trusting
from tests.admission.wire import connect
from webhook.admission.metrics import Metrics
from webhook.admission.server import Address, Server
from webhook.admission.tls import Certificate, try_pair
from webhook.engine import Engine


async def test_whoever_wants_to_know_hears_of_readiness_at_once() -> None:
    heard: list[bool] = []
    async with serving(on_readiness=heard.append) as server:
        assert heard == [True]
        draining = asyncio.create_task(server.server.drain())
        await asyncio.sleep(0.05)
        assert heard == [True, False]
        assert not draining.done()
        await draining
    assert heard == [True, False]


async def test_reviews_have_to_wait_for_what_they_are_judged_by() -> None:
    known = asyncio.Event()

    async def before() -> None:
        await known.wait()

    async with unstarted(before) as server:
        starting = asyncio.create_task(server.start())
        await wait_for_probes(server)
        assert server.port == 0
        assert not server.ready

        known.set()
        await starting

        assert server.ready
        wire = await connect(server.port, trusting())
        await wire.close()


async def test_an_end_that_comes_first_needs_no_reviews() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    async with unstarted(never) as server:
        serving_on = asyncio.create_task(server.serve_until_signal())
        await wait_for_probes(server)
        port = server.metrics_port
        assert port is not None

        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await serving_on

        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection("127.0.0.1", port)


@asynccontextmanager
async def unstarted(before: Callable[[], Awaitable[None]]) -> AsyncIterator[Server]:
    """A server that is not started yet; stopped at the end."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    policies = policy_set()
    server = Server(
        engine=Engine(
            policies=lambda: policies,
            source=Facts(),
            namespaces=lambda _: {},
            clock=lambda: builders.NOW,
        ),
        policies=lambda: policies,
        clock=lambda: builders.NOW,
        certificate=Certificate(try_pair(ISSUED.pair, datetime.now(UTC))),
        limits=LIMITS,
        metrics=Metrics(),
        log_descriptor=descriptor,
        reviews=Address("127.0.0.1"),
        probes=Address("127.0.0.1"),
        before=before,
    )
    try:
        yield server
        await server.stop()
    finally:
        os.close(descriptor)


async def wait_for_probes(server: Server) -> None:
    async with asyncio.timeout(5):
        while server.metrics_port is None:  # noqa: ASYNC110 - of another task
            await asyncio.sleep(0.01)
