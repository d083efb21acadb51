from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.operator.keeping_world import (
    CONFIGURATIONS,
    LEASES,
    OPTIONS,
    SECRETS,
    World,
    keeping_world,
    looking,
    seen,
    until,
)
from webhook.operator.configuration import configuration
from webhook.operator.stored import Stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with keeping_world(tmp_path) as found:
        yield found


def put_configuration(world: World, bundle: bytes) -> None:
    wanted = configuration(OPTIONS.shape, bundle=bundle, fail=False, cron_jobs=())
    world.server.put(CONFIGURATIONS, "cocket", webhooks=wanted["webhooks"])


async def test_at_first_there_is_nothing(world: World) -> None:
    async with looking(world) as keeping:
        scene = keeping.scene

        assert (scene.held, scene.live, scene.was_live) == (None, None, False)
        assert scene.stored == Stored()
        assert scene.live_bundle == ()


async def test_only_what_is_ours_is_seen(world: World) -> None:
    for namespace, name in (("cocket", "other"), ("shop", "cocket-tls")):
        world.server.put(SECRETS, name, namespace, data={})
    world.server.put(CONFIGURATIONS, "other", webhooks=[])
    world.server.put(LEASES, "cocket-operator", "cocket", spec={})
    async with looking(world, OPTIONS) as keeping:
        assert keeping.scene.held is None
        assert keeping.scene.live is None
        assert keeping.scene.leases.held == {}


async def test_the_secret_is_read_as_it_is_now(world: World) -> None:
    one, two = world.issued(), world.issued()
    world.store(one)
    async with looking(world) as keeping:
        assert keeping.scene.stored.bundle == (one.ca,)
        world.store(two, one)
        await seen(world, keeping)

        assert keeping.scene.stored.serving is not None
        assert keeping.scene.stored.serving.ca == two.ca
        assert keeping.scene.stored.others == (one.ca,)


@pytest.mark.parametrize(("value", "remembered"), [("Fail", True), ("Ignore", False)])
async def test_the_secret_remembers_that_it_failed(
    world: World,
    value: str,
    remembered: bool,  # noqa: FBT001 - of a table
) -> None:
    note = {"annotations": {"cocket.dev/failure-policy": value}}
    world.server.put(SECRETS, "cocket-tls", "cocket", metadata=note)
    async with looking(world) as keeping:
        assert keeping.scene.held is not None
        assert keeping.scene.held.remembered is remembered


async def test_a_configuration_that_is_deleted_is_remembered_with_its_cas(world: World) -> None:
    issued = world.issued()
    put_configuration(world, issued.ca)
    async with looking(world) as keeping:
        scene = keeping.scene
        assert scene.live_bundle == (issued.ca,)
        world.server.drop(CONFIGURATIONS, "cocket")
        await seen(world, keeping)

        assert (scene.live, scene.was_live, scene.live_bundle) == (None, True, (issued.ca,))


async def test_a_configuration_without_our_webhook_was_never_live(world: World) -> None:
    world.server.put(CONFIGURATIONS, "cocket", webhooks=[])
    async with looking(world) as keeping:
        assert keeping.scene.live is not None
        assert not keeping.scene.was_live


@pytest.mark.parametrize("what", ["secret", "configuration", "lease"])
async def test_every_change_is_heard_by_everybody(world: World, what: str) -> None:
    async with looking(world) as keeping:
        ears = [keeping.scene.ear(), keeping.scene.ear()]
        assert not ears[0].is_set()
        if what == "secret":
            world.store(world.issued())
        elif what == "configuration":
            put_configuration(world, b"")
        else:
            world.lease("a", "127.0.0.1:1")

        await until(lambda: all(ear.is_set() for ear in ears))
