"""The chart on a real API server of its own, by Helm itself: install, upgrade, rollback, uninstall.

There are no nodes: Deployments are accepted, and their Pods never start.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import helm_python
import pytest

from tests.charts.rendering import CHART, DIGEST, FULL, NAMESPACE
from tests.e2e.control_plane import ControlPlane
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = "cocket"
OURS = "/apis/cocket.dev/v1alpha1"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/cocket-webhook"
POLICY = f"{OURS}/clusterimagepolicies/default"
JOB = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/cocket-uninstall"
VALUES: dict[str, Any] = {
    "image": {"digest": DIGEST},
    "registries": [
        {"name": "prod", "spec": {"host": "r.example.com/prod", "environment": "production"}}
    ],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One that only this module uses: definitions belong to whoever installed them first."""
    with ControlPlane(tmp_path_factory.mktemp("chart")) as plane:
        yield plane


@pytest.fixture
def helm(server: ControlPlane) -> Iterator[helm_python.Config]:
    """Helm as admin; what a test leaves is removed."""
    with helm_python.Config(kubeconfig_path=server.kubeconfig(), namespace=NAMESPACE) as config:
        yield config


@pytest.fixture
def installed(server: ControlPlane, helm: helm_python.Config) -> Iterator[helm_python.Config]:
    helm.install(CHART, RELEASE, VALUES, create_namespace=True)
    yield helm
    uninstall(server, helm)


def uninstall(server: ControlPlane, helm: helm_python.Config) -> list[str]:
    """Remove the release; the Job of the hook is done as soon as it is there, as nobody runs it.

    Returns which Deployments there were when the Job was made.
    """

    async def both() -> list[str]:
        removing = asyncio.to_thread(helm.uninstall, RELEASE, timeout=60, ignore_not_found=True)
        removal = asyncio.create_task(removing)
        await asyncio.to_thread(wait_until, lambda: exists(server, JOB), "the hook made its Job")
        left = names(server, f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments")
        done = [{"type": "Complete", "status": "True"}]
        status, said = server.ask(
            "PATCH",
            f"{JOB}/status",
            {"status": {"conditions": done, "succeeded": 1}},
            content_type="application/merge-patch+json",
        )
        assert status == 200, said
        await removal
        return left

    return asyncio.run(both())


def exists(server: ControlPlane, path: str) -> bool:
    return server.ask("GET", path)[0] == 200


def names(server: ControlPlane, path: str) -> list[str]:
    return sorted(one["metadata"]["name"] for one in server.get(path)["items"])


def test_a_fresh_install_is_in_audit_mode(
    server: ControlPlane, installed: helm_python.Config
) -> None:
    (release,) = installed.list()

    assert release["status"] == "deployed"
    policy = server.get(POLICY)
    assert policy["spec"]["mode"] == "audit"
    assert "prod" in names(server, f"{OURS}/registries")
    assert server.get(DEPLOYMENT)["spec"]["replicas"] == 2


def test_a_disruption_budget_is_made_where_the_server_has_them(
    server: ControlPlane, installed: helm_python.Config
) -> None:
    manifest = installed.status(RELEASE)["manifest"]

    assert ("PodDisruptionBudget" in manifest) is exists(server, "/apis/policy/v1")


def test_an_upgrade_takes_over_what_the_first_install_made(
    server: ControlPlane, installed: helm_python.Config
) -> None:
    values = VALUES | {"policy": {"mode": "warn"}, "webhook": {"replicas": 3}}

    installed.upgrade(CHART, RELEASE, values)

    policy = server.get(POLICY)
    assert policy["spec"]["mode"] == "warn"
    assert "kind: ClusterImagePolicy" in installed.status(RELEASE)["manifest"]
    assert server.get(DEPLOYMENT)["spec"]["replicas"] == 3


def test_a_rollback_never_takes_the_policy_away(
    server: ControlPlane, installed: helm_python.Config
) -> None:
    installed.upgrade(CHART, RELEASE, VALUES | {"webhook": {"replicas": 3}})
    before = server.get(POLICY)

    installed.rollback(RELEASE, version=1)

    after = server.get(POLICY)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert server.get(DEPLOYMENT)["spec"]["replicas"] == 2


def test_an_uninstall_removes_the_configuration_first_and_keeps_what_people_wrote(
    server: ControlPlane, helm: helm_python.Config
) -> None:
    helm.install(CHART, RELEASE, VALUES, create_namespace=True)

    left = uninstall(server, helm)

    assert left == ["cocket-operator", "cocket-webhook"], "the hook must come before all else"
    assert names(server, f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments") == []
    roles = names(server, "/apis/rbac.authorization.k8s.io/v1/clusterroles")
    assert not [name for name in roles if "cocket" in name]
    assert len(names(server, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")) == 6
    assert "default" in names(server, f"{OURS}/clusterimagepolicies")


def test_the_server_takes_everything_that_the_chart_can_do(
    server: ControlPlane, helm: helm_python.Config
) -> None:
    """But the kinds of others, whose definitions are not there."""
    foreign: dict[str, Any] = {"certificates": {}, "serviceMonitor": {}, "prometheusRule": {}}
    # Another policy: to take a rule out of one, server-side apply must be newer than 1.20's.
    policy = {"policy": {**FULL["policy"], "name": "full"}}
    helm.install(CHART, RELEASE, FULL | foreign | policy, create_namespace=True)
    try:
        (release,) = helm.list()
        assert release["status"] == "deployed"
    finally:
        uninstall(server, helm)


@pytest.mark.parametrize("kind", ["cocket-webhook", "cocket-operator"])
def test_an_account_of_ours_may_not_read_secrets_elsewhere(
    server: ControlPlane, installed: helm_python.Config, kind: str
) -> None:
    del installed
    account = f"system:serviceaccount:{NAMESPACE}:{kind}"

    status, _ = server.ask("GET", "/api/v1/namespaces/default/secrets", user=account)

    assert status == 403
