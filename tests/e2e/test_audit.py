"""What runs in a real cluster is found, folded into who really owns it, and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import LABELS
from tests.e2e.auditor import Auditor
from tests.e2e.cockets import Cockets
from tests.e2e.documents import made, put, remove
from tests.e2e.registration import webhook_configuration
from tests.e2e.replicas import OURS
from tests.e2e.server import wait_until
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.recorded import name_of, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.control_plane import ControlPlane

INDEX, AMD64, ELSE = (f"sha256:{two * 32}" for two in ("a1", "b2", "c3"))
NAME = "audit.example.com/prod/web"
GOOD, TAGGED = f"{NAME}@{INDEX}", f"{NAME}:1.0"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@pytest.fixture
def auditor(plane: ControlPlane, namespace: str) -> Iterator[Auditor]:
    """An auditor in a cluster with one policy, one Registry and the facts about one image."""
    plane.install_crds()
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    rules: dict[str, Any] = {"digest": {}, "init": {}, "provenance": {}}
    registry = made("Registry", "audited", {"host": "audit.example.com", "environment": "test"})
    policy = made(
        "ClusterImagePolicy",
        "audited",
        {"mode": "enforce", "namespaceSelector": selector, "rules": rules},
    )
    put(plane, registry, policy)
    config = ImageConfig(
        os="linux",
        architecture="amd64",
        entrypoint=("/sbin/tini", "--"),
        cmd=("/app",),
        labels=tuple(sorted(LABELS.items())),
    )
    facts = ImageFacts(digest=INDEX, platforms=(PlatformImage("linux/amd64", AMD64, config),))
    recorded = made("ImageFacts", name_of(INDEX), {})
    recorded["spec"] = spec_of(facts, image=GOOD, registries=["audited"])
    plane.create(f"{OURS}/imagefacts", recorded)
    yield Auditor(plane, namespace)
    plane.kubectl("delete", "--all", "-n", namespace, "--wait=false", "--grace-period=0", _EVERY)
    remove(
        plane,
        *("clusterimagepolicies/audited", "registries/audited", f"imagefacts/{name_of(INDEX)}"),
    )


_EVERY = "cronjobs,jobs,deployments,replicasets,statefulsets,daemonsets,pods"


def pod_spec(image: str = GOOD, **rest: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", "image": image}], **rest}


def workload(kind: str, name: str, image: str = GOOD, **rest: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(image)}
    spec = {"selector": {"matchLabels": labels}, "template": template, **rest}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def cron_job(plane: ControlPlane, name: str) -> dict[str, Any]:
    new = plane.version >= (1, 21)
    template = {"spec": pod_spec(restartPolicy="Never")}
    return {
        "apiVersion": "batch/v1" if new else "batch/v1beta1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}},
    }


def create_pod(
    plane: ControlPlane, namespace: str, name: str, image: str = GOOD, **metadata: Any
) -> tuple[int, str]:
    body = {"metadata": {"name": name, **metadata}, "spec": pod_spec(image)}
    return plane.ask("POST", f"/api/v1/namespaces/{namespace}/pods", body)


def apply(plane: ControlPlane, namespace: str, *documents: dict[str, Any]) -> None:
    plane.apply(
        *(one | {"metadata": one["metadata"] | {"namespace": namespace}} for one in documents)
    )


def test_pods_are_folded_into_who_really_owns_them(
    plane: ControlPlane, namespace: str, auditor: Auditor
) -> None:
    node = {"metadata": {"name": f"{namespace}-node"}}
    plane.create("/api/v1/nodes", node)
    expected = {
        "Deployment/web": 2,
        "StatefulSet/db": 1,
        "DaemonSet/agent": 1,
        "CronJob/nightly": 1,
        "Pod/bare": 1,
        "Deployment/asleep": 0,
    }
    try:
        with plane.controllers():
            apply(
                plane,
                namespace,
                cron_job(plane, "nightly"),
                workload("Deployment", "web", replicas=2),
                workload("Deployment", "asleep", TAGGED, replicas=0),
                workload("StatefulSet", "db", replicas=1, serviceName="db"),
                workload("DaemonSet", "agent"),
            )
            assert create_pod(plane, namespace, "bare", TAGGED)[0] == 201
            seen: dict[str, dict[str, Any]] = {}

            def folded() -> bool:
                seen.clear()
                seen.update(auditor.owners())
                return {name: one["pods"] for name, one in seen.items()} == expected

            # The CronJob starts at the next full minute.
            wait_until(folded, "the Pods of every kind", 120)
    except AssertionError as error:
        raise AssertionError(f"{error}; there are {seen}") from None
    finally:
        plane.ask("DELETE", f"/api/v1/nodes/{namespace}-node")
    refused = {name for name, one in seen.items() if not one["allowed"]}
    assert refused == {"Pod/bare", "Deployment/asleep"}
    [image] = seen["Deployment/web"]["images"]
    assert image["commit"] == LABELS["org.opencontainers.image.revision"]


@pytest.mark.parametrize("lie", ["another uid", "another namespace", "no such owner"])
def test_a_forged_owner_is_not_believed(
    plane: ControlPlane, namespace: str, auditor: Auditor, lie: str
) -> None:
    place = plane.create_namespace(f"{namespace}-b") if lie == "another namespace" else namespace
    apply(plane, place, workload("Deployment", "web", replicas=0))
    real = plane.get(f"/apis/apps/v1/namespaces/{place}/deployments/web")["metadata"]["uid"]
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": real}
    reference |= {"controller": True}
    if lie == "another uid":
        reference["uid"] = "00000000-1111-2222-3333-444444444444"
    if lie == "no such owner":
        reference["kind"] = "StatefulSet"
    status, text = create_pod(plane, namespace, "forged", TAGGED, ownerReferences=[reference])
    assert status == 201, text
    found = auditor.owners()
    assert not found["Pod/forged"]["allowed"]
    assert found.get("Deployment/web", {"pods": 0})["pods"] == 0


def test_what_came_in_while_the_webhook_was_down_is_found(
    plane: ControlPlane, namespace: str, auditor: Auditor, cockets: Cockets, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "apiVersion: cocket.dev/v1alpha1\nkind: ClusterImagePolicy\nmetadata: {name: audited}\n"
        "spec: {mode: enforce, rules: {digest: {}}}\n"
    )
    webhook = cockets.serve("webhook", "--policy", policy, self_signed=True)
    webhook.wait_ready()
    name = f"{namespace}-down"
    registered = webhook_configuration(
        name, webhook.url, webhook.ca_pem, [namespace], failure_policy="Ignore", timeout_seconds=2
    )
    plane.create(CONFIGURATIONS, registered)
    try:
        wait_until(
            lambda: create_pod(plane, namespace, "before", TAGGED)[0] == 403,
            "the webhook refuses",
        )
        webhook.process.kill()
        assert create_pod(plane, namespace, "meanwhile", TAGGED)[0] == 201
    finally:
        plane.ask("DELETE", f"{CONFIGURATIONS}/{name}")
    found = auditor.owners()
    [finding] = [one for one in found["Pod/meanwhile"]["findings"] if one["rule"] == "digest"]
    assert (finding["outcome"], found["Pod/meanwhile"]["allowed"]) == ("fail", False)
    done = auditor.run("-n", namespace)
    assert done.returncode == 1
    assert "✗ Pod " + f"{namespace}/meanwhile (1 Pod): would be refused" in done.stdout


def test_what_a_node_runs_is_compared_with_what_is_named(
    plane: ControlPlane, namespace: str, auditor: Auditor
) -> None:
    said = {
        "same": f"docker-pullable://{NAME}@{INDEX}",
        "platform": f"{NAME}@{AMD64}",
        "changed": f"{NAME}@{ELSE}",
        "bare-id": ELSE,
    }
    for name, image_id in said.items():
        assert create_pod(plane, namespace, name)[0] == 201
        status = {
            "name": "app",
            "image": GOOD,
            "imageID": image_id,
            "ready": True,
            "restartCount": 0,
        }
        code, text = plane.ask(
            "PATCH",
            f"/api/v1/namespaces/{namespace}/pods/{name}/status",
            {"status": {"phase": "Running", "containerStatuses": [status]}},
            content_type="application/merge-patch+json",
        )
        assert code == 200, text
    found = auditor.owners()
    outcomes = {
        name: next(
            one["outcome"] for one in found[f"Pod/{name}"]["findings"] if one["rule"] == "drifted"
        )
        for name in said
    }
    assert outcomes == {
        "same": "pass",
        "platform": "pass",
        "changed": "fail",
        "bare-id": "unknown",
    }
    assert found["Pod/changed"]["allowed"]
    assert found["Pod/changed"]["images"][0]["running"] == [ELSE]
    assert auditor.run("-n", namespace, "--fail-on", "warn").returncode == 1
