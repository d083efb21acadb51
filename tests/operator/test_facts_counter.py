"""Who uses a digest is written now and then; what nobody uses stays for a while, and goes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.operator.facts_world import (
    FACTS,
    PODS,
    QUICK,
    Parts,
    World,
    facts_world,
    parts,
    until,
)
from webhook.core.recorded import name_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WEEK = QUICK.keep_unused


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with facts_world() as found:
        yield found


async def learned(world: World, found: Parts) -> str:
    """A digest that one Pod uses and that is recorded."""
    digest = world.push()
    world.pod("web", digest)
    await until(lambda: found.usage.is_used(digest))
    await found.learner.look(digest)
    await found.followed(world)
    return digest


async def unused(world: World, found: Parts) -> str:
    """The same without the Pod, and long enough after the last write."""
    digest = await learned(world, found)
    world.server.drop(PODS, "web", "shop")
    await until(lambda: not found.usage.is_used(digest))
    await asyncio.sleep(QUICK.used_by_seconds)
    return digest


async def test_who_came_is_counted(world: World) -> None:
    async with parts(world) as found:
        digest = await learned(world, found)
        world.pod("other", digest)
        await until(lambda: found.usage.used_by(digest).count == 2)
        await asyncio.sleep(QUICK.used_by_seconds)
        await found.counter.look(digest)

    assert world.facts(digest)["status"]["usedBy"] == {
        "count": 2,
        "names": ["shop/Pod/other", "shop/Pod/web"],
    }


async def test_a_rollout_is_written_once_in_a_while(world: World) -> None:
    async with parts(world, msgspec.structs.replace(QUICK, used_by_seconds=60.0)) as found:
        digest = await learned(world, found)
        writes = len(world.server.writes)
        for number in range(5):
            world.pod(f"more{number}", digest)
        await until(lambda: found.usage.used_by(digest).count == 6)
        for _ in range(5):
            await found.counter.look(digest)

    assert len(world.server.writes) == writes
    assert world.facts(digest)["status"]["usedBy"]["count"] == 1


async def test_who_is_counted_already_is_not_written_again(world: World) -> None:
    async with parts(world) as found:
        digest = await learned(world, found)
        await asyncio.sleep(QUICK.used_by_seconds)
        writes = len(world.server.writes)
        await found.counter.look(digest)

    assert len(world.server.writes) == writes


async def test_what_nobody_uses_says_since_when_and_goes_in_the_end(world: World) -> None:
    async with parts(world) as found:
        digest = await unused(world, found)
        await found.counter.look(digest)
        status = world.facts(digest)["status"]
        assert status["usedBy"]["count"] == 0
        assert status["unusedSince"] == "2026-11-23T12:00:00Z"

        await found.followed(world)
        world.now += WEEK - timedelta(seconds=1)
        await found.counter.look(digest)
        assert world.facts(digest) is not None

        world.now += timedelta(seconds=1)
        await found.counter.look(digest)

    assert world.facts(digest) is None


async def test_what_is_used_again_is_not_unused_any_more(world: World) -> None:
    async with parts(world) as found:
        digest = await unused(world, found)
        await found.counter.look(digest)
        await found.followed(world)
        world.pod("again", digest)
        await until(lambda: found.usage.is_used(digest))
        await asyncio.sleep(QUICK.used_by_seconds)
        world.now += 2 * WEEK
        await found.counter.look(digest)

    assert "unusedSince" not in world.facts(digest)["status"]


async def test_what_changed_meanwhile_is_not_deleted(world: World) -> None:
    async with parts(world) as found:
        digest = await unused(world, found)
        await found.counter.look(digest)
        await found.followed(world)
        world.now += WEEK
        changed = {**world.facts(digest), "metadata": {"labels": {"keep": "me"}}}
        world.server.put(FACTS, name_of(digest), **changed)
        await found.counter.look(digest)  # the watch has not brought that yet

    assert world.server.writes[-1].method == "DELETE"
    assert world.facts(digest) is not None


async def test_a_zero_is_not_believed_while_somebody_cannot_be_seen(world: World) -> None:
    world.server.refuse("GET", "^/apis/apps/v1/deployments$", 403, "Forbidden")
    async with parts(world) as found:
        digest = await unused(world, found)
        await found.counter.look(digest)

    assert world.facts(digest)["status"]["usedBy"]["count"] == 1


async def test_what_could_not_be_written_is_tried_again_later(world: World) -> None:
    async with parts(world) as found:
        digest = await unused(world, found)
        world.server.refuse("PATCH", "/status$", 500)
        await found.counter.look(digest)
        assert world.facts(digest)["status"]["usedBy"]["count"] == 1

        world.server.agree()
        await asyncio.sleep(QUICK.used_by_seconds)
        await found.counter.look(digest)

    assert world.facts(digest)["status"]["usedBy"]["count"] == 0


async def test_what_another_wrote_is_left_to_the_learner(world: World) -> None:
    async with parts(world) as found:
        digest = await unused(world, found)
        spec = {**world.facts(digest)["spec"], "pid1": "forged"}
        world.server.put(FACTS, name_of(digest), spec=spec)
        await found.followed(world)
        writes = len(world.server.writes)
        await found.counter.look(digest)

    assert len(world.server.writes) == writes


async def test_all_are_looked_at_once_everybody_was_seen(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    options = msgspec.structs.replace(QUICK, sweep_seconds=0.1)
    world.server.refuse("GET", "^/apis/apps/v1/deployments$", 403, "Forbidden")
    async with parts(world, options) as found:
        await learned(world, found)
        assert not len(found.counted)
        sweeping = asyncio.create_task(found.counter.sweep())
        await until(lambda: len(found.counted) == 1)
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)

    assert "unused image facts are kept until everybody is seen: deployments" in caplog.text
