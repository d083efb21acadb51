"""Pod Security «restricted», and what else a security tool owes its own Pods."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.rendering import DIGEST, FULL, SETTINGS, of_kind, pod_specs
from webhook.settings import Settings

IMAGES = {
    "default": "registry.example.com/cocket:0.1.0",
    "full": f"registry.example.com/cocket@{DIGEST}",
    "bare": "registry.example.com/cocket:0.1.0",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_container_is_restricted(name: str) -> None:
    """Kubernetes, «Pod Security Standards», Restricted; and a file system that nobody writes to."""
    for pod, spec in pod_specs(SETTINGS[name]):
        assert spec["securityContext"]["runAsUser"] > 0, pod
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), pod
        assert {*volume_kinds(spec)} <= {"emptyDir", "secret"}, pod
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            }, pod
            assert container["resources"]["limits"]["memory"], pod
            assert all("hostPort" not in port for port in container.get("ports", [])), pod


def volume_kinds(spec: dict[str, Any]) -> set[str]:
    return {kind for volume in spec.get("volumes", []) for kind in volume if kind != "name"}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_container_runs_the_one_image(name: str) -> None:
    for pod, spec in pod_specs(SETTINGS[name]):
        assert {one["image"] for one in spec["containers"]} == {IMAGES[name]}, pod


@pytest.mark.parametrize("name", SETTINGS)
def test_the_images_own_init_stays_pid_1(name: str) -> None:
    """`command:` would throw the image's ENTRYPOINT away."""
    for pod, spec in pod_specs(SETTINGS[name]):
        for container in spec["containers"]:
            assert container.get("command", ["/usr/bin/tini"])[0] == "/usr/bin/tini", pod


def test_a_tag_stands_beside_the_digest_for_people() -> None:
    values = {"image": {"tag": "1.2.3", "digest": DIGEST}}

    for _, spec in pod_specs(values):
        assert spec["containers"][0]["image"] == f"registry.example.com/cocket:1.2.3@{DIGEST}"


@pytest.mark.parametrize(("drain", "linger"), [(0, 0), (10, 95), (300, 95)])
def test_a_pod_has_the_time_to_drain(drain: int, linger: int) -> None:
    (webhook,) = (
        spec
        for name, spec in pod_specs({"webhook": {"drainSeconds": drain, "lingerSeconds": linger}})
        if name == "cocket-webhook"
    )

    needed = drain + linger + Settings().finish_seconds
    assert webhook["terminationGracePeriodSeconds"] >= needed
    arguments = webhook["containers"][0]["args"]
    assert {f"--drain-seconds={drain}", f"--linger-seconds={linger}"} <= set(arguments)


@pytest.mark.parametrize("kind", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_probes_ask_the_plain_port(kind: str) -> None:
    for deployment in of_kind("Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container[kind]["httpGet"]["port"] == "probes"
        assert {"name": "probes", "containerPort": 8080, "protocol": "TCP"} in container["ports"]


def test_replicas_avoid_each_others_nodes() -> None:
    for deployment in of_kind("Deployment", FULL):
        spec = deployment["spec"]["template"]["spec"]
        (term,) = spec["affinity"]["podAntiAffinity"][
            "preferredDuringSchedulingIgnoredDuringExecution"
        ]
        own = deployment["spec"]["selector"]["matchLabels"]
        assert term["podAffinityTerm"]["labelSelector"]["matchLabels"] == own
        spread = spec["topologySpreadConstraints"]
        assert [one["topologyKey"].partition("/")[2] for one in spread] == ["hostname", "zone"]
        assert all(one["labelSelector"]["matchLabels"] == own for one in spread)


def test_an_update_never_takes_a_replica_away_first() -> None:
    webhook = next(
        one for one in of_kind("Deployment") if one["metadata"]["name"] == "cocket-webhook"
    )

    assert webhook["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_a_selector_has_nothing_that_an_upgrade_changes() -> None:
    """It cannot be changed afterwards."""
    for deployment in of_kind("Deployment", FULL):
        assert deployment["spec"]["selector"]["matchLabels"].keys() == {
            "app.kubernetes.io/name",
            "app.kubernetes.io/instance",
            "app.kubernetes.io/component",
        }


def test_only_what_needs_the_api_gets_a_token() -> None:
    for pod, spec in pod_specs():
        assert ("serviceAccountName" in spec) == spec.get("automountServiceAccountToken", True), pod


def test_network_policies_let_nothing_else_in() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy", FULL)}

    assert policies.keys() == {"cocket-webhook", "cocket-operator"}
    for spec in policies.values():
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        for rule in [*spec["ingress"], *spec["egress"]]:
            assert rule["ports"], "a rule without ports opens all of them"
    from_servers = policies["cocket-webhook"]["ingress"][0]
    assert from_servers["from"] == [
        {"ipBlock": {"cidr": "10.0.0.0/28"}},
        {"ipBlock": {"cidr": "fd00::/64"}},
    ]
