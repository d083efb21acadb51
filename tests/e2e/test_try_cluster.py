"""scripts/try-cluster, which follows the creation of a kind cluster, on the real API server."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.charts.test_own_policy import built
from tests.e2e.accounts import install
from tests.e2e.registration import webhook_configuration
from tests.e2e.registries import start_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cockets import Cockets
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes
    from tests.servers import RealRegistry

SCRIPT = Path(__file__).parents[2] / "scripts" / "try-cluster"
NAMESPACE = "try-cluster"


def run(
    plane: ControlPlane, registry: RealRegistry, digest: str, seconds: int
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT],
        env={
            "PATH": f"{plane.tools}:{os.environ['PATH']}",
            "HOME": str(plane.folder),
            "KUBECONFIG": str(plane.kubeconfig()),
            "REGISTRY": f"{registry.host}/prod",
            "IMAGE": registry.name("prod/cocket", digest),
            "NAMESPACE": NAMESPACE,
            "SECONDS_TO_WAIT": str(seconds),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def asked(plane: ControlPlane, cockets: Cockets, namespace: str) -> Iterator[None]:
    """A webhook that reads the cluster, and an API server that asks it."""
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    plane.install_crds()
    kubeconfig = plane.kubeconfig(install(plane, namespace).webhook)
    webhook = cockets.serve(
        "try", *("--kubeconfig", kubeconfig, "--drain-seconds", "0"), self_signed=True
    )
    webhook.wait_ready()
    plane.create(
        path, webhook_configuration("try-cluster", webhook.url, webhook.ca_pem, [NAMESPACE])
    )
    yield
    plane.ask("DELETE", f"{path}/try-cluster")


@pytest.mark.tool("docker-registry")
@pytest.mark.usefixtures("asked")
async def test_one_pod_is_refused_and_one_admitted(
    plane: ControlPlane, processes: Processes
) -> None:
    registry = start_registry(processes)
    digest = await registry.push("prod/cocket", built())

    for _ in range(2):  # it may be run again
        done = await asyncio.to_thread(run, plane, registry, digest, 30)

        assert done.returncode == 0, done.stderr
        assert f"cocket refused Pod {NAMESPACE}/refused" in done.stdout
        assert "nginx:1.25 is a tag, and tags move" in done.stdout
        assert f"Admitted, as it should be: {registry.host}/prod/cocket@{digest}" in done.stdout
    pods = plane.get(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
    assert [pod["metadata"]["name"] for pod in pods] == ["admitted"]


@pytest.mark.tool("docker-registry")
async def test_without_a_webhook_it_says_what_it_waited_for(
    plane: ControlPlane, processes: Processes
) -> None:
    plane.install_crds()
    registry = start_registry(processes)
    digest = await registry.push("prod/cocket", built())

    done = await asyncio.to_thread(run, plane, registry, digest, 1)

    assert done.returncode == 1
    assert f"try-cluster: not «cocket refused Pod {NAMESPACE}/refused» within 1 s" in done.stderr
