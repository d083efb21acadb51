"""How long namespace B waits for its registry, alone and while A floods a dead one, in one run."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import ssl
import time
from statistics import quantiles
from typing import TYPE_CHECKING

from aiohttp import ClientSession, TCPConnector

from bench.servers import COCKET, free_port, server
from bench.table import Row, compared
from tests.certificates import self_signed
from webhook.demo.images import image
from webhook.demo.registry import DemoRegistry

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 3
REVIEWS = 300
"""Of B in a round, one after the other, each of an image that nobody knows yet."""
FLOOD = 64
"""Reviews of A in flight; each of them of another image, too."""
PAUSE_SECONDS = 1.0
"""Between two of one stream: API servers have other things to do, and so has our one core."""
SETTLE_SECONDS = 8.0
"""Until the last of A's questions is answered, and the breaker lets the next one through."""
_IMAGE = image(entrypoint=["/sbin/tini", "--", "/app"], labels={"a": "b"})


def measure(folder: Path) -> list[Row]:
    """The 99th percentile of B's reviews: quiet, and under the flood."""
    quiet, flooded = asyncio.run(_measure(folder))
    return [
        compared(
            "p99 of a tenant while another floods a dead registry",
            "ms",
            quiet,
            flooded,
            at_most=2.0,
        )
    ]


async def _measure(folder: Path) -> tuple[list[float], list[float]]:
    never = asyncio.Event()

    async def silence(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.close()

    dead = await asyncio.start_server(silence, "127.0.0.1", 0)
    silent = f"127.0.0.1:{dead.sockets[0].getsockname()[1]}"
    async with DemoRegistry() as registry:
        for number in range((2 * ROUNDS + 1) * REVIEWS):
            registry.add("b/web", _IMAGE, tag=str(number))
        policy = folder / "tenants.yaml"
        policy.write_text(_policy(registry.host, silent), encoding="utf-8")
        signed = self_signed()
        certificate, key = signed.write(folder, "tenants")
        port = free_port()
        ours = [COCKET, "serve", "--policy", str(policy), "--bind", "127.0.0.1"]
        ours += ["--port", str(port), "--metrics-port", "none", "--drain-seconds", "0"]
        ours += ["--tls-cert", str(certificate), "--tls-key", str(key)]
        # Threads only start and end it: the registry answers from this one.
        running = server(ours, port, folder / "tenants.log")
        await asyncio.to_thread(running.__enter__)
        try:
            context = ssl.create_default_context(cadata=signed.certificate_pem)
            connector = TCPConnector(ssl=context, limit=0)
            url = f"https://localhost:{port}/validate?timeout=10s"
            async with ClientSession(connector=connector) as session:
                return await _rounds(session, url, registry.host, silent)
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)
            never.set()
            dead.close()


async def _rounds(
    session: ClientSession, url: str, alive: str, silent: str
) -> tuple[list[float], list[float]]:
    """Rounds of both kinds in turn; milliseconds."""
    numbers = itertools.count()

    async def of_b() -> float:
        taken = []
        for _ in range(REVIEWS):
            began = time.perf_counter()
            allowed = await _ask(session, url, "b", f"{alive}/b/web:{next(numbers)}")
            taken.append(time.perf_counter() - began)
            assert allowed
        return quantiles(taken, n=100)[98] * 1000

    flowing = asyncio.Event()

    async def of_a(stream: int) -> None:
        for number in itertools.count():
            await flowing.wait()
            await _ask(session, url, "a", f"{silent}/a/web:{stream}-{number}")
            # Not all at one moment: there are many API servers, and their clients are many more.
            await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311

    # Connections are there before it is measured: API servers keep theirs.
    floods = [asyncio.create_task(of_a(stream)) for stream in range(FLOOD)]
    flowing.set()
    await of_b()
    quiet, flooded = [], []
    for _ in range(ROUNDS):
        flowing.clear()
        await asyncio.sleep(SETTLE_SECONDS)
        quiet.append(await of_b())
        flowing.set()
        await asyncio.sleep(PAUSE_SECONDS)
        flooded.append(await of_b())
    for one in floods:
        one.cancel()
    await asyncio.gather(*floods, return_exceptions=True)
    return quiet, flooded


async def _ask(session: ClientSession, url: str, namespace: str, name: str) -> bool:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"containers": [{"name": "app", "image": name}]},
    }
    request = {
        "uid": "0f5a8f0e-0000-4000-8000-000000000001",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "somebody"},
        "object": pod,
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    async with session.post(url, data=json.dumps(review)) as answer:
        return bool((await answer.json())["response"]["allowed"])


def _policy(alive: str, silent: str) -> str:
    registries = "".join(
        f"""\
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {{name: {name}}}
spec: {{host: "{host}", allowPrivateAddresses: true, tls: {{plainHTTP: true}}}}
---
"""
        for name, host in (("alive", alive), ("silent", silent))
    )
    return f"""\
{registries}apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: all}}
spec:
  mode: enforce
  onUnknown: deny
  rules: {{init: {{}}}}
"""
