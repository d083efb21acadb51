"""What was seen of the way of a digest is recorded beside what it says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.operator.facts_world import FACTS, World, configured, facts_world, parts
from webhook.core.recorded import name_of
from webhook.core.registries import Registries
from webhook.core.rules.promotion import PromotionRule
from webhook.operator.facts_promotion import AGAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with facts_world() as found:
        host = found.registry.host
        prod = replace(configured(host), name="prod", path=("shop",), promotes_from="preprod")
        preprod = replace(configured(host), name="preprod", path=("preprod",))
        found.registries = Registries([prod, preprod])
        yield found


def ask_for_promotion(world: World) -> None:
    """A policy with the rule is in force."""
    world.rules = (PromotionRule(registries=world.registries),)


def recorded(world: World, digest: str) -> Any:
    return (world.facts(digest) or {}).get("spec", {}).get("promotion")


def origin(world: World) -> Any:
    return {"origins": [f"{world.registry.host}/preprod/web"], "signers": []}


async def test_without_a_policy_that_asks_nobody_looks(world: World) -> None:
    digest = world.push()
    world.push(repository="preprod/web")
    world.pod("web", digest)
    async with parts(world) as found:
        await found.learner.look(digest)
        await found.learner.look(digest)

    assert recorded(world, digest) is None
    assert not any("/preprod/" in line for line in world.registry.lines())


async def test_where_a_digest_came_from_is_recorded(world: World) -> None:
    digest = world.push()
    world.push(repository="preprod/web")
    world.pod("web", digest)
    async with parts(world) as found:
        await found.learner.look(digest)
        before = world.facts(digest)["spec"]
        ask_for_promotion(world)
        await found.learner.look(digest)
        writes = len(world.server.writes)
        await found.followed(world)
        await found.learner.look(digest)

    assert recorded(world, digest) == origin(world)
    assert {**world.facts(digest)["spec"], "promotion": None} == {**before, "promotion": None}
    assert len(world.server.writes) == writes


async def test_what_was_not_promoted_is_not_recorded_and_looked_at_now_and_then(
    world: World,
) -> None:
    digest = world.push()
    world.pod("web", digest)
    ask_for_promotion(world)
    async with parts(world) as found:
        await found.learner.look(digest)
        await found.learner.look(digest)
        asked = len(world.registry.requests)
        await found.learner.look(digest)

        assert recorded(world, digest) is None
        assert len(world.registry.requests) == asked

        world.push(repository="preprod/web")
        world.now += timedelta(seconds=AGAIN_SECONDS)
        found.learner.forgive()
        await found.learner.look(digest)

    assert recorded(world, digest) == origin(world)


async def test_what_was_seen_stays_when_another_registry_tells_of_the_digest(
    world: World,
) -> None:
    digest = world.push()
    world.push(repository="preprod/web")
    world.pod("web", digest)
    ask_for_promotion(world)
    async with parts(world) as found:
        await found.learner.look(digest)
        await found.learner.look(digest)
        world.pod("early", digest, "preprod/web")
        await found.learner.look(digest)
        await found.learner.look(digest)

    assert recorded(world, digest) == origin(world)


async def test_a_signer_that_somebody_else_wrote_does_not_stay_beside_an_origin(
    world: World,
) -> None:
    """A merge patch leaves every field that it does not name."""
    digest = world.push()
    world.push(repository="preprod/web")
    world.pod("web", digest)
    ask_for_promotion(world)
    async with parts(world) as found:
        await found.learner.look(digest)
        await found.learner.look(digest)
        promotion = {"origins": [], "signers": [f"sha256:{'ab' * 32}"]}
        forged = world.facts(digest)["spec"] | {"promotion": promotion}
        world.server.put(FACTS, name_of(digest), spec=forged, status=world.facts(digest)["status"])
        await found.followed(world)
        await found.learner.look(digest)
        await found.learner.look(digest)
        await found.learner.look(digest)

    assert recorded(world, digest) == origin(world)
