"""What one replica needs to know a whole cluster, and what it costs the API server and etcd."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from bench.scale.change import changes, row
from bench.scale.copies import copy_records
from bench.scale.facts import Recording
from bench.scale.fill import fill
from bench.scale.processes import Etcd, megabytes, processor_seconds
from bench.scale.replica import Synced
from bench.scale.replicas import Replicas, replicas
from bench.table import Row, absolute, seen
from webhook.cluster.kinds import NAMESPACES

if TYPE_CHECKING:
    from bench.scale.sizes import Sizes
    from tests.e2e.control_plane import ControlPlane
    from webhook.cluster.api import Api

MOST_STORED = 3000.0
"""Bytes of one ImageFacts in etcd, key and value."""
_WHOLE = 100_000
_SAMPLE = 1000
_MEGA = 1e6
_WRITES_PER_SECOND = 10


class Alone(msgspec.Struct, frozen=True):
    """One replica after a restart, the median of some."""

    seconds: float
    processor_seconds: float
    server_seconds: float
    """Computed by the API server meanwhile."""
    megabytes: float
    received: float
    stall_ms: float
    computed_ms: float


async def alone(plane: ControlPlane, sizes: Sizes, what: str) -> Alone:
    """Start one replica in a fresh process, and again."""
    server = plane.processes.started["kube-apiserver"].pid
    runs: list[Synced] = []
    served: list[float] = []
    for _ in range(sizes.rounds):
        before = processor_seconds(server)
        async with replicas(plane.kubeconfig()) as group:
            runs += await group.synced()
            served.append(processor_seconds(server) - before)
    found = Alone(
        seconds=median(one.seconds for one in runs),
        processor_seconds=median(one.processor_seconds for one in runs),
        server_seconds=median(served),
        megabytes=median(one.megabytes for one in runs),
        received=median(one.received for one in runs),
        stall_ms=max(one.stall_ms for one in runs),
        computed_ms=max(one.computed_ms for one in runs),
    )
    print(
        f"  {what}: synced in {found.seconds:.2f} s, {found.megabytes:.0f} MB, "
        f"{found.received / _MEGA:.1f} MB received, late by {found.stall_ms:.0f} ms at most; "
        f"the API server computed {found.server_seconds:.2f} s",
        flush=True,
    )
    return found


async def measure_all(plane: ControlPlane, api: Api, sizes: Sizes) -> list[Row]:
    """One replica in a cluster that fills, and all of them when it is filled in part."""
    etcd = Etcd(plane)
    empty = await alone(plane, sizes, "a replica in an empty cluster")
    await fill(
        sizes.namespaces,
        lambda number: api.create(NAMESPACES.path(), namespace(number)),
        "namespaces",
    )
    named = await alone(plane, sizes, "with all namespaces")
    used = await asyncio.to_thread(etcd.bytes_used)
    wrote = await Recording(api).write(sizes.written)
    history = await asyncio.to_thread(etcd.bytes_now) - used
    sample = await asyncio.to_thread(etcd.stored, _SAMPLE)
    stored = [len(key) + len(value) for key, value in sample]
    together = await measure_together(plane, api, sizes)
    await asyncio.to_thread(copy_records, etcd, sizes.written, sizes.digests)
    grown = await asyncio.to_thread(etcd.bytes_used) - used
    print(f"  etcd holds {grown / _MEGA:.0f} MB of ImageFacts", flush=True)
    whole = await alone(plane, sizes, "with all digests")
    return [
        seen("a replica in an empty cluster: memory", "MB", empty.megabytes),
        *_added(f"{sizes.namespaces:,} namespaces", empty, named),
        absolute("an ImageFacts as stored", "bytes", stored, at_most=MOST_STORED),
        seen(f"… the largest of {len(stored):,}", "bytes", max(stored)),
        seen("… in etcd's database, whose pages are never full", "bytes", grown / sizes.digests),
        seen("… until the history of writing it is compacted", "bytes", history / sizes.written),
        seen("… written in a second, status and all", "", sizes.written / wrote),
        *_added(f"{sizes.digests:,} digests", named, whole),
        seen("a replica with all this: memory", "MB", whole.megabytes),
        seen("… its event loop is late by, while it syncs", "ms", whole.stall_ms),
        seen("… as it computes for, at a time", "ms", whole.computed_ms),
        *together,
    ]


def _added(what: str, before: Alone, after: Alone) -> list[Row]:
    """What they add to a replica."""
    return [
        seen(f"{what} more: synced after a restart, later by", "s", after.seconds - before.seconds),
        seen("… processor time", "s", after.processor_seconds - before.processor_seconds),
        seen("… the API server's", "s", after.server_seconds - before.server_seconds),
        seen("… received", "MB", (after.received - before.received) / _MEGA),
        seen("… memory", "MB", after.megabytes - before.megabytes),
    ]


async def measure_together(plane: ControlPlane, api: Api, sizes: Sizes) -> list[Row]:
    """All replicas at once: started together, then quiet, then with something to hear."""
    server = plane.processes.started["kube-apiserver"].pid
    each = sizes.replicas // sizes.processes
    memory, computed = megabytes(server), processor_seconds(server)
    async with replicas(plane.kubeconfig(), processes=sizes.processes, each=each) as group:
        last = max(one.seconds for one in await group.synced())
        print(f"  {group.count} replicas together: synced in {last:.1f} s", flush=True)
        started = processor_seconds(server) - computed
        watched = megabytes(server) - memory
        quiet = await _minute(plane, group, sizes)
        working = asyncio.create_task(_keep_counting(Recording(api), sizes))
        busy = await _minute(plane, group, sizes)
        working.cancel()
        await asyncio.wait({working})
        slowest = await changes(api, group, sizes.changes, "policy-change-full")
    count, digests = f"{group.count} replicas", f"{sizes.written:,} digests"
    told = f"{_WRITES_PER_SECOND} ImageFacts counted a second"
    return [
        seen(f"{count} started together, {digests}: the last is synced after", "s", last),
        seen("… processor time of the API server", "s", started),
        seen("… its memory on top", "MB", watched),
        seen(f"{count}, nothing happens: received by each in a minute", "KB", quiet.received / 1e3),
        seen("… the API server computes", "% of a core", 100 * quiet.busy),
        seen(f"{count}, {told}: received by each in a minute", "KB", busy.received / 1e3),
        seen("… the API server computes", "% of a core", 100 * busy.busy),
        seen("… a replica computes", "% of a core", 100 * busy.replica_busy),
        row(slowest, f"{count} with {digests}"),
    ]  # fmt: skip


class Minute(msgspec.Struct, frozen=True):
    """What a minute costs."""

    received: float
    """Bytes by one replica."""
    busy: float
    """Share of a core that the API server computed."""
    replica_busy: float
    """The same of one replica."""


async def _minute(plane: ControlPlane, group: Replicas, sizes: Sizes) -> Minute:
    server = plane.processes.started["kube-apiserver"].pid
    loop = asyncio.get_running_loop()
    before = await group.reports()
    started, computed = loop.time(), processor_seconds(server)
    await asyncio.sleep(sizes.quiet_seconds)
    after = await group.reports()
    took = loop.time() - started
    received = sum(one.received for one in after) - sum(one.received for one in before)
    replica = sum(one.processor_seconds for one in after)
    replica -= sum(one.processor_seconds for one in before)
    return Minute(
        received / group.count * 60 / took,
        (processor_seconds(server) - computed) / took,
        replica / group.count / took,
    )


async def _keep_counting(recording: Recording, sizes: Sizes) -> None:
    turn = 0
    while True:
        turn += 1
        await recording.count(turn % sizes.written, turn)
        await asyncio.sleep(1 / _WRITES_PER_SECOND)


def namespace(number: int) -> dict[str, object]:
    """As a platform labels them."""
    name = f"tenant-{number:05d}"
    labels = {
        "kubernetes.io/metadata.name": name,
        "pod-security.kubernetes.io/enforce": "restricted",
        "cocket.dev/enforce": "true" if number % 2 else "false",
        "example.com/team": f"team-{number % 500}",
        "example.com/cost-center": f"{number % 50}",
    }
    return {"metadata": {"name": name, "labels": labels}}
