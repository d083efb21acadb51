"""What would start next is judged where no Pod of it runs, and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.world import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    GOOD,
    JOBS,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    TAG,
    World,
    pod_spec,
    template,
    world,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def cluster() -> AsyncIterator[World]:
    async with world() as one:
        yield one


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        (DEPLOYMENTS, template(TAG, replicas=0)),
        (STATEFUL_SETS, template(TAG, replicas=0)),
        (REPLICA_SETS, template(TAG, replicas=0)),
        (DAEMON_SETS, template(TAG)),
        (JOBS, template(TAG, suspend=True)),
        (CRON_JOBS, {"jobTemplate": {"spec": template(TAG)}}),
    ],
)
async def test_what_has_no_pods_would_be_refused_at_its_next_start(
    cluster: World, path: str, spec: Any
) -> None:
    cluster.put(path, "web", spec=spec)
    found = await cluster.only()
    assert (found.owner.name, found.pods) == ("web", 0)
    assert not found.verdict.allowed
    assert [one.use.pointer for one in found.images] == ["/spec/containers/0/image"]


@pytest.mark.parametrize(
    "status",
    [
        {"completionTime": "2026-01-01T00:00:00Z"},
        {"conditions": [{"type": "Failed", "status": "True"}]},
    ],
)
async def test_a_job_at_its_end_never_starts_again(cluster: World, status: Any) -> None:
    cluster.put(JOBS, "once", spec=template(TAG), status=status)
    assert await cluster.owners() == {}


async def test_what_an_owner_left_behind_is_not_judged_by_itself(cluster: World) -> None:
    deployment = cluster.put(DEPLOYMENTS, "web", spec=template(GOOD, replicas=0))
    cluster.put(REPLICA_SETS, "web-old", owner=deployment, spec=template(TAG, replicas=0))
    found = await cluster.only()
    assert found.owner.kind == "Deployment"
    assert found.verdict.allowed


@pytest.mark.parametrize(
    ("status", "generation", "judged"),
    [
        pytest.param({"updatedReplicas": 1, "observedGeneration": 2}, 2, False, id="rolled out"),
        pytest.param({"updatedReplicas": 1, "observedGeneration": 1}, 2, True, id="not seen yet"),
        pytest.param({"observedGeneration": 2}, 2, True, id="none of the new ones came up"),
        pytest.param({}, 2, True, id="a controller that says nothing"),
    ],
)
async def test_the_template_counts_beside_pods_where_none_of_them_is_of_it(
    cluster: World, status: Any, generation: int, *, judged: bool
) -> None:
    # As a mutating webhook makes it: the template names a tag, and its Pods a digest.
    owner = cluster.put(DEPLOYMENTS, "web", spec=template(GOOD))
    for _ in range(generation - 1):
        owner = cluster.put(DEPLOYMENTS, "web", spec=template(TAG), status=status)
    replica_set = cluster.put(REPLICA_SETS, "web-a", owner=owner, spec=template(TAG))
    cluster.put(PODS, "web-a-1", owner=replica_set, spec=pod_spec(GOOD))
    found = await cluster.only()
    assert found.pods == 1
    assert found.verdict.allowed is not judged


@pytest.mark.parametrize(("now", "judged"), [(TAG, False), (f"{TAG}.2", True)])
async def test_a_cron_job_that_changed_is_judged_beside_its_last_run(
    cluster: World, now: str, *, judged: bool
) -> None:
    cron_job = cluster.put(CRON_JOBS, "night", spec={"jobTemplate": {"spec": template(now)}})
    job = cluster.put(JOBS, "night-1", owner=cron_job, spec=template(TAG))
    cluster.put(PODS, "night-1-x", owner=job, spec=pod_spec(GOOD))
    found = await cluster.only()
    assert found.verdict.allowed is not judged


async def test_old_replica_sets_of_an_owner_that_cannot_be_read_are_left_out(
    cluster: World,
) -> None:
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "uid": "r"}
    rollout |= {"controller": True}  # type: ignore[dict-item]
    cluster.put(REPLICA_SETS, "old", owner=rollout, spec=template(TAG, replicas=0))
    cluster.put(REPLICA_SETS, "new", owner=rollout, spec=template(TAG, replicas=2))
    assert await cluster.owners() == {"ReplicaSet shop/new": 0}
