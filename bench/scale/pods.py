"""Ten thousand Pods, and listing them: ours beside the official client's own list."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from bench.scale.fill import fill
from bench.scale.one_list import Listed
from bench.table import Row, absolute, compared, seen
from webhook.cluster.kinds import NAMESPACES, PODS

if TYPE_CHECKING:
    from pathlib import Path

    from bench.scale.sizes import Sizes
    from webhook.cluster.api import Api

_NAMESPACES = 20
_SECONDS = 300.0
MOST_SECONDS = 3.0
MOST_MEGABYTES = 120.0


async def write_pods(api: Api, sizes: Sizes) -> None:
    """Create them in twenty namespaces; nothing starts them."""
    for number in range(_NAMESPACES):
        await api.create(NAMESPACES.path(), {"metadata": {"name": f"team-{number}"}})
    await fill(
        sizes.pods,
        lambda number: api.create(
            PODS.path(f"team-{number % _NAMESPACES}"), pod(number, sizes.images)
        ),
        "Pods",
    )


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


def pod(number: int, images: int) -> dict[str, object]:
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
