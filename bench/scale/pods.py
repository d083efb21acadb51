"""Ten thousand Pods, and listing them: ours beside the official client's own list."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec

from bench.scale.fill import fill
from bench.scale.one_list import Listed
from bench.table import Row, absolute, compared, seen
from webhook.cluster.api import decode
from webhook.cluster.kinds import DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS
from webhook.cluster.mirror import HasMetadata

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.scale.sizes import Sizes
    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind

_NAMESPACES = 20
_SECONDS = 300.0
MOST_SECONDS = 3.0
MOST_MEGABYTES = 120.0


async def write_namespaces(api: Api) -> None:
    """Twenty of them."""
    for number in range(_NAMESPACES):
        await api.create(NAMESPACES.path(), {"metadata": {"name": f"team-{number}"}})


async def write_pods(
    api: Api, sizes: Sizes, owners: Sequence[str] = (), *, start: int = 0, end: int = 0
) -> None:
    """Create them in twenty namespaces; nothing starts them.

    Args:
        api: the cluster, which has the namespaces.
        sizes: how many, and of how many images.
        owners: uid of the ReplicaSet of each kind of Pod; without them they are bare.
        start: number of the first one.
        end: number after the last one; 0: as `sizes` says.
    """

    async def write(number: int) -> None:
        made = pod(start + number, sizes.images)
        kind = (start + number) % sizes.images
        if owners:
            made["metadata"]["ownerReferences"] = [
                _controller("ReplicaSet", f"app-{kind}-7d4b9c6f5", owners[kind])
            ]
        await api.create(PODS.path(_namespace_of(kind)), made)

    await fill((end or sizes.pods) - start, write, "Pods")


async def write_owners(api: Api, sizes: Sizes) -> list[str]:
    """A Deployment and its ReplicaSet for each kind of Pod.

    Returns:
        The uids of the ReplicaSets.
    """
    owners = [""] * sizes.images

    async def write(kind: int) -> None:
        namespace, made = _namespace_of(kind), pod(kind, sizes.images)
        labels = made["metadata"]["labels"]
        template = {name: one for name, one in made["spec"].items() if name != "nodeName"}
        spec = {
            "replicas": sizes.pods // sizes.images,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template},
        }
        metadata: dict[str, Any] = {"name": f"app-{kind}"}
        deployment = await _create(api, DEPLOYMENTS, namespace, metadata, spec)
        metadata = {
            "name": f"app-{kind}-7d4b9c6f5",
            "ownerReferences": [_controller("Deployment", f"app-{kind}", deployment)],
        }
        owners[kind] = await _create(api, REPLICA_SETS, namespace, metadata, spec)

    await fill(sizes.images, write, "Deployments")
    return owners


async def _create(
    api: Api, kind: Kind, namespace: str, metadata: dict[str, Any], spec: dict[str, Any]
) -> str:
    """Create an object; its uid."""
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    path = kind.path(namespace)
    return decode(await api.create(path, body), HasMetadata, path).metadata.uid


def _controller(kind: str, name: str, uid: str) -> dict[str, object]:
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}


def _namespace_of(kind: int) -> str:
    """All Pods of a kind are in one, as a Deployment's are."""
    return f"team-{kind % _NAMESPACES}"


def list_pods(kubeconfig: Path, whose: str) -> Listed:
    """List them once in a fresh process; `whose` is `ours` or `official`."""
    arguments = [sys.executable, "-m", "bench.scale.one_list", str(kubeconfig), whose]
    done = subprocess.run(arguments, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise SystemExit(f"the {whose} list: {done.stderr.decode()[-2000:]}")
    return msgspec.json.decode(done.stdout, type=Listed)


def measure_lists(kubeconfig: Path, sizes: Sizes) -> list[Row]:
    """Both lists in turn, each in fresh processes."""
    found: dict[str, list[Listed]] = {"official": [], "ours": []}
    for _ in range(sizes.rounds):
        for whose, listed in found.items():
            one = list_pods(kubeconfig, whose)
            if (one.pods, one.images) != (sizes.pods, 2 * sizes.images):
                raise SystemExit(f"the {whose} list is not whole: {one}")
            listed.append(one)
            print(
                f"  {whose}: {one.seconds:.2f} s, of which it computes {one.computed:.2f} s, "
                f"{one.megabytes:.0f} MB; load average {os.getloadavg()[0]:.1f}",
                flush=True,
            )
    official, ours = found["official"], found["ours"]
    name = f"list of {sizes.pods:,} Pods"
    seconds = [one.seconds for one in ours]
    megabytes = [one.megabytes for one in ours]
    return [
        absolute(name, "s", seconds, at_most=MOST_SECONDS),
        seen("… of which it computes itself", "s", median(one.computed for one in ours)),
        compared(
            f"{name}, beside the official client",
            "s",
            [one.seconds for one in official],
            seconds,
            at_most=0.5,
        ),
        absolute(f"{name}, peak memory", "MB", megabytes, at_most=MOST_MEGABYTES),
        compared(
            f"{name}, peak memory, beside it",
            "MB",
            [one.megabytes for one in official],
            megabytes,
            at_most=0.5,
        ),
    ]


def pod(number: int, images: int) -> dict[str, Any]:
    """A Pod of two containers as a Deployment's would be, probes, limits and mounts included."""
    kind = number % images
    app = f"app-{kind}"
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10}
    resources = {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"memory": "256Mi"},
    }
    return {
        "metadata": {
            "name": f"{app}-7d4b9c6f5-{number:05d}",
            "labels": {
                "app.kubernetes.io/name": app,
                "app.kubernetes.io/part-of": "shop",
                "pod-template-hash": "7d4b9c6f5",
            },
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "9090"},
        },
        "spec": {
            "nodeName": f"node-{number % 100}",
            "serviceAccountName": "default",
            "containers": [
                {
                    "name": "app",
                    "image": image(f"shop/{app}", kind),
                    "args": ["serve", "--config=/etc/app/config.yaml"],
                    "ports": [{"containerPort": 8080}],
                    "env": [{"name": f"SETTING_{one}", "value": str(one)} for one in range(8)],
                    "resources": resources,
                    "livenessProbe": probe,
                    "readinessProbe": probe,
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
                },
                {
                    "name": "proxy",
                    "image": image("platform/proxy", images + kind),
                    "resources": resources,
                },
            ],
            "volumes": [{"name": "config", "configMap": {"name": app}}],
        },
    }


def image(repository: str, number: int) -> str:
    """A name with a digest."""
    return f"registry.example.com/{repository}@{digest(number)}"


def digest(number: int) -> str:
    """As random as digests are: one that ends in zeros would compress too well."""
    return f"sha256:{hashlib.sha256(b'%d' % number).hexdigest()}"
