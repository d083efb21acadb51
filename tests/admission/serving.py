"""A server on loopback with a real engine, and a client that trusts it."""

from __future__ import annotations

import asyncio
import io
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from tests import builders
from webhook.admission.checks import Check
from webhook.admission.limits import Limits
from webhook.admission.metrics import Metrics
from webhook.admission.reload import Reload
from webhook.admission.selfsigned import LOCAL_NAMES, SelfSigned, self_signed
from webhook.admission.server import Address, Server
from webhook.admission.tls import Certificate, try_pair
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import ImageRef
from webhook.core.policy import ActiveRule, Policy, PolicySet
from webhook.core.registries import Registries
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.verdict import Mode
from webhook.core.workload import Workload
from webhook.engine import Engine

REVIEWS = Path(__file__).parent.parent / "data" / "reviews"
LIMITS = Limits(
    body_bytes=32 * 1024 * 1024,
    buffered_bytes=64 * 1024 * 1024,
    header_bytes=32 * 1024,
    request_seconds=5.0,
    handshake_seconds=5.0,
    keep_alive_seconds=120.0,
    connections=200,
    handshakes=50,
    learning=50,
    drain_seconds=0.3,
    linger_seconds=0.0,
    finish_seconds=3.0,
    reload_seconds=0.02,
)
ISSUED = self_signed(LOCAL_NAMES, datetime.now(UTC))
"""Made once: keys cost time."""


def real_review(name: str) -> dict[str, Any]:
    """One of the reviews that an API server sent."""
    review: dict[str, Any] = msgspec.json.decode((REVIEWS / f"{name}.json").read_bytes())
    return review


class Facts:
    """A source that knows every image: a good one, unless the test says otherwise."""

    def __init__(self, facts: ImageFacts | Unknown | None = None) -> None:
        self.facts = facts or builders.facts()
        self.in_memory = True
        self.learned: list[ImageRef] = []

    def known(self, _ref: ImageRef, _needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        return self.facts if self.in_memory else None

    def in_use(self, _ref: ImageRef) -> bool:
        return False

    async def learn(
        self, ref: ImageRef, _needs: frozenset[Need], _workload: Workload
    ) -> ImageFacts | Unknown:
        self.learned.append(ref)
        return self.facts


class Broken(Facts):
    """A source with a bug."""

    def known(self, _ref: ImageRef, _needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        raise ZeroDivisionError


class Slow(Facts):
    """A source whose registry never answers."""

    def known(self, _ref: ImageRef, _needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        return None

    async def learn(
        self, ref: ImageRef, _needs: frozenset[Need], _workload: Workload
    ) -> ImageFacts | Unknown:
        self.learned.append(ref)
        await asyncio.sleep(60)
        raise AssertionError


def policy_set(
    *rules: Rule, mode: Mode = Mode.ENFORCE, policies: Sequence[Policy] = ()
) -> PolicySet:
    """One policy of these rules; the three that need no Registry where none is given."""
    chosen = rules or (DigestRule(), ProvenanceRule(), InitRule())
    policy = Policy(name="production", rules=tuple(ActiveRule(rule, mode) for rule in chosen))
    return PolicySet(policies=(*policies, policy), registries=Registries())


class Serving:
    """A running server, and what a test wants to ask of it."""

    def __init__(self, server: Server, client: aiohttp.ClientSession, metrics: Metrics) -> None:
        self.server = server
        self.client = client
        self.metrics = metrics

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.port}"

    async def ask(self, review: Mapping[str, Any] | bytes, query: str = "") -> dict[str, Any]:
        """The response to a review; anything but a 200 fails the test."""
        body = review if isinstance(review, bytes) else msgspec.json.encode(review)
        async with self.client.post(f"{self.url}/validate{query}", data=io.BytesIO(body)) as answer:
            assert answer.status == 200, await answer.text()
            content = await answer.read()
        read = msgspec.json.decode(content)
        assert read["kind"] == "AdmissionReview"
        response: dict[str, Any] = read["response"]
        return response

    async def scrape(self) -> str:
        """The metrics."""
        address = f"http://127.0.0.1:{self.server.metrics_port}/metrics"
        async with self.client.get(address) as answer:
            assert answer.status == 200
            return await answer.text()


def trusting(issued: SelfSigned = ISSUED) -> ssl.SSLContext:
    """A client's context that trusts the server and nobody else."""
    return ssl.create_default_context(cadata=issued.ca.decode())


@asynccontextmanager
async def serving(
    policies: PolicySet | Callable[[], PolicySet] | None = None,
    source: Facts | None = None,
    *,
    limits: Limits = LIMITS,
    certificate: Certificate | None = None,
    reloads: Sequence[Reload[Any, Any]] = (),
    log: Path | None = None,
    metrics: Metrics | None = None,
    tls: ssl.SSLContext | None = None,
    checks: Callable[[], Sequence[Check]] = tuple,
    on_readiness: Callable[[bool], None] = lambda _: None,
) -> AsyncIterator[Serving]:
    """Serve until the block ends."""
    chosen = policies or policy_set()
    current = chosen if callable(chosen) else lambda: chosen
    clock = lambda: builders.NOW  # noqa: E731
    metrics = metrics or Metrics()
    descriptor = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    engine = Engine(
        policies=current, source=source or Facts(), namespaces=lambda _: {}, clock=clock
    )
    server = Server(
        engine=engine,
        policies=current,
        clock=clock,
        certificate=certificate or Certificate(try_pair(ISSUED.pair, datetime.now(UTC))),
        limits=limits,
        metrics=metrics,
        log_descriptor=descriptor,
        reviews=Address("127.0.0.1"),
        probes=Address("127.0.0.1"),
        reloads=reloads,
        checks=checks,
        on_readiness=on_readiness,
    )
    connector = aiohttp.TCPConnector(ssl=tls or trusting(), limit=0)
    try:
        async with server, aiohttp.ClientSession(connector=connector) as client:
            yield Serving(server, client, metrics)
    finally:
        os.close(descriptor)
