"""Installing and removing the chart where no node runs anything: the tests say what is ready."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.charts.rendering import CHART, NAMESPACE
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import helm_python

    from tests.e2e.server import ApiServer

RELEASE = "cocket"
OURS = "/apis/cocket.dev/v1alpha1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
_JOB = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/cocket-uninstall"
_SECONDS = 60


def install(server: ApiServer, helm: helm_python.Config, values: Mapping[str, Any]) -> None:
    """Install the release as the README does, with `--wait`."""
    with_readiness(server, partial(helm.install, create_namespace=True), values)


def with_readiness(
    server: ApiServer, action: Callable[..., object], values: Mapping[str, Any]
) -> None:
    """Call `helm.install` or `helm.upgrade` so that it waits until all is ready.

    The Deployments are ready as soon as our kinds are served: replicas read them first.
    """

    async def both() -> None:
        acting = asyncio.to_thread(
            action, CHART, RELEASE, dict(values), wait="watcher", timeout=_SECONDS
        )
        release = asyncio.create_task(acting)
        while not release.done():
            if served(server):
                for name in names(server, DEPLOYMENTS):
                    _make_ready(server, name)
            await asyncio.sleep(0.1)
        await release

    asyncio.run(both())


def uninstall(server: ApiServer, helm: helm_python.Config) -> list[str]:
    """Remove the release; the Job of the hook is done as soon as it is there, as nobody runs it.

    Returns which Deployments there were when the Job was made.
    """

    async def both() -> list[str]:
        removing = asyncio.to_thread(
            helm.uninstall, RELEASE, timeout=_SECONDS, ignore_not_found=True
        )
        removal = asyncio.create_task(removing)
        await asyncio.to_thread(wait_until, lambda: exists(server, _JOB), "the hook made its Job")
        left = names(server, DEPLOYMENTS)
        done = [{"type": "Complete", "status": "True"}]
        _report(server, _JOB, {"conditions": done, "succeeded": 1})
        await removal
        return left

    return asyncio.run(both())


def exists(server: ApiServer, path: str) -> bool:
    return server.ask("GET", path)[0] == 200


def names(server: ApiServer, path: str) -> list[str]:
    return sorted(one["metadata"]["name"] for one in server.get(path)["items"])


def listed(server: ApiServer) -> bool:
    """Whether the server tells of our group, which says nothing of its kinds yet."""
    return "cocket.dev" in [one["name"] for one in server.get("/apis")["groups"]]


def served(server: ApiServer) -> bool:
    """Whether it tells of our group and of our kinds."""
    status, said = server.ask("GET", OURS)
    kinds = {one["kind"] for one in json.loads(said)["resources"]} if status == 200 else set()
    return listed(server) and {"Registry", "ClusterImagePolicy"} <= kinds


def _make_ready(server: ApiServer, name: str) -> None:
    """Say of a Deployment what its controller says when all replicas are ready."""
    one = server.get(f"{DEPLOYMENTS}/{name}")
    replicas = one["spec"]["replicas"]
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    conditions = [
        {"type": "Available", "status": "True"},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
    ]
    status = {"observedGeneration": one["metadata"]["generation"], "conditions": conditions}
    _report(server, f"{DEPLOYMENTS}/{name}", status | dict.fromkeys(counts, replicas))


def _report(server: ApiServer, path: str, status: Mapping[str, Any]) -> None:
    kind = "application/merge-patch+json"
    code, said = server.ask("PATCH", f"{path}/status", {"status": status}, content_type=kind)
    assert code == 200, said
