"""A tenth of what `make scale` measures, with bounds that a busy machine keeps too."""

from collections.abc import Callable
from pathlib import Path
from statistics import mean

from bench.scale.__main__ import cluster
from bench.scale.audits import audit_once, check_whole, write_world
from bench.scale.change import changes, write_policy
from bench.scale.copies import copy_records
from bench.scale.facts import Recording
from bench.scale.fill import fill
from bench.scale.following import MOST_STORED, alone, namespace
from bench.scale.pods import list_pods, write_namespaces, write_pods
from bench.scale.processes import Etcd
from bench.scale.replicas import replicas
from bench.scale.sizes import TENTH, Sizes
from webhook.cluster.kinds import NAMESPACES

_BESIDE = 3
"""Times that the official client's list must take longer, and hold more above its libraries."""
_MOST_MEGABYTES = 150.0
"""Of a replica that knows 5,000 digests; the chart's limit is 512."""
_MOST_ADDED_MEGABYTES = 15.0
"""Three times what docs/scale.md calculates for them: memory is given back late."""
_WIRE = 1.3
"""Bytes on the wire for each that is stored: what JSON says of a list, and resource versions."""


async def test_a_thousand_pods_are_listed_in_seconds_and_little_memory(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (plane, api):
        await write_namespaces(api)
        await write_pods(api, TENTH)
        ours, official = (list_pods(plane.kubeconfig(), who) for who in ("ours", "official"))

    for listed in (ours, official):
        assert (listed.pods, listed.images) == (TENTH.pods, 2 * TENTH.images)
    assert ours.seconds <= 3
    assert ours.megabytes <= 120
    assert official.seconds / ours.seconds >= _BESIDE
    assert official.added / ours.added >= _BESIDE


async def test_an_audit_of_a_thousand_pods_takes_seconds_little_memory_and_no_registry(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as (plane, api):
        await write_namespaces(api)
        owners = await write_world(api, TENTH)
        await write_pods(api, TENTH, owners)
        measured = audit_once(plane.kubeconfig())

    check_whole(measured, TENTH, TENTH.pods)
    assert measured.seconds <= 8
    assert measured.megabytes <= 200


async def test_twenty_replicas_see_a_policy_change_within_a_second(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (plane, api):
        await write_policy(api)
        each = TENTH.replicas // TENTH.processes
        async with replicas(plane.kubeconfig(), processes=TENTH.processes, each=each) as group:
            await group.synced()
            assert group.count == 20
            slowest = await changes(api, group, TENTH.changes, "policy-change")

    assert len(slowest) == TENTH.changes
    assert max(slowest) <= 1


async def test_thousands_of_digests_fit_their_bounds_in_etcd_and_in_a_replica(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Half a tenth of the digests: all of it takes a busy machine longer than a minute."""
    sizes = Sizes(digests=TENTH.digests // 2, written=200, namespaces=200, rounds=1)
    async with cluster(tmp_path) as (plane, api):
        etcd = Etcd(plane)
        empty = await alone(plane, sizes, "a replica in an empty cluster")
        await fill(
            sizes.namespaces,
            lambda number: api.create(NAMESPACES.path(), namespace(number)),
            "namespaces",
        )
        await Recording(api).write(sizes.written)
        stored = [len(key) + len(value) for key, value in etcd.stored(sizes.written)]
        copy_records(etcd, sizes.written, sizes.digests)
        whole = await alone(plane, sizes, "with all digests")

    added, received = whole.megabytes - empty.megabytes, whole.received - empty.received
    record_property("bytes of an ImageFacts, mean", round(mean(stored)))
    record_property("MB of a replica, empty and full", [empty.megabytes, whole.megabytes])
    record_property("bytes received for a digest", round(received / sizes.digests))
    assert len(stored) == sizes.written
    assert mean(stored) <= MOST_STORED
    assert whole.megabytes <= _MOST_MEGABYTES
    assert added <= _MOST_ADDED_MEGABYTES
    assert received <= MOST_STORED * _WIRE * sizes.digests
