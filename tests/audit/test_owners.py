"""A claim is believed if the API server has what it names, under the uid that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.audit.world import (
    DEPLOYMENTS,
    GOOD,
    PODS,
    REPLICA_SETS,
    World,
    pod_spec,
    template,
    world,
)
from webhook.audit.objects import OwnerReference
from webhook.audit.owners import Claim, Owners

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROLLOUTS = "/apis/argoproj.io/v1alpha1"


@pytest.fixture
async def cluster() -> AsyncIterator[World]:
    async with world() as one:
        yield one


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"uid": "uid-of-another"}, id="another uid"),
        pytest.param({"name": "good-web"}, id="another name"),
        pytest.param({"kind": "StatefulSet"}, id="another kind"),
        pytest.param({"name": "../../secrets/x", "uid": "u"}, id="a name that is a path"),
        pytest.param({"apiVersion": "../v1", "uid": "u"}, id="a version that is a path"),
        pytest.param({"apiVersion": "x/y/v1", "uid": "u"}, id="a version with two slashes"),
        pytest.param({"kind": "Node", "apiVersion": "v1", "uid": "u"}, id="not in a namespace"),
        pytest.param({"apiVersion": "none.example.com/v1", "uid": "u"}, id="a group not served"),
        pytest.param({"controller": False}, id="an owner that does not control it"),
    ],
)
async def test_a_claim_that_is_not_true_is_not_believed(
    cluster: World, lie: dict[str, object]
) -> None:
    owner = cluster.put(DEPLOYMENTS, "web", spec=template(GOOD))
    cluster.put(PODS, "forged", owner=owner | lie, spec=pod_spec(GOOD))
    found = await cluster.owners()
    assert found == {"Deployment shop/web": 0, "Pod shop/forged": 1}
    assert not [one for one in cluster.server.asked if "secrets" in one or ".." in one]


async def test_an_owner_in_another_namespace_is_not_believed(cluster: World) -> None:
    owner = cluster.put(DEPLOYMENTS, "web", namespace="bank", spec=template(GOOD))
    cluster.put(PODS, "forged", owner=owner, spec=pod_spec(GOOD))
    assert (await cluster.owners())["Pod shop/forged"] == 1


async def test_the_claim_of_an_owner_is_not_believed_either(cluster: World) -> None:
    deployment = cluster.put(DEPLOYMENTS, "web", spec=template(GOOD))
    forged = deployment | {"uid": "uid-of-another"}
    owner = cluster.put(REPLICA_SETS, "web-a", owner=forged, spec=template(GOOD))
    cluster.put(PODS, "web-a-1", owner=owner, spec=pod_spec(GOOD))
    assert await cluster.owners() == {"Deployment shop/web": 0, "ReplicaSet shop/web-a": 1}


async def test_owners_that_own_each_other_come_to_an_end(cluster: World) -> None:
    one = cluster.put(REPLICA_SETS, "one", spec=template(GOOD))
    other = cluster.put(REPLICA_SETS, "other", owner=one, spec=template(GOOD))
    cluster.put(REPLICA_SETS, "one", owner=other, spec=template(GOOD))
    cluster.put(PODS, "web", owner=one, spec=pod_spec(GOOD))
    assert sum((await cluster.owners()).values()) == 1


async def test_an_owner_of_a_kind_that_nobody_listed_is_asked_for_once(cluster: World) -> None:
    cluster.server.served[ROLLOUTS] = [
        {"name": "rollouts", "kind": "Rollout", "namespaced": True},
        {"name": "rollouts/status", "kind": "Rollout", "namespaced": True},
    ]
    found = cluster.server.put(f"{ROLLOUTS}/rollouts", "web", "shop")
    rollout = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": "web",
        "uid": found["metadata"]["uid"],
        "controller": True,
    }
    for hashed in ("a", "b"):
        owner = cluster.put(REPLICA_SETS, f"web-{hashed}", owner=rollout, spec=template(GOOD))
        cluster.put(PODS, f"web-{hashed}-1", owner=owner, spec=pod_spec(GOOD))
    audit = await cluster.audit()
    (one,) = audit.audited
    assert (one.owner.title, one.owner.api_version) == (
        "Rollout shop/web",
        "argoproj.io/v1alpha1",
    )
    assert (one.pods, audit.missing) == (2, ())
    asked = [one for one in cluster.server.asked if "argoproj" in one]
    assert len(asked) <= 3


async def test_owners_that_may_not_be_read_are_said_once(cluster: World) -> None:
    cluster.server.served[ROLLOUTS] = [{"name": "rollouts", "kind": "Rollout", "namespaced": True}]
    cluster.server.refuse("GET", "/rollouts", 403, "Forbidden")
    for number in range(20):
        rollout = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "name": f"web-{number}",
            "uid": f"uid-r{number}",
            "controller": True,
        }
        zero = template(GOOD, replicas=0)
        cluster.put(REPLICA_SETS, f"old-{number}", owner=rollout, spec=zero)
        cluster.put(PODS, f"web-{number}", owner=rollout, spec=pod_spec(GOOD))
    audit = await cluster.audit()
    assert {one.owner.kind for one in audit.audited} == {"Pod"}
    (said,) = audit.missing
    assert "kind Rollout (argoproj.io/v1alpha1) could not be read" in said
    asked = [one for one in cluster.server.asked if "/rollouts" in one]
    assert len(asked) <= 8


def claim(owner: dict[str, object]) -> Claim:
    return "shop", msgspec.convert(owner, OwnerReference)


async def test_an_owner_that_is_newer_than_its_list_is_found(cluster: World) -> None:
    web = claim(cluster.put(DEPLOYMENTS, "web", spec=template(GOOD)))
    owners = Owners(cluster.api)
    await owners.learn([web, web])
    found = owners.root(web)
    assert found is not None
    assert (found.kind, found.name) == ("Deployment", "web")
    assert not owners.problems


async def test_so_many_owners_are_looked_up_and_no_more(cluster: World) -> None:
    forged = {"apiVersion": "apps/v1", "kind": "Deployment", "uid": "u", "controller": True}
    owners = Owners(cluster.api, most=3)
    await owners.learn(claim(forged | {"name": f"d{number}"}) for number in range(5))
    (said,) = owners.problems
    assert said.startswith("more than 3 owners")
    assert len([one for one in cluster.server.asked if "/deployments/" in one]) <= 3
