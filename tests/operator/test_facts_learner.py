"""What becomes of one digest, whatever registry and API server answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.operator.facts_world import (
    QUICK,
    World,
    configured,
    facts_world,
    parts,
    until,
)
from webhook.core.registries import Registries
from webhook.demo.faults import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MISSING = "sha256:" + "cd" * 32


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with facts_world() as found:
        yield found


async def test_what_its_registry_says_is_recorded_with_its_users(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    async with parts(world) as found:
        await found.learner.look(digest)

    spec, status = world.facts(digest)["spec"], world.facts(digest)["status"]
    assert spec["digest"] == digest
    assert spec["registries"] == ["prod"]
    assert [one["platform"] for one in spec["platforms"]] == ["linux/amd64"]
    assert spec["pid1"]
    assert status["usedBy"] == {"count": 1, "names": ["shop/Pod/web"]}
    assert (world.reason(digest), found.learner.troubles) == ("Learned", {})


async def test_what_is_recorded_is_not_asked_for_again(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    async with parts(world) as found:
        await found.learner.look(digest)
        asked, writes = len(world.registry.requests), len(world.server.writes)
        await found.learner.look(digest)
        await found.followed(world)
        await found.learner.look(digest)

    assert len(world.registry.requests) == asked > 0
    assert len(world.server.writes) == writes


async def test_what_nobody_uses_is_not_asked_for(world: World) -> None:
    digest = world.push()
    async with parts(world) as found:
        await found.learner.look(digest)

    assert world.facts(digest) is None
    assert not world.registry.requests


@pytest.mark.parametrize("by", ["pod", "deployment"])
async def test_an_image_that_is_missing_is_recorded_where_it_runs(world: World, by: str) -> None:
    """A template may have passed with a warning: to be recorded lets a digest pass."""
    getattr(world, by)("web", MISSING)
    async with parts(world) as found:
        await until(lambda: found.usage.is_used(MISSING))
        await found.learner.look(MISSING)

        assert found.learner.troubles[MISSING].failures == 1
    assert world.reason(MISSING) == ("NotFound" if by == "pod" else "")
    if by == "pod":
        assert world.facts(MISSING)["spec"]["platforms"] == []


async def test_an_image_in_trouble_rests_before_it_is_asked_for_again(world: World) -> None:
    world.pod("web", MISSING)
    async with parts(world) as found:
        await found.learner.look(MISSING)
        asked = world.asked_for(MISSING)
        await found.learner.look(MISSING)

        assert world.asked_for(MISSING) == asked
        found.learner.forgive()
        await found.learner.look(MISSING)
        assert world.asked_for(MISSING) > asked


async def test_no_registry_of_its_name_is_a_reason_of_its_own(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    world.registries = Registries()
    async with parts(world) as found:
        await found.learner.look(digest)

        assert world.reason(digest) == "NotConfigured"
        world.registries = Registries([configured(world.registry.host)])
        found.learner.forgive()
        assert len(found.asked) == 1
        await found.learner.look(digest)

    assert world.reason(digest) == "Learned"


async def test_a_template_is_learned_like_a_pod(world: World) -> None:
    digest = world.push()
    world.deployment("web", digest)
    async with parts(world) as found:
        await until(lambda: found.usage.is_used(digest))
        await found.learner.look(digest)

    assert world.reason(digest) == "Learned"
    assert world.facts(digest)["status"]["usedBy"]["names"] == ["shop/Deployment/web"]


async def test_every_registry_it_is_used_from_is_asked_once(world: World) -> None:
    digest = world.push(repository="shop/web")
    world.push(repository="team/web")
    host = world.registry.host
    world.registries = Registries(
        [configured(host, "shop", ("shop",)), configured(host, "team", ("team",))]
    )
    world.pod("a", digest, "shop/web")
    world.pod("b", digest, "team/web")
    async with parts(world) as found:
        await until(lambda: found.usage.used_by(digest).count == 2)
        for _ in range(3):
            await found.learner.look(digest)

    assert sorted(world.facts(digest)["spec"]["registries"]) == ["shop", "team"]


async def test_a_registry_that_has_it_no_more_is_not_the_last_word(world: World) -> None:
    """It is asked for elsewhere the next time, if it is used from elsewhere."""
    digest = world.push(repository="team/web")
    host = world.registry.host
    world.registries = Registries(
        [configured(host, "shop", ("shop",)), configured(host, "team", ("team",))]
    )
    world.pod("a", digest, "shop/web")
    world.pod("b", digest, "team/web")
    options = msgspec.structs.replace(QUICK, first_retry_seconds=0.05)
    async with parts(world, options) as found:
        await until(lambda: found.usage.used_by(digest).count == 2)
        await found.learner.look(digest)
        assert world.reason(digest) == "NotFound"
        over = found.learner.troubles[digest].until
        await until(lambda: asyncio.get_running_loop().time() > over)
        await found.learner.look(digest)

    assert world.reason(digest) == "Learned"
    assert world.facts(digest)["spec"]["registries"] == ["team"]


async def test_a_registry_that_asks_to_wait_is_left_alone_by_all(world: World) -> None:
    one, two = world.push("1"), world.push("2")
    world.pod("one", one)
    world.pod("two", two)
    world.registry.pulls_left = 0
    async with parts(world) as found:
        await until(lambda: found.usage.is_used(two) and found.usage.is_used(one))
        await found.learner.look(one)
        assert world.asked_for(one)
        await found.learner.look(two)

        assert (world.reason(one), world.reason(two)) == ("RateLimited", "RateLimited")
        assert not world.asked_for(two)
        assert two not in found.learner.troubles  # it was not asked for: no failure of its own
        world.registry.pulls_left = None
        found.learner.forgive()
        await found.learner.look(one)
        await found.learner.look(two)

    assert (world.reason(one), world.reason(two)) == ("Learned", "Learned")


async def test_what_is_no_image_is_recorded_as_such(world: World) -> None:
    digest = world.push()
    world.registry.fault(world.registry.path("shop/web", digest), Fault(body=b"{}"), times=9)
    world.pod("web", digest)
    async with parts(world) as found:
        await found.learner.look(digest)

    assert world.reason(digest) == "BadContent"
    assert world.facts(digest)["spec"]["platforms"] == []


@pytest.mark.parametrize(
    ("status", "reason"), [(403, "Forbidden"), (409, "AlreadyExists"), (500, ""), (429, "")]
)
async def test_a_write_that_failed_is_done_later(
    world: World, status: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    digest = world.push()
    world.pod("web", digest)
    world.server.refuse("POST", "/imagefacts$", status, reason)
    async with parts(world) as found:
        await found.learner.look(digest)
        assert world.facts(digest) is None
        world.server.agree()
        await found.learner.look(digest)

    assert world.reason(digest) == "Learned"
    assert ("403" in caplog.text) is (status == 403)


async def test_what_the_schema_refuses_is_recorded_as_unusable(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    world.server.refuse("POST", "/imagefacts$", 422, "Invalid", times=1)
    async with parts(world) as found:
        await found.learner.look(digest)

        assert "cannot be recorded" in found.learner.troubles[digest].unknown.detail
    assert world.reason(digest) == "BadContent"


async def test_beyond_a_bound_nothing_is_recorded(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = world.push("1"), world.push("2")
    world.pod("one", one)
    world.pod("two", two)
    async with parts(world, msgspec.structs.replace(QUICK, most_objects=1)) as found:
        await until(lambda: found.usage.is_used(two) and found.usage.is_used(one))
        await found.learner.look(one)
        await found.followed(world)
        await found.learner.look(two)
        await found.learner.look(two)

    assert world.facts(two) is None
    assert caplog.text.count("and no more will be") == 1
