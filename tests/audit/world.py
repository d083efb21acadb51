"""A cluster of objects that own each other, and an engine that judges them from a facts file."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.builders import DIGEST, LABELS, NOW
from tests.cluster.api_server import ApiServer, Json, api_server
from webhook.audit.scan import scan
from webhook.core.document import Document
from webhook.core.policy import PolicySet
from webhook.core.resources import load_policies
from webhook.engine import Engine
from webhook.registry.given import GivenFacts, facts_of
from webhook.registry.source import RegistrySource
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from webhook.cluster.api import Api
    from webhook.reports.audited import Audit, Audited

PODS = "/api/v1/pods"
DEPLOYMENTS = "/apis/apps/v1/deployments"
REPLICA_SETS = "/apis/apps/v1/replicasets"
STATEFUL_SETS = "/apis/apps/v1/statefulsets"
DAEMON_SETS = "/apis/apps/v1/daemonsets"
JOBS = "/apis/batch/v1/jobs"
CRON_JOBS = "/apis/batch/v1/cronjobs"
_KINDS = {
    PODS: ("v1", "Pod"),
    DEPLOYMENTS: ("apps/v1", "Deployment"),
    REPLICA_SETS: ("apps/v1", "ReplicaSet"),
    STATEFUL_SETS: ("apps/v1", "StatefulSet"),
    DAEMON_SETS: ("apps/v1", "DaemonSet"),
    JOBS: ("batch/v1", "Job"),
    CRON_JOBS: ("batch/v1", "CronJob"),
}
GOOD = f"registry.example.com/prod/web@{DIGEST}"
BAD = f"registry.example.com/prod/bare@{DIGEST}"
TAG = "registry.example.com/prod/web:1.1"
_POLICIES = [
    {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "Registry",
        "metadata": {"name": "prod"},
        "spec": {"host": "registry.example.com/prod", "environment": "production"},
    },
    {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": "all"},
        "spec": {"mode": "enforce", "rules": {"digest": {}, "provenance": {}, "init": {}}},
    },
]


def policies(*documents: Json) -> PolicySet:
    """These, or one that asks every workload for digest, provenance and init."""
    return load_policies([Document("", 0, one) for one in documents or _POLICIES], now=NOW).policies


def given() -> GivenFacts:
    """What is known: `GOOD` and its tag have labels and an init, `BAD` has neither."""
    good = {"Entrypoint": ["/sbin/tini", "--"], "Cmd": ["/app"], "Labels": LABELS}
    bare = {"Cmd": ["/app"]}
    lines = [
        to_json({"image": image, "config": {"os": "linux", "architecture": "amd64", "config": one}})
        for image, one in ((GOOD, good), (TAG, good), (BAD, bare))
    ]
    return facts_of([line.encode() for line in lines], "test")


def engine(
    policy_set: PolicySet | None = None, namespaces: Mapping[str, Mapping[str, str]] | None = None
) -> Engine:
    """An engine that opens no socket."""
    current = policy_set or policies()
    return Engine(
        policies=lambda: current,
        source=RegistrySource(registries=lambda: current.registries, client=None, given=given()),
        namespaces=(namespaces or {"shop": {}, "bank": {}}).get,
        clock=lambda: NOW,
    )


def pod_spec(*images: str, **rest: Any) -> Json:
    """Containers `c0`, `c1` … with these images."""
    containers = [{"name": f"c{number}", "image": one} for number, one in enumerate(images)]
    return {"containers": containers, **rest}


def template(*images: str, **rest: Any) -> Json:
    """The spec of a workload with such Pods."""
    return {"template": {"spec": pod_spec(*images)}, **rest}


def statuses(*image_ids: str) -> Json:
    """What a node says that it runs."""
    found = [{"name": f"c{number}", "imageID": one} for number, one in enumerate(image_ids)]
    return {"phase": "Running", "containerStatuses": found}


class World:
    """A cluster."""

    def __init__(self, server: ApiServer, api: Api) -> None:
        self.server = server
        self.api = api

    def put(self, path: str, name: str, *, owner: Json | None = None, **rest: Any) -> Json:
        """Create an object in the namespace `shop`, with what it says of its owner."""
        api_version, kind = _KINDS[path]
        metadata = {"ownerReferences": [owner]} if owner else {}
        namespace = rest.pop("namespace", "shop")
        metadata |= rest.pop("metadata", {})
        found = self.server.put(path, name, namespace, metadata=metadata, **rest)
        return {
            "apiVersion": api_version,
            "kind": kind,
            "name": name,
            "uid": found["metadata"]["uid"],
            "controller": True,
        }

    async def audit(self, asked: Engine | None = None, **rest: Any) -> Audit:
        """Look at it."""
        return await scan(self.api, asked or engine(), taken=NOW, **rest)

    async def owners(self, **rest: Any) -> dict[str, int]:
        """How many Pods run for each owner."""
        return {one.owner.title: one.pods for one in (await self.audit(**rest)).audited}

    async def only(self, **rest: Any) -> Audited:
        """The only owner there is."""
        found = await self.audit(**rest)
        assert len(found.audited) == 1, [one.owner.title for one in found.audited]
        return found.audited[0]


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """A cluster that serves what clusters serve."""
    async with api_server() as (server, api):
        for path, (_, kind) in _KINDS.items():
            group, _, plural = path.rpartition("/")
            served = {"name": plural, "kind": kind, "namespaced": True}
            server.served.setdefault(group, []).append(served)
        yield World(server, api)
        assert not server.writes
