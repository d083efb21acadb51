"""`cocket policy simulate` in a real cluster, with the rights of the audit's page and no others."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import LABELS
from tests.e2e.auditor import Auditor
from tests.e2e.cockets import COCKET
from tests.e2e.documents import made, put, remove
from tests.e2e.replicas import OURS
from webhook.core.facts import ImageConfig, ImageFacts, PlatformImage
from webhook.core.recorded import name_of, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.control_plane import ControlPlane

DIGEST = "sha256:" + "d4" * 32
NAME = "simulate.example.com/prod/web"


def policy(namespace: str, mode: str, **rules: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    spec = {"mode": mode, "namespaceSelector": selector, "rules": rules or {"digest": {}}}
    return made("ClusterImagePolicy", "simulated", spec)


@pytest.fixture
def shop(plane: ControlPlane, namespace: str) -> Iterator[str]:
    """A namespace with a Pod that is named by digest, one by tag, and a policy that warns."""
    plane.install_crds()
    # Servers before 1.21 do not set it.
    plane.kubectl("label", "namespace", namespace, f"kubernetes.io/metadata.name={namespace}")
    registry = made("Registry", "simulated", {"host": "simulate.example.com", "environment": "x"})
    put(plane, registry, policy(namespace, "warn"))
    config = ImageConfig(
        os="linux",
        architecture="amd64",
        entrypoint=("node", "server.js"),
        labels=tuple(sorted(LABELS.items())),
    )
    facts = ImageFacts(digest=DIGEST, platforms=(PlatformImage("linux/amd64", "", config),))
    recorded = made("ImageFacts", name_of(DIGEST), {})
    recorded["spec"] = spec_of(facts, image=f"{NAME}@{DIGEST}", registries=["simulated"])
    plane.create(f"{OURS}/imagefacts", recorded)
    for name, image in (("pinned", f"{NAME}@{DIGEST}"), ("tagged", f"{NAME}:1")):
        pod = {"containers": [{"name": "app", "image": image}]}
        body = {"metadata": {"name": name}, "spec": pod}
        plane.create(f"/api/v1/namespaces/{namespace}/pods", body)
    yield namespace
    plane.kubectl("delete", "pods", "--all", "-n", namespace, "--wait=false", "--grace-period=0")
    remove(
        plane,
        *("clusterimagepolicies/simulated", "registries/simulated"),
        f"imagefacts/{name_of(DIGEST)}",
    )


def test_what_a_policy_would_do_is_what_it_does(
    plane: ControlPlane, shop: str, tmp_path: Path
) -> None:
    auditor = Auditor(plane, shop)
    before = plane.get(f"{OURS}/clusterimagepolicies/simulated")
    stricter = policy(shop, "enforce", digest={}, init={})

    first = simulate(auditor, stricter, tmp_path)
    untouched = plane.get(f"{OURS}/clusterimagepolicies/simulated")
    put(plane, stricter)
    owners = auditor.owners()
    again = simulate(auditor, stricter, tmp_path)
    back = simulate(auditor, policy(shop, "warn"), tmp_path)

    assert untouched == before
    assert first["replaced"] == ["ClusterImagePolicy simulated"]
    refused = {one["owner"]["name"]: rules(one["new"]) for one in first["changes"]}
    # Of a tag nothing is recorded, and nobody was asked.
    assert refused == {"pinned": {"init"}, "tagged": {"digest", "init"}}
    assert {one["change"] for one in first["changes"]} == {"newlyRefused"}
    assert {name: one["allowed"] for name, one in owners.items()} == {
        "Pod/pinned": False,
        "Pod/tagged": False,
    }
    assert again["changes"] == []
    assert {one["change"] for one in back["changes"]} == {"newlyAdmitted"}


def rules(findings: list[dict[str, Any]]) -> set[str]:
    return {one["rule"] for one in findings}


def simulate(auditor: Auditor, document: dict[str, Any], folder: Path) -> dict[str, Any]:
    file = folder / "new.json"
    file.write_text(json.dumps(document))
    command = [COCKET, "policy", "simulate", "--offline", "--kubeconfig", auditor.kubeconfig]
    command += ["-n", auditor.namespace, "-o", "json", file]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {0, 1, 3}, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["missing"] == []
    return found
