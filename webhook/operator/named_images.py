"""Which digests an object names: the few fields of Pods and templates that say so."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.cluster.mirror import HasMetadata
from webhook.core.image import ImageRef
from webhook.core.running import running_digest
from webhook.errors import InvalidImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

Pinned: TypeAlias = tuple[ImageRef, ...]
"""Images by digest, without tags, each once, in order; shared by all objects that name the same."""

MOST_IMAGES = 64
"""Of one object; the engine refuses who names more, so nobody needs facts about the others."""


_MAX_TEXT = 1024
"""Characters of one image; no valid name is longer."""
_MAX_REMEMBERED = 16 * 1024
"""Characters of all images of one object that are remembered. Anybody's object may have megabytes,
and come and go a thousand times."""


class Container(msgspec.Struct, frozen=True, gc=False):
    """core/v1 Container and EphemeralContainer."""

    name: str | None = None
    image: str | None = None


class ContainerStatus(msgspec.Struct, frozen=True, gc=False, rename={"image_id": "imageID"}):
    """core/v1 ContainerStatus: what the node really runs."""

    name: str | None = None
    image_id: str | None = None


class ImageSource(msgspec.Struct, frozen=True, gc=False):
    """core/v1 ImageVolumeSource."""

    reference: str | None = None


class Volume(msgspec.Struct, frozen=True, gc=False):
    """core/v1 Volume."""

    image: ImageSource | None = None


class PodSpec(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 PodSpec."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    ephemeral_containers: list[Container] | None = None
    volumes: list[Volume] | None = None


class PodStatus(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 PodStatus."""

    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class Template(msgspec.Struct, frozen=True, gc=False):
    """core/v1 PodTemplateSpec."""

    spec: PodSpec | None = None


class Holder(msgspec.Struct, frozen=True, gc=False):
    """apps/v1 DeploymentSpec, batch/v1 JobSpec and their like."""

    template: Template | None = None


class JobTemplate(msgspec.Struct, frozen=True, gc=False):
    """batch/v1 JobTemplateSpec."""

    spec: Holder | None = None


class CronJobSpec(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """batch/v1 CronJobSpec."""

    job_template: JobTemplate | None = None


class PodItem(HasMetadata):
    """core/v1 Pod."""

    spec: PodSpec | None = None
    status: PodStatus | None = None

    def images(self) -> Pinned:
        """What it names by digest, and by which digest it runs what it names by tag."""
        status = self.status or _NO_STATUS
        return _of(self.spec, dict(_running(status)))


class PodTemplateItem(HasMetadata):
    """core/v1 PodTemplate."""

    template: Template | None = None

    def images(self) -> Pinned:
        """What it names by digest."""
        return _of(self.template.spec if self.template else None)


class ControllerItem(HasMetadata):
    """apps/v1 Deployment, batch/v1 Job and their like."""

    spec: Holder | None = None

    def images(self) -> Pinned:
        """What its template names by digest."""
        return _held(self.spec)


class CronJobItem(HasMetadata):
    """batch/v1 CronJob."""

    spec: CronJobSpec | None = None

    def images(self) -> Pinned:
        """What its template names by digest."""
        job = self.spec.job_template if self.spec else None
        return _held(job.spec if job else None)


Item: TypeAlias = PodItem | PodTemplateItem | ControllerItem | CronJobItem

_NO_STATUS = PodStatus()
_ITEMS: dict[str, type[Item]] = {
    "Pod": PodItem,
    "PodTemplate": PodTemplateItem,
    "CronJob": CronJobItem,
}


def item_of(kind: str) -> type[Item]:
    """What objects of a kind are decoded into."""
    return _ITEMS.get(kind, ControllerItem)


def images_of(item: Item) -> Pinned:
    """What an object names by digest."""
    return item.images()


def _held(holder: Holder | None) -> Pinned:
    return _of(holder.template.spec if holder and holder.template else None)


def _of(spec: PodSpec | None, running: dict[str, str] | None = None) -> Pinned:
    if spec is None:
        return ()
    texts = tuple([text for text in _texts(spec, running or {}) if len(text) <= _MAX_TEXT])
    if sum(map(len, texts)) + len(texts) > _MAX_REMEMBERED:
        return _pinned.__wrapped__(texts)
    return _pinned(texts)


def _texts(spec: PodSpec, running: dict[str, str]) -> Iterator[str]:
    """Every image as written; one without a digest gets that which the node says it runs."""
    for containers in (spec.containers, spec.init_containers, spec.ephemeral_containers):
        for container in containers or ():
            image = container.image or ""
            digest = "" if "@" in image else running.get(container.name or "", "")
            yield f"{image}@{digest}" if digest else image
    for volume in spec.volumes or ():
        if volume.image is not None:
            yield volume.image.reference or ""


def _running(status: PodStatus) -> Iterator[tuple[str, str]]:
    """Digest by container name, which is unique in a Pod."""
    for statuses in (
        status.container_statuses,
        status.init_container_statuses,
        status.ephemeral_container_statuses,
    ):
        for one in statuses or ():
            digest = running_digest(one.image_id or "")
            if digest:
                yield one.name or "", digest


@lru_cache(maxsize=8192)
def _pinned(texts: tuple[str, ...]) -> Pinned:
    """Remembered, so that a thousand Pods of one Deployment hold one tuple."""
    found = {pinned for text in texts if (pinned := _reference(text)) is not None}
    return tuple(sorted(found, key=str)[:MOST_IMAGES])


@lru_cache(maxsize=32768)
def _reference(text: str) -> ImageRef | None:
    try:
        ref = ImageRef.parse(text)
    except InvalidImageError:
        return None
    if ref.digest is None or not ref.pinned:
        return None
    # The tag beside a digest says nothing, and one registry has one spelling here.
    return ImageRef(ref.host, ref.repository, None, ref.digest)
