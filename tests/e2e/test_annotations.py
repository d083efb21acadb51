"""The operator annotates real workloads, under the account and rights that the chart gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.builders import LABELS, REVISION
from tests.e2e.accounts import install
from tests.e2e.documents import made, put, remove
from tests.e2e.registries import start_registry
from tests.e2e.server import wait_until
from tests.layers.roots import layer
from tests.operator.test_insides import BASE, SCRIPT, built
from webhook.reports.owner_annotations import BUILT, COMMIT, OS

if TYPE_CHECKING:
    from tests.e2e.cockets import Cockets
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

EXPECTED = {
    COMMIT: REVISION,
    BUILT: LABELS["org.opencontainers.image.created"],
    OS: "Debian GNU/Linux 12 (bookworm)",
}
"""What the image says, and its layers."""


def workloads(plane: ControlPlane, namespace: str, image: str) -> dict[str, str]:
    """One of each kind that is annotated; paths by kind. No controller makes Pods of them."""
    pod = {"containers": [{"name": "app", "image": image}]}
    labels = {"app": "web"}
    template: dict[str, Any] = {"metadata": {"labels": labels}, "spec": pod}
    spec: dict[str, Any] = {"selector": {"matchLabels": labels}, "template": template}
    job = {"spec": pod | {"restartPolicy": "Never"}}
    cron = "v1" if plane.version >= (1, 21) else "v1beta1"
    bodies = {
        "apps/v1/{}/deployments": spec,
        "apps/v1/{}/statefulsets": spec | {"serviceName": "web"},
        "apps/v1/{}/daemonsets": spec,
        f"batch/{cron}/{{}}/cronjobs": {
            "schedule": "0 0 1 1 *",
            "jobTemplate": {"spec": {"template": job}},
        },
    }
    paths: dict[str, str] = {}
    for place, body in bodies.items():
        path = f"/apis/{place.format(f'namespaces/{namespace}')}"
        plane.create(path, {"metadata": {"name": "web"}, "spec": body})
        paths[path.rpartition("/")[2]] = f"{path}/web"
    return paths


async def test_workloads_say_which_commit_and_system_they_run(
    plane: ControlPlane, namespace: str, cockets: Cockets, processes: Processes
) -> None:
    plane.install_crds()
    registry = start_registry(processes)
    settings: dict[str, Any] = {"Labels": LABELS}
    digest = await registry.push("prod/web", built(layer(BASE), layer(SCRIPT), **settings))
    place = plane.create_namespace(f"{namespace}-shop")
    paths = workloads(plane, place, registry.name("prod/web", digest))
    # Layers are read of what Pods run.
    pod = {"containers": [{"name": "app", "image": registry.name("prod/web", digest)}]}
    plane.create(f"/api/v1/namespaces/{place}/pods", {"metadata": {"name": "web"}, "spec": pod})
    before = {kind: plane.get(path) for kind, path in paths.items()}
    spec = {"host": registry.host, "environment": "test", "allowPrivateAddresses": True}
    put(plane, made("Registry", f"{namespace}-prod", spec | {"tls": {"plainHTTP": True}}))
    user = install(plane, namespace, {"operator": {"annotateWorkloads": True}}).operator
    try:
        operator = cockets.operate(
            "annotating",
            *("--kubeconfig", plane.kubeconfig(user), "--namespace", namespace),
            *("--probe-bind", "127.0.0.1", "--annotate-workloads", "--look-inside", "1"),
            *("--audit-interval", "10", "--audit-reports", "none", "--no-audit-events"),
        )
        shown: dict[str, Any] = {}

        def annotated() -> bool:
            for kind, path in paths.items():
                shown[kind] = plane.get(path)["metadata"].get("annotations", {})
            return all(EXPECTED.items() <= one.items() for one in shown.values())

        wait_until(annotated, "four workloads that say what they run", 90)
        after = {kind: plane.get(path) for kind, path in paths.items()}
        assert operator.process.stop() == 0
    finally:
        remove(plane, f"registries/{namespace}-prod")

    for kind, one in after.items():
        assert one["spec"] == before[kind]["spec"], kind
        managers = {entry["manager"] for entry in one["metadata"]["managedFields"]}
        assert "cocket-operator" in managers
