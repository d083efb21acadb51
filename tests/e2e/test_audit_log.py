"""RBAC that is used, RBAC that is not, and what was refused, of a real ServiceAccount."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.audit_log import Access, Period, granted, noted, refused, unused, used

if TYPE_CHECKING:
    from tests.e2e.control_plane import ControlPlane

RBAC = "rbac.authorization.k8s.io"


def role(kind: str, name: str, *rules: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": list(rules)}


def binding(kind: str, of: str, name: str, account: str, namespace: str = "") -> dict[str, Any]:
    _, _, home, who = account.split(":")
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": {"name": name} | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": RBAC, "kind": of, "name": name},
        "subjects": [{"kind": "ServiceAccount", "namespace": home, "name": who}],
    }


@pytest.fixture
def robot(plane: ControlPlane, namespace: str) -> str:
    """It may do too much, and has done some of it."""
    user = plane.create_account(namespace, "robot")
    cluster = f"robot-{namespace}"
    plane.apply(
        role(
            "ClusterRole",
            cluster,
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
            {"apiGroups": ["apps"], "resources": ["*"], "verbs": ["get"]},
            {"nonResourceURLs": ["/healthz", "/metrics"], "verbs": ["get"]},
        ),
        binding("ClusterRoleBinding", "ClusterRole", cluster, user),
        role(
            "Role",
            "robot",
            {
                "apiGroups": [""],
                "resources": ["secrets"],
                "resourceNames": ["mine", "other"],
                "verbs": ["get"],
            },
            {"apiGroups": [""], "resources": ["pods/status"], "verbs": ["patch"]},
            namespace=namespace,
        ),
        binding("RoleBinding", "Role", "robot", user, namespace),
    )
    for verb, path in (
        ("GET", "/api/v1/pods?limit=5"),
        ("GET", "/apis/apps/v1/namespaces/default/deployments/web"),
        ("GET", "/healthz"),
        ("GET", f"/api/v1/namespaces/{namespace}/secrets/mine"),
        ("GET", f"/api/v1/namespaces/{namespace}/secrets/yours"),
        ("GET", "/api/v1/namespaces/default/secrets/mine"),
        ("DELETE", "/api/v1/nodes/n"),
    ):
        plane.ask(verb, path, user=user)
    return user


def test_used_and_refused_are_told_apart(plane: ControlPlane, robot: str, namespace: str) -> None:
    did = used(plane.audit_log)[robot]
    assert {Access("list", "", "pods"), Access("get", "", "/healthz")} <= did
    assert Access("get", "apps", "deployments", "default", "web") in did
    assert Access("get", "", "secrets", namespace, "mine") in did
    assert refused(plane.audit_log)[robot] == {
        Access("get", "", "secrets", namespace, "yours"),
        Access("get", "", "secrets", "default", "mine"),
        Access("delete", "", "nodes", name="n"),
    }


def test_what_was_refused_in_a_period_can_be_left_out(plane: ControlPlane, robot: str) -> None:
    assert robot in refused(plane.audit_log, [Period("2000", "2001")])
    assert robot not in refused(plane.audit_log, [Period("2000", "2001"), Period("2001", "3000")])


def test_what_is_granted_and_never_used_is_found(
    plane: ControlPlane, robot: str, namespace: str
) -> None:
    unneeded = {
        Access("watch", "", "pods"),
        Access("get", "apps", "*"),
        Access("get", "", "/metrics"),
        Access("get", "", "secrets", namespace, "other"),
        Access("patch", "", "pods/status", namespace),
    }
    needed = {
        Access("list", "", "pods"),
        Access("get", "", "/healthz"),
        Access("get", "", "secrets", namespace, "mine"),
    }
    grants = granted(plane)[robot]
    assert grants == unneeded | needed
    assert unused(grants, used(plane.audit_log)[robot]) == unneeded


def test_what_a_role_without_the_label_grants_can_be_left_out(
    plane: ControlPlane, robot: str
) -> None:
    assert robot not in granted(plane, "team=robots")
    path = f"/apis/{RBAC}/v1/clusterroles/robot-{robot.split(':')[2]}"
    labels = {"metadata": {"labels": {"team": "robots"}}}
    plane.ask("PATCH", path, labels, content_type="application/merge-patch+json")

    assert {one.resource for one in granted(plane, "team=robots")[robot]} == {
        *("pods", "*", "/healthz", "/metrics")
    }


def test_a_watch_is_used_when_it_begins(plane: ControlPlane, robot: str) -> None:
    plane.ask("GET", "/api/v1/pods?watch=1&timeoutSeconds=1", user=robot)
    assert unused([Access("watch", "", "pods")], used(plane.audit_log)[robot]) == set()


def test_half_a_line_of_a_killed_server_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    event = {
        "verb": "patch",
        "user": {"username": "me"},
        "objectRef": {
            "resource": "pods",
            "subresource": "status",
            "namespace": "shop",
            "name": "web",
        },
        "annotations": {"validate.cocket.dev/decision": "warned", "other/decision": "denied"},
    }
    log.write_text(f'{{"verb":"get"\n{json.dumps(event)}\n{{"verb":', encoding="utf-8")
    assert used(log) == {"me": {Access("patch", "", "pods/status", "shop", "web")}}
    assert noted(log, "validate.cocket.dev", "shop", "web") == {"decision": "warned"}
    assert noted(log, "validate.cocket.dev", "shop", "other") == {}
