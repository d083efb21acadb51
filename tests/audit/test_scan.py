"""A scan finds what runs, folds it into who owns it, and says what admission would say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.audit.world import (
    BAD,
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
    engine,
    pod_spec,
    statuses,
    template,
    world,
)
from tests.builders import DIGEST, NOW
from webhook.audit.scan import Scope
from webhook.core.verdict import Outcome
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OTHER = "sha256:" + "cd" * 32


@pytest.fixture
async def cluster() -> AsyncIterator[World]:
    async with world() as one:
        yield one


async def test_an_empty_cluster_is_an_empty_audit(cluster: World) -> None:
    found = await cluster.audit(version="1", cluster="test")
    assert (found.taken, found.audited, found.missing) == (NOW, (), ())
    assert (found.version, found.cluster) == ("1", "test")


async def test_a_bare_pod_is_its_own_owner_with_the_verdict_on_it(cluster: World) -> None:
    cluster.put(PODS, "web", spec=pod_spec(GOOD, TAG))
    found = await cluster.only()
    assert (found.owner.title, found.owner.api_version) == ("Pod shop/web", "v1")
    assert found.owner.uid
    assert [one.rule for one in found.verdict.denials] == ["digest"]
    assert any(one.outcome is Outcome.PASS for one in found.verdict.findings)
    first, second = found.images
    assert (first.digest, first.environment) == (DIGEST, "production")
    assert (first.use.image, second.use.image, second.digest) == (GOOD, TAG, "")


async def test_pods_are_folded_into_the_deployment(cluster: World) -> None:
    deployment = cluster.put(DEPLOYMENTS, "web", spec=template(GOOD), status={"updatedReplicas": 2})
    for hashed in ("a", "b"):
        owner = cluster.put(REPLICA_SETS, f"web-{hashed}", owner=deployment, spec=template(GOOD))
        for number in range(2):
            cluster.put(PODS, f"web-{hashed}-{number}", owner=owner, spec=pod_spec(GOOD))
    cluster.put(REPLICA_SETS, "web-old", owner=deployment, spec=template(TAG, replicas=0))
    assert await cluster.owners() == {"Deployment shop/web": 4}


@pytest.mark.parametrize(
    ("path", "kind"), [(STATEFUL_SETS, "StatefulSet"), (DAEMON_SETS, "DaemonSet")]
)
async def test_pods_are_folded_into_what_makes_them(cluster: World, path: str, kind: str) -> None:
    owner = cluster.put(path, "db", spec=template(GOOD))
    cluster.put(PODS, "db-0", owner=owner, spec=pod_spec(GOOD))
    assert await cluster.owners() == {f"{kind} shop/db": 1}


async def test_the_pod_of_a_job_is_folded_into_its_cron_job(cluster: World) -> None:
    cron_job = cluster.put(CRON_JOBS, "night", spec={"jobTemplate": {"spec": template(GOOD)}})
    job = cluster.put(JOBS, "night-1", owner=cron_job, spec=template(GOOD))
    cluster.put(PODS, "night-1-x", owner=job, spec=pod_spec(GOOD))
    assert await cluster.owners() == {"CronJob shop/night": 1}


async def test_different_pods_of_one_owner_add_their_findings_without_repeats(
    cluster: World,
) -> None:
    owner = cluster.put(REPLICA_SETS, "web", spec=template(GOOD))
    cluster.put(PODS, "web-1", owner=owner, spec=pod_spec(GOOD))
    cluster.put(PODS, "web-2", owner=owner, spec=pod_spec(TAG))
    cluster.put(PODS, "web-3", owner=owner, spec=pod_spec(TAG))
    found = await cluster.only()
    assert (found.pods, len(found.images)) == (3, 2)
    assert [one.image for one in found.verdict.denials] == [TAG]


async def test_each_question_is_judged_once(cluster: World) -> None:
    asked = engine()
    reviewed = []
    review = asked.review_known

    def counted(workload: object) -> object:
        reviewed.append(workload)
        return review(workload)  # type: ignore[arg-type]

    asked.review_known = counted  # type: ignore[method-assign,assignment]
    for number in range(30):
        spec = pod_spec((GOOD, BAD, TAG)[number % 3])
        cluster.put(PODS, f"web-{number}", spec=spec, namespace=("shop", "bank")[number % 2])
    found = await cluster.audit(asked)
    assert len(found.audited) == 30
    assert len(reviewed) == 3
    assert sum(not one.verdict.allowed for one in found.audited) == 20


async def test_owners_are_sorted_as_people_look_for_them(cluster: World) -> None:
    for namespace, name in (("shop", "b"), ("shop", "a"), ("bank", "z")):
        cluster.put(PODS, name, namespace=namespace, spec=pod_spec(GOOD))
    cluster.put(DEPLOYMENTS, "x", spec=template(GOOD))
    titles = [one.owner.title for one in (await cluster.audit()).audited]
    assert titles == ["Pod bank/z", "Deployment shop/x", "Pod shop/a", "Pod shop/b"]


async def test_pods_that_came_to_their_end_run_nothing(cluster: World) -> None:
    for phase in ("Succeeded", "Failed", "Running", "Pending"):
        cluster.put(PODS, phase.lower(), spec=pod_spec(GOOD), status={"phase": phase})
    assert await cluster.owners() == {"Pod shop/pending": 1, "Pod shop/running": 1}


async def test_only_what_was_asked_for_is_looked_at(cluster: World) -> None:
    for namespace in ("shop", "bank"):
        for app in ("web", "api"):
            labels = {"labels": {"app": app}}
            cluster.put(PODS, app, namespace=namespace, spec=pod_spec(GOOD), metadata=labels)
            cluster.put(DEPLOYMENTS, app, namespace=namespace, spec=template(GOOD), metadata=labels)
    assert await cluster.owners(scope=Scope(namespace="bank", labels="app=api")) == {
        "Deployment bank/api": 0,
        "Pod bank/api": 1,
    }
    assert len(await cluster.owners(scope=Scope(namespace="bank"))) == 4
    assert len(await cluster.owners(scope=Scope(labels="app=web"))) == 4


async def test_what_runs_is_compared_with_what_is_named(cluster: World) -> None:
    name = GOOD.partition("@")[0]
    cluster.put(PODS, "good", spec=pod_spec(GOOD), status=statuses(f"{name}@{DIGEST}"))
    cluster.put(PODS, "bare", spec=pod_spec(GOOD), status=statuses(OTHER))
    cluster.put(PODS, "other", spec=pod_spec(GOOD), status=statuses(f"{name}@{OTHER}"))
    found = {
        one.owner.name: [f.outcome for f in one.verdict.findings if f.rule == "drifted"]
        for one in (await cluster.audit()).audited
    }
    # A facts file does not tell the manifests of an index.
    assert found == {"good": ["pass"], "bare": ["unknown"], "other": ["unknown"]}


async def test_a_static_pod_is_reported_only(cluster: World) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "n", "controller": True}
    shown = {"annotations": {"kubernetes.io/config.mirror": "abc"}}
    cluster.put(PODS, "etcd", owner=node, spec=pod_spec(TAG), metadata=shown)
    found = await cluster.only()
    assert found.owner.title == "Pod shop/etcd"
    assert found.verdict.allowed
    assert found.verdict.warnings


async def test_a_kind_that_may_not_be_listed_is_said(cluster: World) -> None:
    deployment = cluster.put(DEPLOYMENTS, "web", spec=template(GOOD))
    owner = cluster.put(REPLICA_SETS, "web-a", owner=deployment, spec=template(GOOD))
    cluster.put(PODS, "web-a-1", owner=owner, spec=pod_spec(GOOD))
    cluster.server.refuse("GET", "/deployments", 403, "Forbidden")
    found = await cluster.audit()
    assert [one.owner.title for one in found.audited] == ["ReplicaSet shop/web-a"]
    (said,) = found.missing
    assert "deployments could not be listed" in said
    asked = [one for one in cluster.server.asked if "/deployments" in one]
    assert asked == ["GET /apis/apps/v1/deployments"]


async def test_without_pods_there_is_no_audit(cluster: World) -> None:
    cluster.server.refuse("GET", "/pods", 403, "Forbidden")
    with pytest.raises(ClusterError):
        await cluster.audit()


async def test_a_list_that_took_too_long_is_begun_anew(cluster: World) -> None:
    cluster.put(PODS, "web", spec=pod_spec(GOOD))
    cluster.server.refuse("GET", "/pods", 410, "Expired", times=2)
    assert await cluster.owners() == {"Pod shop/web": 1}
    cluster.server.refuse("GET", "/pods", 410, "Expired", times=3)
    with pytest.raises(ClusterError):
        await cluster.owners()
