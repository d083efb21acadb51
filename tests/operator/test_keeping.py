"""Certificates and configuration together, running."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.operator.keeping_world import (
    CONFIGURATIONS,
    OPTIONS,
    World,
    keeping_world,
    until,
)
from webhook.operator.authority import Issued
from webhook.operator.keeping import Keeping
from webhook.operator.stored import read_stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from webhook.operator.scene import Options


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with keeping_world(tmp_path) as found:
        yield found


@asynccontextmanager
async def running(world: World, options: Options = OPTIONS) -> AsyncIterator[Keeping]:
    keeping = Keeping(world.api, options, lambda: world.now)
    task = asyncio.create_task(keeping.run())
    try:
        yield keeping
    finally:
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_from_nothing_to_a_configuration_that_is_kept(world: World) -> None:
    async with running(world) as keeping:
        await until(lambda: world.secret().get("tls.crt"))
        stored = read_stored(world.secret())
        assert stored.serving is not None
        await until(lambda: any("no replica" in one for one in keeping.problems()))

        issued = Issued(ca=stored.serving.ca, chain=stored.serving.chain, key=stored.serving.key)
        async with world.replica(issued) as address:
            world.lease("a", address)
            await until(lambda: (world.configuration() or {}).get("webhooks"))
            assert world.bundle() == stored.serving.ca
            await until(lambda: not keeping.problems())

            world.server.drop(CONFIGURATIONS, "cocket")
            await until(lambda: (world.configuration() or {}).get("webhooks"), 5)


async def test_it_says_whether_anybody_could_get_past(world: World) -> None:
    stored = world.issued()
    world.store(stored)
    async with running(world, msgspec.structs.replace(OPTIONS, fail=True)) as keeping:
        assert not keeping.fails_closed
        async with world.replica(stored) as address:
            world.lease("a", address)
            await until(lambda: keeping.fails_closed)
            assert keeping.webhooks.repairs == 0

            world.server.drop(CONFIGURATIONS, "cocket")
            await until(lambda: not keeping.fails_closed)
            await until(lambda: keeping.fails_closed, 5)


async def test_what_somebody_else_issues_is_not_touched(world: World) -> None:
    async with running(world, msgspec.structs.replace(OPTIONS, issue=False)) as keeping:
        await until(keeping.problems)
        await until(lambda: "there is no certificate yet" in keeping.problems()[0])

    assert world.secret() == {}


async def test_every_part_says_what_hinders_it(world: World) -> None:
    world.server.refuse("GET", "/leases$", 403, "Forbidden")
    world.store(world.issued(days_ago=28))
    async with running(world) as keeping:
        await until(lambda: len(keeping.problems()) == 2)
        first, second = keeping.problems()

    assert first.startswith("leases: GET ")
    assert "answered 403" in first
    assert second.startswith("the serving certificate ends at ")


async def test_a_replica_that_cannot_be_reached_is_a_problem(world: World) -> None:
    world.store(world.issued())
    world.lease("a", "127.0.0.1:1")
    async with running(world) as keeping:
        await until(lambda: any("has not proven the certificate" in x for x in keeping.problems()))
