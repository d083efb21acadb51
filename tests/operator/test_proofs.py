"""Replicas prove by real handshakes what they show."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.processes import free_port
from tests.operator.keeping_world import LEASES, World, keeping_world, looking, seen, until
from webhook.operator.proofs import trusted
from webhook.operator.stored import Stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOT_PROVEN = "has not proven the certificate of the Secret"
SILENT = "has not renewed its Lease, and still serves with an old certificate"
LONG_AGO = datetime.now(UTC) - timedelta(seconds=100)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with keeping_world(tmp_path) as found:
        yield found


async def test_who_shows_the_certificate_of_the_secret_has_proven_itself(world: World) -> None:
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address, looking(world) as keeping:
        world.lease("a", address)
        await seen(world, keeping)
        proofs = keeping.proofs
        await proofs.look()
        assert (proofs.census.fresh, proofs.census.ready) == (1, 1)
        assert proofs.census.hindrances == ()
        assert proofs.proven((issued.ca,)) == 0

        await asyncio.sleep(0.05)
        await proofs.look()
        assert proofs.proven((issued.ca,)) >= 0.05
        assert proofs.proven((world.issued().ca,)) == 0
        assert proofs.proven(()) == 0


async def test_nobody_is_no_proof(world: World) -> None:
    issued = world.issued()
    world.store(issued)
    async with looking(world) as keeping:
        for _ in range(2):
            await keeping.proofs.look()
            await asyncio.sleep(0.01)

        assert keeping.proofs.census.ready == 0
        assert keeping.proofs.proven((issued.ca,)) == 0


async def test_by_its_own_word_it_is_not_ready(world: World) -> None:
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address, looking(world) as keeping:
        world.lease("a", address, ready=False)
        await seen(world, keeping)
        await keeping.proofs.look()

        assert (keeping.proofs.census.fresh, keeping.proofs.census.ready) == (1, 0)
        assert keeping.proofs.census.hindrances == ()


async def test_who_shows_an_old_certificate_is_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    old, new = world.issued(), world.issued()
    world.store(new, old)
    async with world.replica(old) as address, looking(world) as keeping:
        world.lease("a", address)
        await seen(world, keeping)
        for _ in range(3):
            await keeping.proofs.look()

        said = f"replica cocket-webhook-a {NOT_PROVEN}"
        (hindrance,) = keeping.proofs.census.hindrances
        assert hindrance == f"{said}: it shows another certificate"
        assert keeping.proofs.census.ready == 0
        assert keeping.proofs.proven((new.ca,)) == 0
        assert caplog.text.count(said) == 1


async def test_one_that_is_not_asked_may_show_anything(world: World) -> None:
    world.store(world.issued())
    async with looking(world) as keeping:
        world.lease("a", "169.254.169.254:80")
        world.lease("b", f"127.0.0.1:{free_port()}")
        await seen(world, keeping)
        await keeping.proofs.look()

        assert sorted(keeping.proofs.census.hindrances) == [
            "replica cocket-webhook-a: its Lease names no address that may be asked",
            f"replica cocket-webhook-b {NOT_PROVEN}: it does not answer",
        ]


async def test_one_that_fell_silent_and_still_serves_the_old_one_hinders(world: World) -> None:
    old, new = world.issued(), world.issued()
    world.store(new, old)
    async with world.replica(old) as address, looking(world) as keeping:
        world.lease("a", address, renewed=LONG_AGO)
        world.lease("b", f"127.0.0.1:{free_port()}", renewed=LONG_AGO)
        world.lease("c", "nowhere", renewed=LONG_AGO)
        await seen(world, keeping)
        await keeping.proofs.look()

        assert keeping.proofs.census.fresh == 0
        (hindrance,) = keeping.proofs.census.hindrances
        assert hindrance == f"replica cocket-webhook-a {SILENT}"


async def test_one_that_is_silent_for_an_hour_is_asked_no_more(world: World) -> None:
    old, new = world.issued(), world.issued()
    world.store(new, old)
    async with world.replica(old) as address, looking(world) as keeping:
        world.lease("a", address, renewed=LONG_AGO - timedelta(hours=1))
        await seen(world, keeping)
        await keeping.proofs.look()

        assert keeping.proofs.census.hindrances == ()


async def test_a_proof_begins_anew_when_somebody_new_has_not_proven_it(world: World) -> None:
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address, looking(world) as keeping:
        world.lease("a", address)
        await seen(world, keeping)
        for _ in range(2):
            await keeping.proofs.look()
            await asyncio.sleep(0.02)
        assert keeping.proofs.proven((issued.ca,)) > 0
        world.lease("b", f"127.0.0.1:{free_port()}")
        await seen(world, keeping)
        await keeping.proofs.look()

        assert keeping.proofs.proven((issued.ca,)) == 0


async def test_without_the_leases_nothing_is_proven(world: World) -> None:
    """A watch that is refused shows old Leases: a replica that came since is not among them."""
    issued = world.issued()
    world.store(issued)
    world.server.refuse("WATCH", "/leases$", 403, "Forbidden")
    async with world.replica(issued) as address:
        world.lease("a", address)
        async with looking(world) as keeping:
            await until(lambda: keeping.scene.leases.problem)
            for _ in range(2):
                await keeping.proofs.look()
                await asyncio.sleep(0.02)

            assert keeping.proofs.census.ready == 1
            assert keeping.proofs.proven((issued.ca,)) == 0


async def test_it_looks_again_with_every_lease(world: World) -> None:
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address, looking(world) as keeping:
        running = asyncio.create_task(keeping.proofs.run())
        await asyncio.sleep(0.1)
        world.lease("a", address)
        await until(lambda: keeping.proofs.census.ready == 1)
        world.server.drop(LEASES, "cocket-webhook-a", "cocket")
        await until(lambda: keeping.proofs.census.fresh == 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_without_a_certificate_all_cas_are_trusted() -> None:
    assert trusted(Stored(bundle=(b"one", b"two"))) == (b"one", b"two")
