"""What an audit reads of Pods and of what makes them, beside the fields that name images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core import object_fields as fields

if TYPE_CHECKING:
    from collections.abc import Iterator

_NODE = "Node"


class OwnerReference(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """meta/v1 OwnerReference: a claim, until the owner was seen."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Annotations(msgspec.Struct, frozen=True, gc=False):
    """The one annotation that is read: a node shows a static Pod with it."""

    mirror: str | None = msgspec.field(default=None, name="kubernetes.io/config.mirror")


class Owned(fields.Metadata, frozen=True, gc=False, rename="camel"):
    """ObjectMeta with what it says of its owners."""

    owner_references: list[OwnerReference] | None = None
    annotations: Annotations | None = None
    generation: int = 0

    def controller(self) -> OwnerReference | None:
        """Who manages it, by its own words: at most one (meta/v1, OwnerReference)."""
        for one in self.owner_references or ():
            if one.controller:
                return one
        return None


class ContainerStatus(msgspec.Struct, frozen=True, gc=False, rename={"image_id": "imageID"}):
    """core/v1 ContainerStatus: what the node really runs."""

    name: str = ""
    image_id: str = ""


class PodStatus(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 PodStatus."""

    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None

    def running(self) -> Iterator[tuple[str, str]]:
        """Container and imageID; the names of a Pod's containers are unique, whatever their role.

        A container of which nothing runs has an empty imageID, and is left out.
        """
        for statuses in (
            self.container_statuses,
            self.init_container_statuses,
            self.ephemeral_container_statuses,
        ):
            for one in statuses or ():
                if one.image_id:
                    yield one.name, one.image_id


class Pod(fields.Pod, frozen=True, gc=False):
    """core/v1 Pod."""

    metadata: Owned | None = None
    status: PodStatus | None = None

    @property
    def mirror(self) -> bool:
        """Whether a node shows one of its static Pods, as far as the Pod itself can tell.

        Who may create Pods can write the same, and gains nothing: a kubelet starts no mirror Pod,
        and the API server lets nobody add or change the annotation later.
        """
        metadata = self.metadata
        if metadata is None or metadata.annotations is None:
            return False
        owner = metadata.controller()
        return bool(metadata.annotations.mirror and owner and owner.kind == _NODE)


class Condition(msgspec.Struct, frozen=True, gc=False):
    """Of a Job."""

    type: str = ""
    status: str = ""


class WorkloadStatus(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """How far the Pods of a workload are, of those kinds that say it."""

    observed_generation: int = 0
    updated_replicas: int = 0
    updated_number_scheduled: int = 0
    completion_time: str | None = None
    """Of a Job that came to a good end."""
    conditions: list[Condition] | None = None

    @property
    def ended(self) -> bool:
        """Whether it is a Job that came to its end, good or bad, and never starts again."""
        return self.completion_time is not None or any(
            one.type in {"Complete", "Failed"} and one.status == "True"
            for one in self.conditions or ()
        )


class Holder(fields.TemplateHolder, frozen=True, gc=False):
    """apps/v1 DeploymentSpec, batch/v1 JobSpec and their like."""

    replicas: int | None = None


class Controller(fields.Controller, frozen=True, gc=False):
    """apps/v1 Deployment, batch/v1 Job and their like."""

    metadata: Owned | None = None
    spec: Holder | None = None
    status: WorkloadStatus | None = None


class CronJob(fields.CronJob, frozen=True, gc=False):
    """batch/v1 CronJob."""

    metadata: Owned | None = None
    status: WorkloadStatus | None = None


class Bare(msgspec.Struct, frozen=True, gc=False):
    """An object of which only the name and the owner are read."""

    metadata: Owned | None = None
