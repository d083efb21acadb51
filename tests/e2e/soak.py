"""What takes too long for CI: load for many minutes, and idle connections. `make soak` runs it.

`SOAK_MINUTES` says how long the load lasts.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.counters import counted
from tests.e2e.system import System, running
from tests.e2e.system_changes import Changes, enforce, under_load
from webhook.demo.reviews import pod
from webhook.demo.samples import TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

pytestmark = pytest.mark.tool("docker-registry")

MINUTES = int(os.environ.get("SOAK_MINUTES", "10"))
PER_SECOND = 20
# From half a second to two minutes, and close to where servers and clients like to give up.
GAPS = sorted({0.5 * 1.2**step for step in range(31)} | {120.0})
CLOSE = [near + delta for near in (5.0, 10.0, 60.0, 90.0) for delta in (-0.05, -0.01, 0.0, 0.01)]


@pytest.fixture(scope="module")
def system(plane: ControlPlane, module_processes: Processes) -> Iterator[System]:
    with running(plane, module_processes) as system:
        system.begin()
        yield system


async def test_nothing_fails_however_long_it_takes(
    system: System, namespace: str, record_property: Callable[[str, object], None]
) -> None:
    await asyncio.to_thread(enforce, system, namespace)
    done = asyncio.Event()
    changes = Changes(system)
    going = [asyncio.create_task(work(done)) for work in (changes.rotate, changes.replace)]
    sent = 0
    try:
        for minute in range(MINUTES):
            judged = await under_load(
                system,
                namespace,
                count=60 * PER_SECOND,
                per_second=PER_SECOND,
                stop=asyncio.Event(),
            )
            record_property(f"minute {minute + 1}", judged.figures)
            judged.assert_flawless()
            sent += len(judged.load.sent)
    finally:
        done.set()
        await asyncio.gather(*going)
        await asyncio.to_thread(changes.end)
    record_property("n", sent)
    record_property("rotations", changes.rotations)
    record_property("replaced replicas", changes.replaced)


async def test_no_idle_gap_loses_a_review(
    system: System, namespace: str, record_property: Callable[[str, object], None]
) -> None:
    """One connection, used again just when somebody may be about to close it."""
    await asyncio.to_thread(enforce, system, namespace)
    plane = system.plane
    manifest = pod("idle", f"{system.host}/prod/web:{TAG}")
    del manifest["metadata"]["namespace"]
    path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
    before = await asyncio.to_thread(counted, plane)
    wrong = []
    for gap in [0.0, *GAPS, *CLOSE]:
        await asyncio.sleep(gap)
        status, text = await asyncio.to_thread(plane.ask, "POST", path, manifest)
        if status != 403 or "cocket refused" not in text:
            wrong.append(f"after {gap:g} s: {status} {text}")
    record_property("gaps", len(GAPS) + len(CLOSE))
    record_property("failed", len(wrong))
    assert wrong == []
    assert (await asyncio.to_thread(counted, plane)).since(before).failures == 0
