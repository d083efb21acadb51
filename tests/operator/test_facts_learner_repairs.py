"""What becomes of objects that somebody else wrote."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.operator.facts_world import FACTS, Parts, World, facts_world, parts, until
from webhook.core.recorded import name_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with facts_world() as found:
        yield found


async def forged(world: World, found: Parts | None, digest: str, spec: dict[str, object]) -> None:
    """Somebody else writes an object; the parts see it."""
    before = world.facts(digest) or {}
    status = {"status": before["status"]} if "status" in before else {}
    world.server.put(FACTS, name_of(digest), spec=spec, **status)
    if found is not None:
        await found.followed(world)


async def test_what_somebody_else_wrote_is_put_right_without_a_question(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    digest = world.push()
    world.pod("web", digest)
    async with parts(world) as found:
        await found.learner.look(digest)
        right = world.facts(digest)["spec"]
        asked = world.asked_for(digest)
        await forged(world, found, digest, right | {"pid1": "tini", "registries": ["other"]})
        await found.learner.look(digest)

    assert world.facts(digest)["spec"] == right
    assert world.asked_for(digest) == asked
    assert "putting them right" in caplog.text


async def test_what_cannot_be_put_right_says_nothing_until_it_is_asked_again(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    await forged(world, None, digest, {"digest": digest, "image": "x", "platforms": [{}]})
    async with parts(world) as found:
        await found.learner.look(digest)
        assert world.reason(digest) == "Changed"
        assert world.facts(digest)["spec"]["platforms"] == []
        await found.learner.look(digest)

    assert world.reason(digest) == "Learned"


@pytest.mark.parametrize("name", ["sha256:" + "ef" * 32, "no:digest"])
async def test_what_strangers_made_and_nobody_uses_goes(world: World, name: str) -> None:
    await forged(world, None, name, {"digest": name, "platforms": [{}]})
    async with parts(world) as found:
        await found.learner.look(name)

    assert world.facts(name) is None


async def test_strangers_are_not_judged_before_all_users_are_counted(world: World) -> None:
    digest = world.push()
    await forged(world, None, digest, {"digest": digest, "platforms": [{}]})
    async with parts(world, settled=False) as found:
        await found.learner.look(digest)
        assert world.facts(digest)["spec"]["platforms"] == [{}]

        counting = asyncio.create_task(found.users.run())
        await until(lambda: found.users.settled)
        await found.learner.look(digest)
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)

    assert world.facts(digest) is None


async def test_a_promotion_that_somebody_else_wrote_is_taken_away(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    async with parts(world) as found:
        await found.learner.look(digest)
        right = world.facts(digest)["spec"]
        promotion = {"origins": ["registry.example.com/preprod/web"], "signers": []}
        await forged(world, found, digest, right | {"promotion": promotion})
        await found.learner.look(digest)

    assert world.facts(digest)["spec"] == right
