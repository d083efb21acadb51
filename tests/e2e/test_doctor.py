"""`cocket doctor` in a real cluster: all is well, then it is broken on purpose, part by part."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml

from tests.charts.rendering import NAMESPACE, ROOT, of_kind
from tests.e2e.cockets import COCKET
from tests.e2e.replicas import policy
from tests.e2e.server import wait_until
from tests.e2e.system import System, running
from tests.e2e.system_view import CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

pytestmark = pytest.mark.tool("docker-registry")

RBAC = "/apis/rbac.authorization.k8s.io/v1"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
READER = "reader"


class Said(msgspec.Struct):
    """What it said of everything."""

    code: int
    diagnoses: list[dict[str, str]]

    def of(self, state: str, check: str = "") -> list[str]:
        return [
            one["message"]
            for one in self.diagnoses
            if one["state"] == state and check in {"", one["check"]}
        ]


@pytest.fixture(scope="module")
def system(plane: ControlPlane, module_processes: Processes) -> Iterator[System]:
    """Two replicas and an operator at work, a policy, and the Deployments that would run them."""
    with running(plane, module_processes) as whole:
        whole.begin()
        whole.create(policy("doctor", ["shop"], rules={"digest": {}}))
        made = [
            deployment(plane, one) for one in of_kind("Deployment", {"image": {"digest": DIGEST}})
        ]
        try:
            yield whole
        finally:
            for name in made:
                plane.ask("DELETE", f"{DEPLOYMENTS}/{name}")


DIGEST = "sha256:" + "ab" * 32


def deployment(plane: ControlPlane, document: dict[str, Any]) -> str:
    """Create one, and say what its controller would: that all Pods are ready."""
    name = str(document["metadata"]["name"])
    plane.create(DEPLOYMENTS, document, exist=True)
    say_ready(plane, name, 2)
    return name


def say_ready(plane: ControlPlane, name: str, ready: int) -> None:
    found = plane.get(f"{DEPLOYMENTS}/{name}")
    found["status"] = {"replicas": 2, "readyReplicas": ready}
    status, text = plane.ask("PUT", f"{DEPLOYMENTS}/{name}/status", found)
    assert status == 200, text


@pytest.fixture(scope="module")
def reader(plane: ControlPlane, system: System) -> str:
    """Somebody with the rights that the page names, and no others."""
    assert system.replicas
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    chapter = page.partition("## What is wrong here")[2].partition("\n## ")[0]
    [written] = re.findall(r"^```yaml\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    user = plane.create_account("default", READER)
    subject = {"kind": "ServiceAccount", "namespace": "default", "name": READER}
    for role in yaml.safe_load_all(written):
        name, kind = role["metadata"]["name"], role["kind"]
        place = f"namespaces/{NAMESPACE}/" if kind == "Role" else ""
        plane.create(f"{RBAC}/{place}{kind.lower()}s", role, exist=True)
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        bound = {"metadata": {"name": name}, "roleRef": ref, "subjects": [subject]}
        plane.create(f"{RBAC}/{place}{kind.lower()}bindings", bound, exist=True)
    return user


def ask(plane: ControlPlane, user: str, *arguments: str) -> Said:
    config = plane.kubeconfig(user)
    command = [str(COCKET), "doctor", "--kubeconfig", str(config), "-o", "json", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, text=True)
    assert done.stderr == ""
    return Said(done.returncode, json.loads(done.stdout)["diagnoses"])


def test_where_all_is_well_nothing_is_wrong_and_everything_was_seen(
    plane: ControlPlane, system: System, reader: str
) -> None:
    wait_until(lambda: ask(plane, reader).code == 0, "all is well", 60)
    said = ask(plane, reader)

    assert said.of("wrong") == said.of("unknown") == []
    assert said.of("ok", "replicas") == ["2 replicas of the webhook are ready"]
    assert said.of("ok", "operator") == ["operator-1 leads"]
    assert len(said.of("ok", "configuration")) == 2
    assert len(said.of("ok", "certificate")) == 2
    assert len(said.of("ok", "registries")) == 1
    assert system.webhook()["failurePolicy"] == "Fail"


def test_with_fewer_rights_it_says_what_it_could_not_check(plane: ControlPlane) -> None:
    nobody = plane.create_account("default", "nobody")
    said = ask(plane, nobody)

    assert said.code == 3
    assert said.of("wrong") == []
    assert {one["check"] for one in said.diagnoses if one["state"] == "unknown"} >= {
        *("definitions", "deployments", "replicas", "operator", "configuration", "certificate"),
        *("registries", "policies", "exceptions", "access"),
    }
    assert {one["check"] for one in said.diagnoses if one["state"] == "ok"} <= {"server", "clock"}


def test_who_could_switch_us_off_is_named(plane: ControlPlane, reader: str) -> None:
    rule = {
        "apiGroups": ["admissionregistration.k8s.io"],
        "resources": ["validatingwebhookconfigurations"],
        "verbs": ["delete"],
    }
    name = "e2e-careless"
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    group = {"kind": "Group", "name": "system:authenticated", "apiGroup": ref["apiGroup"]}
    user = {"kind": "User", "name": "mallory", "apiGroup": ref["apiGroup"]}
    plane.create(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": [rule]})
    plane.create(
        f"{RBAC}/clusterrolebindings",
        {"metadata": {"name": name}, "roleRef": ref, "subjects": [user, group]},
    )
    try:
        said = ask(plane, reader)
    finally:
        for plural in ("clusterrolebindings", "clusterroles"):
            plane.ask("DELETE", f"{RBAC}/{plural}/{name}")

    assert said.code == 1
    [wrong] = said.of("wrong")
    assert wrong.startswith("system:authenticated, which is everybody, may switch all checks off")
    # Accounts of other tests may be named before him, and only some are named.
    named = re.compile(r"User mallory|and [0-9]+ more may switch all checks off")
    assert any(named.search(one) for one in said.of("risk", "access"))


def test_what_is_broken_is_found(plane: ControlPlane, system: System, reader: str) -> None:
    # The operator would mend it.
    system.operators.pop("operator-1").process.kill()
    system.retire("web-2").kill()
    say_ready(plane, "cocket-webhook", 1)
    live = plane.get(CONFIGURATION)
    live["webhooks"][0] |= {"failurePolicy": "Ignore", "rules": live["webhooks"][0]["rules"][:1]}
    assert plane.ask("PUT", CONFIGURATION, live)[0] == 200

    wait_until(lambda: bool(ask(plane, reader).of("wrong", "operator")), "the Lease is old", 60)
    said = ask(plane, reader)

    assert said.code == 1
    assert said.of("wrong", "operator") == ["operator-1 leads no more, and nobody has followed it"]
    assert said.of("wrong", "deployments") == ["cocket-webhook: 1 of 2 Pods are ready"]
    assert said.of("wrong", "configuration") == [
        "cocket: somebody changed rules, so some objects may not be checked"
    ]
    assert len(said.of("risk", "configuration")) == 1
    assert said.of("risk", "replicas") == [
        "only one replica of the webhook is ready: an update or a drain leaves none"
    ]

    plane.ask("DELETE", CONFIGURATION)
    assert "nothing is checked" in ask(plane, reader).of("wrong", "configuration")[0]
