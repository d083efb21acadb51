"""The chart on a real API server of its own, by Helm itself: install, upgrade, rollback, uninstall.

There are no nodes: Deployments are accepted, and their Pods never start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import helm_python
import pytest

from tests.charts.rendering import CHART, DIGEST, FULL, NAMESPACE
from tests.e2e.control_plane import ControlPlane
from tests.e2e.releases import (
    DEFINITIONS,
    DEPLOYMENTS,
    OURS,
    RELEASE,
    exists,
    install,
    listed,
    names,
    uninstall,
    with_readiness,
)
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOYMENT = f"{DEPLOYMENTS}/cocket-webhook"
POLICY = f"{OURS}/clusterimagepolicies/default"
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
    """Helm as admin; what a test leaves is removed, whatever became of it."""
    with helm_python.Config(kubeconfig_path=server.kubeconfig(), namespace=NAMESPACE) as config:
        yield config
        if config.list(all_states=True):
            uninstall(server, config)


@pytest.fixture
def installed(server: ControlPlane, helm: helm_python.Config) -> helm_python.Config:
    install(server, helm, VALUES)
    return helm


@pytest.fixture(scope="module")
def late_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One of several, as it says itself: it establishes new definitions after five seconds."""
    with ControlPlane(tmp_path_factory.mktemp("late"), "--apiserver-count=2") as plane:
        yield plane


@pytest.fixture
def late_helm(late_server: ControlPlane) -> Iterator[helm_python.Config]:
    """Helm there; afterwards it is as if nothing had ever been installed."""
    kubeconfig = late_server.kubeconfig()
    with helm_python.Config(kubeconfig_path=kubeconfig, namespace=NAMESPACE) as config:
        yield config
        if config.list(all_states=True):
            uninstall(late_server, config)
    for name in names(late_server, DEFINITIONS):
        late_server.ask("DELETE", f"{DEFINITIONS}/{name}")
    wait_until(lambda: not listed(late_server), "the definitions are gone")


def see_it_audits(server: ControlPlane, helm: helm_python.Config) -> None:
    (release,) = helm.list()
    assert release["status"] == "deployed"
    assert server.get(POLICY)["spec"]["mode"] == "audit"


def test_a_fresh_install_is_in_audit_mode(
    server: ControlPlane, installed: helm_python.Config
) -> None:
    see_it_audits(server, installed)
    assert "prod" in names(server, f"{OURS}/registries")
    assert server.get(DEPLOYMENT)["spec"]["replicas"] == 2


def test_an_install_that_waits_has_its_policy_however_late_its_kind_is_served(
    late_server: ControlPlane, late_helm: helm_python.Config
) -> None:
    install(late_server, late_helm, VALUES)

    see_it_audits(late_server, late_helm)


def test_an_install_that_did_not_wait_is_finished_by_an_upgrade_that_does(
    late_server: ControlPlane, late_helm: helm_python.Config
) -> None:
    with pytest.raises(helm_python.HelmReleaseError, match="ensure CRDs are installed first"):
        late_helm.install(CHART, RELEASE, VALUES, create_namespace=True)
    # For some seconds there are no kinds in it; Helm must not take the group for its kinds.
    wait_until(lambda: listed(late_server), "the group is listed")

    # Another command: one Helm asks only once what the server serves.
    kubeconfig = late_server.kubeconfig()
    with helm_python.Config(kubeconfig_path=kubeconfig, namespace=NAMESPACE) as another:
        with_readiness(late_server, another.upgrade, VALUES)

    see_it_audits(late_server, late_helm)


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
    install(server, helm, VALUES)

    left = uninstall(server, helm)

    assert left == ["cocket-operator", "cocket-webhook"], "the hook must come before all else"
    assert names(server, f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments") == []
    roles = names(server, "/apis/rbac.authorization.k8s.io/v1/clusterroles")
    assert not [name for name in roles if "cocket" in name]
    assert len(names(server, DEFINITIONS)) == 6
    assert "default" in names(server, f"{OURS}/clusterimagepolicies")


def test_the_server_takes_everything_that_the_chart_can_do(
    server: ControlPlane, helm: helm_python.Config
) -> None:
    """But the kinds of others, whose definitions are not there."""
    foreign: dict[str, Any] = {"certificates": {}, "serviceMonitor": {}, "prometheusRule": {}}
    # Another policy: to take a rule out of one, server-side apply must be newer than 1.20's.
    policy = {"policy": {**FULL["policy"], "name": "full"}}
    install(server, helm, FULL | foreign | policy)

    (release,) = helm.list()
    assert release["status"] == "deployed"


@pytest.mark.parametrize("kind", ["cocket-webhook", "cocket-operator"])
def test_an_account_of_ours_may_not_read_secrets_elsewhere(
    server: ControlPlane, installed: helm_python.Config, kind: str
) -> None:
    del installed
    account = f"system:serviceaccount:{NAMESPACE}:{kind}"

    status, _ = server.ask("GET", "/api/v1/namespaces/default/secrets", user=account)

    assert status == 403
