"""What tests leave in the cluster that names images: Pods and templates, which nobody runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.server import ApiServer

_WORKLOADS = {
    "/api/v1": ("pods", "podtemplates", "replicationcontrollers"),
    "/apis/apps/v1": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "/apis/batch/v1": ("jobs",),
}
# The default of Jobs is to wait for a controller, which does not run.
_AT_ONCE = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}


def delete_workloads(server: ApiServer) -> None:
    """Delete all of it, everywhere: what is in use is then what a test itself creates."""
    new = server.version >= (1, 21)
    cron_jobs = ("/apis/batch/v1" if new else "/apis/batch/v1beta1", "cronjobs")
    every = [(group, one) for group, resources in _WORKLOADS.items() for one in resources]
    for group, resource in (*every, cron_jobs):
        found = server.get(f"{group}/{resource}")["items"]
        for namespace in sorted({one["metadata"]["namespace"] for one in found}):
            path = f"{group}/namespaces/{namespace}/{resource}"
            status, text = server.ask("DELETE", path, _AT_ONCE)
            assert status == 200, text
