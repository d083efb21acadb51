"""The control plane is a real one: users, restarts, controllers and versions."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.e2e.control_plane import ControlPlane
from tests.e2e.server import CRDS, ApiError, wait_until
from tests.e2e.test_processes import gone

if TYPE_CHECKING:
    from collections.abc import Callable

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "web:1"}]}
"""


def listening(pid: int) -> list[str]:
    """Addresses and ports on which a process listens, as the kernel writes them (proc(5))."""
    ours = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    sockets = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
    ]
    return [one[1] for one in sockets if one[3] == "0A" and f"socket:[{one[9]}]" in ours]


def test_a_namespace_has_the_label_that_every_server_ought_to_set(
    plane: ControlPlane, namespace: str
) -> None:
    labels = plane.get(f"/api/v1/namespaces/{namespace}")["metadata"]["labels"]
    assert labels == {"kubernetes.io/metadata.name": namespace}
    with pytest.raises(ApiError, match="already exists"):
        plane.create_namespace(namespace)


def test_admin_may_everything_and_a_tenant_nothing(plane: ControlPlane, namespace: str) -> None:
    question = ("auth", "can-i", "create", "pods", "--namespace", namespace)
    assert plane.kubectl(*question).stdout.strip() == "yes"
    assert plane.kubectl(*question, user="tenant").stdout.strip() == "no"


def test_an_account_is_itself_and_has_its_own_namespace(
    plane: ControlPlane, namespace: str
) -> None:
    user = plane.create_account(namespace, "robot")
    assert plane.create_account(namespace, "robot") == user
    refused = plane.kubectl("get", "pods", user=user)
    assert refused.returncode == 1
    assert f'User "{user}" cannot list resource "pods"' in refused.stderr
    assert f'in the namespace "{namespace}"' in refused.stderr


def test_a_kubeconfig_is_readable_by_its_owner_only(plane: ControlPlane) -> None:
    path = plane.kubeconfig()
    path.chmod(0o644)
    again = plane.kubeconfig()
    assert again == path
    assert stat.S_IMODE(again.stat().st_mode) == 0o600


def test_it_listens_on_loopback_only(plane: ControlPlane) -> None:
    pids = {process.pid for process in plane.processes.started.values() if process.running}
    addresses = [address for pid in pids for address in listening(pid)]
    assert len(addresses) == 3  # etcd has one for its peers
    assert {address.partition(":")[0] for address in addresses} == {"0100007F"}


def test_objects_outlive_restarts_of_server_and_etcd(plane: ControlPlane, namespace: str) -> None:
    before = plane.url
    plane.restart_apiserver()
    plane.restart_etcd()
    plane.restart_apiserver(kill=True)
    assert plane.url == before
    assert plane.get(f"/api/v1/namespaces/{namespace}")["metadata"]["name"] == namespace


def test_controllers_make_pods_of_a_deployment_and_clean_up(
    plane: ControlPlane, namespace: str
) -> None:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    plane.kubectl("apply", "-n", namespace, "-f", "-", given=DEPLOYMENT)
    with plane.controllers() as manager:
        wait_until(lambda: len(plane.get(pods)["items"]) == 1, "a Pod")
        owner = plane.get(pods)["items"][0]["metadata"]["ownerReferences"][0]
        assert owner["kind"] == "ReplicaSet"
        plane.kubectl("delete", "namespace", namespace, "--wait=false")
        wait_until(lambda: plane.ask("GET", f"/api/v1/namespaces/{namespace}")[0] == 404, "end")
    assert not manager.running


def test_a_test_is_skipped_by_version_with_the_reason(
    plane: ControlPlane, needs_server: Callable[[str, str], None]
) -> None:
    ours = f"{plane.version[0]}.{plane.version[1]}"
    needs_server(ours, "it is there")
    with pytest.raises(pytest.skip.Exception, match=r"needs 9\.99, is .*: flying Pods"):
        needs_server("9.99", "flying Pods")
    plane.require_before("9.99", "it is still there")
    with pytest.raises(pytest.skip.Exception, match=rf"gone in {ours}, is .*: old"):
        plane.require_before(ours, "old")


@pytest.mark.skipif(not CRDS.is_dir(), reason="no custom resources yet")
def test_the_custom_resources_can_be_installed_twice_and_are_served(plane: ControlPlane) -> None:
    plane.install_crds()
    plane.install_crds()
    served = plane.get("/apis/cocket.dev/v1alpha1")["resources"]
    kinds = {
        msgspec.yaml.decode(file.read_bytes())["spec"]["names"]["kind"] for file in CRDS.iterdir()
    }
    assert kinds == {one["kind"] for one in served}


def test_nothing_stays_behind(tmp_path: Path) -> None:
    with ControlPlane(tmp_path) as another:
        pids = [process.pid for process in another.processes.started.values()]
        assert another.ready()
    assert len(pids) == 2
    assert all(gone(pid, "") for pid in pids)
    assert not another.ready()
