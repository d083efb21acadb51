"""Which digests a cluster uses: what its operator has recorded, and what its Pods say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import IMAGE_FACTS, PODS
from webhook.cluster.lists import list_pages
from webhook.cluster.mirror import HasMetadata
from webhook.core.image import is_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webhook.cluster.api import Api


class _Platform(msgspec.Struct):
    digest: str = ""


class _Spec(msgspec.Struct):
    platforms: tuple[_Platform, ...] = ()


class _Item(HasMetadata):
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _Container(msgspec.Struct):
    image: str = ""


class _ImageSource(msgspec.Struct):
    reference: str = ""


class _Volume(msgspec.Struct):
    image: _ImageSource | None = None


class _PodSpec(msgspec.Struct, rename="camel"):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    ephemeral_containers: list[_Container] | None = None
    volumes: list[_Volume] | None = None


class _Status(msgspec.Struct, rename={"image_id": "imageID"}):
    image_id: str | None = None


class _PodStatus(msgspec.Struct, rename="camel"):
    container_statuses: list[_Status] | None = None
    init_container_statuses: list[_Status] | None = None
    ephemeral_container_statuses: list[_Status] | None = None


class _Pod(msgspec.Struct):
    spec: _PodSpec | None = None
    status: _PodStatus | None = None


async def digests_recorded(api: Api) -> frozenset[str]:
    """The digests of all ImageFacts, and of their platforms.

    A record stays for a while after the last Pod is gone; it counts until then.

    Raises:
        ClusterError: they could not be read, all of them.
    """
    found: set[str] = set()
    async for page in list_pages(api, IMAGE_FACTS, _Item):
        for item in page.items:
            found.add(item.metadata.name.replace("-", ":", 1))
            found.update(one.digest for one in item.spec.platforms)
    return frozenset(filter(is_digest, found))


async def digests_of_pods(api: Api) -> frozenset[str]:
    """The digests that stand in all Pods now, as they name them and as nodes say what they run.

    It knows what was started a moment ago, and nothing of what a Deployment of no replicas wants.

    Raises:
        ClusterError: they could not be read, all of them.
    """
    found: set[str] = set()
    async for page in list_pages(api, PODS, _Pod):
        for pod in page.items:
            found.update(name.rpartition("@")[2] for name in _names(pod))
    return frozenset(filter(is_digest, found))


def _names(pod: _Pod) -> Iterator[str]:
    spec, status = pod.spec or _PodSpec(), pod.status or _PodStatus()
    for containers in (spec.containers, spec.init_containers, spec.ephemeral_containers):
        yield from (one.image for one in containers or ())
    yield from (one.image.reference for one in spec.volumes or () if one.image is not None)
    for statuses in (
        status.container_statuses,
        status.init_container_statuses,
        status.ephemeral_container_statuses,
    ):
        yield from (one.image_id or "" for one in statuses or ())
