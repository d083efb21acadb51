"""The mirror Pods of a node: it runs what they show whatever anybody says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.builders import DIGEST
from tests.e2e.audit_log import noted
from tests.e2e.cockets import Cockets
from tests.e2e.registration import WEBHOOK, webhook_configuration
from webhook.demo.reviews import pod

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.e2e.control_plane import ControlPlane

POLICY = """
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {name: pinned}
spec: {mode: enforce, rules: {digest: {}}}
"""
TAGGED = "registry.example.com/kube-proxy:v1.20.2"
MIRROR = {"kubernetes.io/config.mirror": "5a1c2f", "kubernetes.io/config.source": "file"}
"""What a kubelet writes on the Pod by which it shows a static one (kubernetes/kubelet/types)."""
RBAC = "rbac.authorization.k8s.io"
GROUP = "--as-group=system:nodes"
WORKER = ("--as=system:node:worker", GROUP)
TENANT = "--as=tenant-of-pods"

Create: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"


@pytest.fixture
def create(plane: ControlPlane, cockets: Cockets, namespace: str) -> Create:
    """Creates a Pod as somebody, in a namespace where a node and a tenant may create any."""
    policy = cockets.processes.folder / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    webhook = cockets.serve_files("webhook", policy)
    names = ("system:node:worker", "tenant-of-pods")
    plane.apply(
        webhook_configuration(namespace, webhook.url, webhook.ca_pem, [namespace]),
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "Role",
            "metadata": {"name": "creators", "namespace": namespace},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}],
        },
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "creators", "namespace": namespace},
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "creators"},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": name} for name in names],
        },
    )

    def create(
        name: str, node: str, *user: str, image: str = TAGGED, mirror: bool = True
    ) -> subprocess.CompletedProcess[str]:
        manifest = pod(name, image, namespace=namespace)
        manifest["spec"]["nodeName"] = node
        if mirror:
            manifest["metadata"]["annotations"] = MIRROR
        return plane.kubectl("create", "-f", "-", *user, given=json.dumps(manifest))

    return create


def test_a_mirror_pod_is_reported_to_its_own_node(
    create: Create, plane: ControlPlane, namespace: str
) -> None:
    shown = create("proxy-worker", "worker", *WORKER)

    assert shown.returncode == 0, shown.stderr
    assert f'Warning: cocket: container "app": {TAGGED} is a tag' in shown.stderr
    told = noted(plane.audit_log, WEBHOOK, namespace, "proxy-worker")
    assert (told["decision"], told["rules"]) == ("warned", "digest")

    good = create("good-worker", "worker", *WORKER, image=f"registry.example.com/x@{DIGEST}")
    assert (good.returncode, good.stderr) == (0, "")


def test_nobody_else_gets_a_pod_in_by_calling_it_a_mirror(create: Create) -> None:
    for refused in (
        create("by-a-tenant", "worker", TENANT),
        create("by-an-admin", "worker"),
        create("by-a-tenant-in-the-group", "worker", TENANT, GROUP),
        create("without-the-group", "worker", "--as=system:node:worker"),
        create("of-another-node", "other", *WORKER),
        create("no-mirror", "worker", *WORKER, mirror=False),
    ):
        assert refused.returncode == 1
        assert 'webhook "validate.cocket.dev" denied the request' in refused.stderr, refused.stderr
        assert f"{TAGGED} is a tag" in refused.stderr
