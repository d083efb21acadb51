"""A tenth of what `make scale` measures, with bounds that a busy machine keeps too."""

from pathlib import Path

from bench.scale.__main__ import cluster
from bench.scale.audits import audit_once, check_whole, write_world
from bench.scale.change import changes, write_policy
from bench.scale.pods import list_pods, write_namespaces, write_pods
from bench.scale.replicas import replicas
from bench.scale.sizes import TENTH

_BESIDE = 3
"""Times that the official client's list must take longer, and hold more above its libraries."""


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
