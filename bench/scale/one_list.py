"""A fresh process that lists all Pods once, and prints what that took: `KUBECONFIG WHOSE`."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.scale.processes import megabytes
from webhook.cluster.kinds import PODS
from webhook.cluster.lists import list_pages
from webhook.cluster.login import open_api
from webhook.cluster.mirror import HasMetadata

if TYPE_CHECKING:
    from webhook.cluster.api import Api


class Listed(msgspec.Struct, frozen=True):
    """What one fresh process needed."""

    pods: int
    images: int
    """Different ones that it saw."""
    seconds: float
    """From the first request on, of the wall."""
    computed: float
    """Of them, by this process: no noise of neighbours, and no API server's time."""
    megabytes: float
    """The most that the process ever held in memory, its libraries included."""
    added: float
    """How much of it the list added."""


class Container(msgspec.Struct):
    """What an audit reads of a container."""

    name: str
    image: str = ""


class Spec(msgspec.Struct, rename="camel"):
    """What it reads of a Pod's spec."""

    containers: list[Container] = []
    init_containers: list[Container] = []


class Pod(HasMetadata):
    """What it reads of a Pod."""

    spec: Spec = msgspec.field(default_factory=Spec)


async def ours(api: Api) -> tuple[int, set[str]]:
    """How many Pods there are, and which images."""
    count = 0
    images: set[str] = set()
    async for page in list_pages(api, PODS, Pod):
        count += len(page.items)
        images.update(one.image for pod in page.items for one in pod.spec.containers)
    return count, images


async def official(api: Api) -> tuple[int, set[str]]:
    """The same by the client's own list, as its documentation does it."""
    from kubernetes.aio.client import CoreV1Api  # noqa: PLC0415 - ours does not pay for it

    found = await CoreV1Api(api.client).list_pod_for_all_namespaces()
    specs = [pod.spec for pod in found.items if pod.spec is not None]
    return len(found.items), {str(one.image) for spec in specs for one in spec.containers}


async def main(kubeconfig: str, whose: str) -> None:
    """List and print."""
    async with open_api(kubeconfig=Path(kubeconfig)) as api:
        before, started, computed = _peak(), time.monotonic(), time.process_time()
        count, images = await (ours(api) if whose == "ours" else official(api))
        took, computed = time.monotonic() - started, time.process_time() - computed
    peak = _peak()
    listed = Listed(count, len(images), took, computed, peak, peak - before)
    sys.stdout.buffer.write(msgspec.json.encode(listed))


def _peak() -> float:
    # What getrusage tells begins with the memory of whoever started us.
    return megabytes("self", "VmHWM")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
