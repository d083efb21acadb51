"""The Secret through its whole life, by the writes that an API server sees."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.operator.keeping_world import (
    CONFIGURATIONS,
    ENDPOINT,
    OPTIONS,
    SECRETS,
    World,
    keeping_world,
    looking,
    seen,
)
from webhook.errors import ClusterError
from webhook.operator.configuration import configuration
from webhook.operator.stored import read_stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from webhook.operator.keeping import Keeping


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with keeping_world(tmp_path) as found:
        yield found


def publish(world: World, bundle: bytes) -> None:
    """The configuration is live with these CAs."""
    wanted = configuration(OPTIONS.shape, bundle=bundle, fail=False, cron_jobs=())
    world.server.put(CONFIGURATIONS, "cocket", webhooks=wanted["webhooks"])


async def step(world: World, keeping: Keeping) -> str:
    """One step, which sees what is there, and what came of it."""
    await seen(world, keeping)
    said = await keeping.certificates.step()
    await seen(world, keeping)
    return said


async def test_the_first_certificate_is_issued_and_not_a_second_one(world: World) -> None:
    async with looking(world) as keeping:
        assert await step(world, keeping) == ""
        made = world.server.get(SECRETS, "cocket-tls", "cocket")
        assert made is not None
        assert await step(world, keeping) == ""

        assert made["type"] == "kubernetes.io/tls"
        assert made["metadata"]["labels"] == {"app.kubernetes.io/name": "cocket"}
        stored = read_stored(world.secret())
        assert stored.serving is not None
        assert stored.serving.names == ENDPOINT.names
        assert stored.others == ()
        assert [written.method for written in world.server.writes] == ["POST"]
        assert keeping.certificates.problems() == []


@pytest.mark.parametrize(
    "data", [{}, {"tls.crt": "", "tls.key": ""}, {"tls.crt": "bm9uZQ==", "next.crt": "bm9uZQ=="}]
)
async def test_a_secret_without_a_certificate_is_filled(world: World, data: dict[str, str]) -> None:
    world.put_secret({**data, "other": "b3RoZXI="})
    async with looking(world) as keeping:
        await step(world, keeping)

    assert read_stored(world.secret()).serving is not None
    assert world.secret()["other"] == b"other"
    assert "next.crt" not in world.secret()


async def test_two_operators_issue_one_certificate(world: World) -> None:
    async with looking(world) as one, looking(world) as two:
        await one.certificates.step()
        with pytest.raises(ClusterError, match="409"):
            await two.certificates.step()
        await step(world, two)

    assert len(world.server.writes) == 2


async def test_what_somebody_wrote_meanwhile_is_not_written_over(world: World) -> None:
    world.store(world.issued(days_ago=21))
    async with looking(world) as keeping:
        await keeping.proofs.look()
        changed = world.issued()
        world.store(changed)
        with pytest.raises(ClusterError, match="409"):
            await keeping.certificates.step()

    assert world.secret()["tls.crt"] == changed.chain


async def test_a_rotation_goes_on_only_with_what_was_published_and_proven(world: World) -> None:
    old = world.issued(days_ago=21)
    world.store(old)
    publish(world, old.ca)
    async with world.replica(old) as address:
        world.lease("a", address)
        async with looking(world) as keeping:
            await keeping.proofs.look()
            world.lease("a", address)  # renewed under our eyes: its clock counts
            await seen(world, keeping)
            await keeping.proofs.look()
            await step(world, keeping)
            begun = read_stored(world.secret())
            assert begun.serving is not None
            assert begun.pending is not None
            assert (begun.serving.ca, begun.others) == (old.ca, (begun.pending.ca,))

            for _ in range(2):  # the new CA is not live yet
                await step(world, keeping)
                await asyncio.sleep(OPTIONS.publish_seconds)
            assert read_stored(world.secret()).pending == begun.pending

            publish(world, b"".join(begun.bundle))
            await step(world, keeping)
            await asyncio.sleep(OPTIONS.publish_seconds)
            await step(world, keeping)
            promoted = read_stored(world.secret())
            assert promoted.serving == begun.pending
            assert promoted.pending is None

            for _ in range(2):  # the replica shows the old certificate
                await keeping.proofs.look()
                await step(world, keeping)
                await asyncio.sleep(OPTIONS.settle_seconds)
            assert promoted.others == (old.ca,)
            assert read_stored(world.secret()).others == (old.ca,)


async def test_the_old_ca_goes_when_everybody_has_proven_the_new_certificate(world: World) -> None:
    old, new = world.issued(), world.issued()
    world.store(new, old)
    publish(world, new.ca + old.ca)
    async with world.replica(new) as address:
        world.lease("a", address)
        async with looking(world) as keeping:
            for _ in range(2):
                await keeping.proofs.look()
                await asyncio.sleep(OPTIONS.settle_seconds)
            await step(world, keeping)

    assert world.secret()["ca.crt"] == new.ca


async def test_nothing_is_promoted_on_the_word_of_a_watch_alone(world: World) -> None:
    old, new = world.issued(), world.issued()
    world.store(old, new, **{"next.crt": new.chain, "next.key": new.key})
    publish(world, old.ca + new.ca)
    options = msgspec.structs.replace(OPTIONS, publish_seconds=0.0)
    async with looking(world, options) as keeping:
        publish(world, old.ca)  # the watch has not brought that yet
        assert await keeping.certificates.step() == ""

    assert world.secret()["tls.crt"] == old.chain


async def test_while_the_configuration_cannot_be_watched_nothing_counts_as_published(
    world: World,
) -> None:
    old, new = world.issued(), world.issued()
    world.store(old, new, **{"next.crt": new.chain, "next.key": new.key})
    publish(world, old.ca + new.ca)
    world.server.refuse("WATCH", "/validatingwebhookconfigurations$", 403, "Forbidden")
    async with looking(world) as keeping:
        async with asyncio.timeout(10):
            while not keeping.scene.configurations.problem:  # noqa: ASYNC110 - the mirror's
                await asyncio.sleep(0.01)
        for _ in range(2):
            await step(world, keeping)
            await asyncio.sleep(OPTIONS.publish_seconds)

    assert world.secret()["tls.crt"] == old.chain


async def test_a_clock_that_is_wrong_makes_no_certificate_and_says_so(world: World) -> None:
    issued = world.issued(days_ago=21)
    world.store(issued)
    publish(world, issued.ca)
    world.lease("a", "127.0.0.1:1")
    world.now += timedelta(hours=1)
    async with looking(world) as keeping:
        await keeping.proofs.look()
        world.lease("a", "127.0.0.1:2")
        await seen(world, keeping)
        await keeping.proofs.look()
        said = await step(world, keeping)

    assert "no certificate is made before they agree" in said
    assert world.secret()["tls.crt"] == issued.chain


@pytest.mark.parametrize(("days_ago", "said"), [(24.5, []), (25.5, ["the serving certificate"])])
async def test_somebody_is_woken_before_a_certificate_ends(
    world: World, days_ago: float, said: list[str]
) -> None:
    world.store(world.issued(days_ago))
    async with looking(world) as keeping:
        assert [one[:23] for one in keeping.certificates.problems()] == said


async def test_what_the_api_server_refuses_is_a_problem_until_it_does_not(world: World) -> None:
    world.server.refuse("POST", "/secrets$", 403, "Forbidden")
    async with looking(world) as keeping:
        running = asyncio.create_task(keeping.certificates.run())
        async with asyncio.timeout(15):
            while not keeping.certificates.problems():  # noqa: ASYNC110 - of the rounds
                await asyncio.sleep(0.01)
            assert "answered 403" in keeping.certificates.problems()[0]
            world.server.agree()
            while keeping.certificates.problems():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert read_stored(world.secret()).serving is not None
