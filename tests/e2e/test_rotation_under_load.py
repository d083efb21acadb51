"""Rotation of the CA and rolling restart of the replicas, together, under load."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import wait_until
from tests.e2e.system import System, running
from tests.e2e.system_changes import Changes, due_in, enforce, under_load, wait_rotated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

pytestmark = pytest.mark.tool("docker-registry")

PER_SECOND = 100
COUNT = 5400


@pytest.fixture
def system(plane: ControlPlane, processes: Processes) -> Iterator[System]:
    with running(plane, processes) as system:
        system.begin()
        yield system


async def test_rotations_and_rolling_restarts_fail_nothing_and_let_nothing_in(
    system: System, namespace: str, record_property: Callable[[str, object], None]
) -> None:
    await asyncio.to_thread(enforce, system, namespace)
    # Nobody is asked at the moment: so a certificate may come that the API server does not know.
    aged = due_in(timedelta(seconds=25))
    await asyncio.to_thread(system.put_pair, aged)
    await asyncio.to_thread(wait_until, lambda: aged.ca in system.bundle() and system.settled(), "")
    assert system.data()["tls.crt"] == aged.chain, "renewed before the load began"

    done = asyncio.Event()
    changes = Changes(system)
    judging = asyncio.create_task(
        under_load(system, namespace, count=COUNT, per_second=PER_SECOND, stop=done)
    )
    replacing = asyncio.create_task(changes.replace(done))
    # By its age; and then as often as there is time, because somebody asks for it.
    await asyncio.to_thread(wait_rotated, system, aged.ca)
    assert not done.is_set(), "it was not renewed under load"
    await changes.rotate(done)
    judged = await judging
    await replacing
    await asyncio.to_thread(changes.end)

    record_property("load", judged.figures)
    record_property("rotations", changes.rotations + 1)
    record_property("replaced replicas", changes.replaced)
    assert len(judged.load.sent) == COUNT
    judged.assert_flawless()
    assert changes.rotations >= 1
    assert changes.replaced >= 2
