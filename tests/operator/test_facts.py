"""The whole keeper, from a Pod that appears to the object that says what runs in it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.operator.facts_world import FACTS, PODS, QUICK, World, facts_world, until
from webhook.core.recorded import name_of
from webhook.demo.faults import Fault
from webhook.operator.facts import FactsKeeper
from webhook.registry.client import open_client
from webhook.registry.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.operator.facts_steps import FactsOptions


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with facts_world() as found:
        yield found


@asynccontextmanager
async def keeping(world: World, options: FactsOptions = QUICK) -> AsyncIterator[FactsKeeper]:
    """A keeper that runs."""
    client = open_client(limits=Limits(failure_seconds=0.0, breaking=False))
    keeper = FactsKeeper(
        world.api,
        registries=lambda: world.registries,
        client=client,
        clock=lambda: world.now,
        options=options,
    )
    running = asyncio.create_task(keeper.run())
    try:
        yield keeper
    finally:
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.close()


async def test_what_runs_is_learned_counted_and_kept(world: World) -> None:
    one, two = world.push("1"), world.push("2")
    world.pod("before", one)
    async with keeping(world):
        await until(lambda: world.reason(one) == "Learned")
        world.pod("after", two)
        world.pod("more", one)
        await until(lambda: world.reason(two) == "Learned")
        await until(lambda: world.facts(one)["status"]["usedBy"]["count"] == 2)

    assert world.asked_for(one) <= 2


async def test_what_nobody_uses_any_more_goes(world: World) -> None:
    options = msgspec.structs.replace(QUICK, sweep_seconds=0.1)
    digest = world.push()
    world.pod("web", digest)
    async with keeping(world, options):
        await until(lambda: world.reason(digest) == "Learned")
        world.server.drop(PODS, "web", "shop")
        await until(lambda: "unusedSince" in world.facts(digest)["status"])
        world.now += 2 * QUICK.keep_unused

        await until(lambda: world.facts(digest) is None)


async def test_facts_in_use_that_somebody_deletes_come_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    digest = world.push()
    world.pod("web", digest)
    async with keeping(world):
        await until(lambda: world.reason(digest) == "Learned")
        world.server.drop(FACTS, name_of(digest))

        await until(lambda: world.reason(digest) == "Learned")
    assert "are gone and in use; writing them again" in caplog.text


async def test_a_registry_that_has_enough_of_us_is_asked_again_when_it_is_mended(
    world: World,
) -> None:
    """A 429 with Retry-After: the digests behind it wait, and are recorded as in use."""
    digests = [world.push(str(number)) for number in range(12)]
    limited = Fault(status=429, headers=(("Retry-After", "600"),))
    for digest in digests:
        world.registry.fault(world.registry.path("shop/web", digest), limited, times=999)
    for number, digest in enumerate(digests):
        world.pod(f"web{number}", digest)
    async with keeping(world) as keeper:
        await until(lambda: all(world.reason(one) == "RateLimited" for one in digests))
        asked = len(world.registry.requests)
        assert 0 < asked <= 2 * QUICK.asks_per_registry + 2

        world.registry.heal()
        assert len(world.registry.requests) == asked
        keeper.registries_changed()
        await until(lambda: all(world.reason(one) == "Learned" for one in digests))


async def test_it_says_how_far_it_is_while_there_is_something_to_do(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    world.pod("web", "sha256:" + "cd" * 32)
    async with keeping(world, msgspec.structs.replace(QUICK, progress_seconds=0.05)):
        await until(lambda: "1 digests in use, 1 recorded" in caplog.text)
        said = caplog.text.count("not learned yet")
        await asyncio.sleep(0.3)

        assert caplog.text.count("not learned yet") <= said + 1
