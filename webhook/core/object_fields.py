"""The fields of Kubernetes objects that say which images run, and how; everything else is skipped.

Every field may be absent or null, in lists too: the API server takes both for the zero value.
"""

from __future__ import annotations

import msgspec


class Elsewhere(msgspec.Struct, frozen=True, gc=False):
    """A value that stands somewhere else: in a ConfigMap, a Secret, a field of the Pod."""


class EnvVar(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 EnvVar."""

    name: str | None = None
    value: str | None = None
    value_from: Elsewhere | None = None


class ExecAction(msgspec.Struct, frozen=True, gc=False):
    """core/v1 ExecAction."""

    command: list[str | None] | None = None


class SleepAction(msgspec.Struct, frozen=True, gc=False):
    """core/v1 SleepAction."""

    seconds: int | None = None


class HTTPHeader(msgspec.Struct, frozen=True, gc=False):
    """core/v1 HTTPHeader."""

    name: str | None = None
    value: str | None = None


class HTTPGetAction(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 HTTPGetAction."""

    path: str | None = None
    port: int | str | None = None
    host: str | None = None
    scheme: str | None = None
    http_headers: list[HTTPHeader | None] | None = None


class Handler(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 LifecycleHandler; its `tcpSocket` is never run."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 Lifecycle."""

    stop_signal: str | None = None
    pre_stop: Handler | None = None


class VolumeMount(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 VolumeMount."""

    mount_path: str | None = None


class Container(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 Container and EphemeralContainer."""

    name: str | None = None
    image: str | None = None
    command: list[str | None] | None = None
    args: list[str | None] | None = None
    env: list[EnvVar | None] | None = None
    lifecycle: Lifecycle | None = None
    restart_policy: str | None = None
    volume_mounts: list[VolumeMount | None] | None = None


class ImageSource(msgspec.Struct, frozen=True, gc=False):
    """core/v1 ImageVolumeSource."""

    reference: str | None = None


class Volume(msgspec.Struct, frozen=True, gc=False):
    """core/v1 Volume."""

    name: str | None = None
    image: ImageSource | None = None


class Named(msgspec.Struct, frozen=True, gc=False):
    """core/v1 LocalObjectReference, PodOS: a name and nothing else."""

    name: str | None = None


class PodSpec(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """core/v1 PodSpec."""

    containers: list[Container | None] | None = None
    init_containers: list[Container | None] | None = None
    ephemeral_containers: list[Container | None] | None = None
    volumes: list[Volume | None] | None = None
    service_account_name: str | None = None
    service_account: str | None = None
    image_pull_secrets: list[Named | None] | None = None
    share_process_namespace: bool | None = None
    host_pid: bool | None = msgspec.field(default=None, name="hostPID")
    os: Named | None = None
    node_selector: dict[str, str | None] | None = None
    termination_grace_period_seconds: int | None = None


class Metadata(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """meta/v1 ObjectMeta."""

    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    labels: dict[str, str | None] | None = None


class Pod(msgspec.Struct, frozen=True, gc=False):
    """core/v1 Pod."""

    metadata: Metadata | None = None
    spec: PodSpec | None = None

    def pod(self) -> tuple[PodSpec | None, str]:
        """What runs, and the JSON pointer to it."""
        return self.spec, "/spec"


class Template(msgspec.Struct, frozen=True, gc=False):
    """core/v1 PodTemplateSpec."""

    spec: PodSpec | None = None


class PodTemplate(msgspec.Struct, frozen=True, gc=False):
    """core/v1 PodTemplate."""

    metadata: Metadata | None = None
    template: Template | None = None

    def pod(self) -> tuple[PodSpec | None, str]:
        """What runs, and the JSON pointer to it."""
        return self.template.spec if self.template else None, "/template/spec"


class TemplateHolder(msgspec.Struct, frozen=True, gc=False):
    """apps/v1 DeploymentSpec, batch/v1 JobSpec and their like."""

    template: Template | None = None

    def pod(self) -> PodSpec | None:
        """What runs."""
        return self.template.spec if self.template else None


class Controller(msgspec.Struct, frozen=True, gc=False):
    """apps/v1 Deployment, batch/v1 Job and their like."""

    metadata: Metadata | None = None
    spec: TemplateHolder | None = None

    def pod(self) -> tuple[PodSpec | None, str]:
        """What runs, and the JSON pointer to it."""
        return self.spec.pod() if self.spec else None, "/spec/template/spec"


class JobTemplate(msgspec.Struct, frozen=True, gc=False):
    """batch/v1 JobTemplateSpec."""

    spec: TemplateHolder | None = None


class CronJobSpec(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """batch/v1 CronJobSpec."""

    job_template: JobTemplate | None = None


class CronJob(msgspec.Struct, frozen=True, gc=False):
    """batch/v1 CronJob."""

    metadata: Metadata | None = None
    spec: CronJobSpec | None = None

    def pod(self) -> tuple[PodSpec | None, str]:
        """What runs, and the JSON pointer to it."""
        job = self.spec.job_template.spec if self.spec and self.spec.job_template else None
        return job.pod() if job else None, "/spec/jobTemplate/spec/template/spec"
