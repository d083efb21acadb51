"""One tenant's dead registry, and how long another one waits for his own."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager
from statistics import quantiles
from typing import TYPE_CHECKING

from tests.builders import pod
from tests.registry.asking import APP, CONFIG, client, configured
from webhook.core.facts import ImageFacts, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries
from webhook.demo.registry import DemoRegistry
from webhook.registry.given import GivenFacts
from webhook.registry.limits import Limits
from webhook.registry.source import RegistrySource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ASKED = 100
_SLACK_SECONDS = 0.1
"""For a machine that does other things as well: what is looked for are seconds."""


@asynccontextmanager
async def dead() -> AsyncIterator[str]:
    """Takes connections, and never says a word."""
    never = asyncio.Event()

    async def silence(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        never.set()
        server.close()


async def test_a_flood_at_a_dead_registry_slows_nobody_elses() -> None:
    numbers = itertools.count()
    limits = Limits(image_seconds=1.0)
    async with DemoRegistry() as registry, dead() as silent, client(limits=limits) as asked:
        for number in range(2 * _ASKED):
            registry.add("b/web", APP, tag=str(number))
        registries = Registries([configured(registry.host, name="b"), configured(silent, name="a")])
        source = RegistrySource(registries=lambda: registries, client=asked, given=GivenFacts())

        async def of_b() -> float:
            """The 99th percentile of cold questions, one after the other; in seconds."""
            taken = []
            for _ in range(_ASKED):
                ref = ImageRef.parse(registry.name("b/web", str(next(numbers))))
                began = time.perf_counter()
                found = await source.learn(ref, CONFIG, pod(namespace="b"))
                taken.append(time.perf_counter() - began)
                assert isinstance(found, ImageFacts)
            return quantiles(taken, n=100)[98]

        async def flood(stream: int) -> int:
            for number in itertools.count():
                ref = ImageRef.parse(f"{silent}/a/web:{stream}-{number}")
                found = await source.learn(ref, CONFIG, pod(namespace="a"))
                assert isinstance(found, Unknown)
                await asyncio.sleep(0.2)
            return 0

        quiet = await of_b()
        floods = [asyncio.create_task(flood(stream)) for stream in range(100)]
        await asyncio.sleep(0.1)
        flooded = await of_b()
        for one in floods:
            one.cancel()
        await asyncio.gather(*floods, return_exceptions=True)

    assert flooded <= 2 * quiet + _SLACK_SECONDS
