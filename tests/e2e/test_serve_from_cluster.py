"""`cocket serve` without `--policy`: what two replicas that read a real API server decide."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import config, facts
from tests.e2e.replica_pair import IMAGE, World, digest, settled, start_pair
from tests.e2e.replicas import OURS, policy
from tests.e2e.server import wait_until
from webhook.core.recorded import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes


@pytest.fixture(scope="module")
def pair(plane: ControlPlane, module_processes: Processes) -> World:
    return start_pair(plane, module_processes, "serve-from-cluster")


@pytest.fixture
def world(pair: World) -> Iterator[World]:
    yield pair
    pair.clear()


def test_a_policy_is_in_force_within_a_second_in_both_replicas(
    world: World, namespace: str
) -> None:
    assert all(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))

    # From the API server's answer on: its first object of a kind takes it most of a second.
    world.create(policy("no-tags", [namespace], rules={"digest": {}}))
    began = time.monotonic()
    refused = world.agree(namespace, f"{IMAGE}:1", allowed=False, seconds=1)
    print(f"in force in both after {time.monotonic() - began:.3f} s")  # noqa: T201 - with -s

    assert "is a tag" in refused["status"]["message"]
    said = world.replicas.said
    wait_until(
        lambda: said("one")["policy-version"] == said("two")["policy-version"] != "", "one version"
    )

    world.clear()
    world.agree(namespace, f"{IMAGE}:1", allowed=True, seconds=1)


def test_a_broken_policy_is_named_in_a_warning_and_the_others_stay(
    world: World, namespace: str
) -> None:
    world.create(policy("sound", [namespace], rules={"digest": {}}))
    # The schema lets it through: `Exists` has no values.
    expression = {"key": "team", "operator": "Exists", "values": ["a"]}
    broken = policy("broken", [namespace], rules={"digest": {}})
    broken["spec"]["namespaceSelector"] = {"matchExpressions": [expression]}
    world.create(broken)

    world.agree(namespace, f"{IMAGE}:1", allowed=False)
    pinned = f"{IMAGE}@{digest(1)}"
    wait_until(
        lambda: all(one.get("warnings") for one in world.answers(namespace, pinned)), "a warning"
    )
    for answer in world.answers(namespace, pinned):
        assert answer["allowed"] is True
        [warning] = answer["warnings"]
        assert "ClusterImagePolicy broken" in warning
    for webhook in world.webhooks:
        assert "cocket_policies_broken 1.0" in webhook.get("/metrics")[1]
        assert "ClusterImagePolicy broken is set aside" in webhook.process.said()


def test_a_policy_of_a_namespace_tightens_there_and_loosens_nothing(
    world: World, plane: ControlPlane, namespace: str
) -> None:
    other = plane.create_namespace(f"{namespace}-other")
    world.create(policy("cluster", [namespace, other], rules={"digest": {}}))
    own = policy("own", [], rules={"registry": {"environments": ["production"]}})
    own |= {"kind": "ImagePolicy", "metadata": {"name": "own", "namespace": namespace}}
    del own["spec"]["namespaceSelector"]
    world.create(own)
    elsewhere = f"elsewhere.invalid/web@{digest(2)}"

    refused = world.agree(namespace, elsewhere, allowed=False)
    assert "from no configured registry" in refused["status"]["message"]
    assert all(one["allowed"] for one in world.answers(other, elsewhere))
    # The cluster's policy holds beside it.
    world.agree(namespace, f"{IMAGE}:1", allowed=False)

    mild = {**own, "metadata": {"name": "mild", "namespace": other}}
    mild["spec"] = {"mode": "audit", "rules": {"digest": {}}}
    world.create(mild)
    settled(world)
    assert not any(one["allowed"] for one in world.answers(other, f"{IMAGE}:1"))


def test_an_exception_holds_until_it_expires_and_only_from_our_namespaces(
    world: World, namespace: str
) -> None:
    world.create(policy("strict", [namespace], rules={"digest": {}}))
    world.agree(namespace, f"{IMAGE}:1", allowed=False)

    def exception(where: str, seconds: float) -> dict[str, Any]:
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        return {
            "apiVersion": "cocket.dev/v1alpha1",
            "kind": "ImageException",
            "metadata": {"name": "hotfix", "namespace": where},
            "spec": {
                "rules": ["digest"],
                "namespaces": [namespace],
                "image": IMAGE,
                "reason": "tonight's release",
                "expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
            },
        }

    world.create(exception(namespace, 60))
    settled(world)
    assert not any(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))

    world.create(exception(world.replicas.namespace, 4))
    answer = world.agree(namespace, f"{IMAGE}:1", allowed=True)
    assert "let through by exception …/hotfix until " in answer["warnings"][0]
    world.agree(namespace, f"{IMAGE}:1", allowed=False, seconds=8)


def test_a_recorded_digest_is_judged_by_a_replica_that_never_asked_a_registry(
    world: World, namespace: str
) -> None:
    world.create(policy("facts", [namespace], rules={"provenance": {}, "init": {}}))
    good, bad, unheard = digest(10), digest(11), digest(12)
    unknown = world.agree(namespace, f"{IMAGE}@{good}", allowed=False)
    assert "unreachable" in unknown["auditAnnotations"]["unknown"]

    world.replicas.record(facts(config(), digest=good))
    world.replicas.record(facts(config(labels={}), digest=bad))

    world.agree(namespace, f"{IMAGE}@{good}", allowed=True)
    refused = world.agree(namespace, f"{IMAGE}@{bad}", allowed=False)
    assert "org.opencontainers.image.revision" in refused["status"]["message"]
    world.agree(namespace, f"{IMAGE}@{unheard}", allowed=False)
    # Nobody may speak for another digest: the name is what the record is about.
    status, text = world.plane.ask(
        "PATCH",
        f"{OURS}/imagefacts/{name_of(bad)}",
        {"spec": {"digest": good}},
        content_type="application/merge-patch+json",
    )
    assert status in {200, 422}, text
    settled(world)
    assert not any(one["allowed"] for one in world.answers(namespace, f"{IMAGE}@{bad}"))
    for name in (good, bad):
        world.plane.ask("DELETE", f"{OURS}/imagefacts/{name_of(name)}")


def test_labels_of_a_namespace_decide_as_soon_as_they_change(
    world: World, plane: ControlPlane, namespace: str
) -> None:
    document = policy("by-label", [], rules={"digest": {}})
    document["spec"]["namespaceSelector"] = {"matchLabels": {"tier": "prod"}}
    world.create(document)
    settled(world)
    assert all(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))

    labels = {"metadata": {"labels": {"tier": "prod"}}}
    merge = "application/merge-patch+json"
    plane.ask("PATCH", f"/api/v1/namespaces/{namespace}", labels, content_type=merge)

    world.agree(namespace, f"{IMAGE}:1", allowed=False, seconds=2)
    # One that nobody knows is covered by every policy.
    assert not any(one["allowed"] for one in world.answers("not-there", f"{IMAGE}:1"))
