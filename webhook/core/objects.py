"""Kubernetes objects to `Workload`: every place where an image is named, by API group and kind.

>>> pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "nginx"}]}}
>>> workload_of(pod).images[0].pointer
'/spec/containers/0/image'
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from webhook.core import object_fields as fields
from webhook.core.hooks import hook_of
from webhook.core.printable import printable
from webhook.core.shape_errors import shape_error
from webhook.core.workload import ImageUse, Role, Workload
from webhook.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.object_fields import Container, EnvVar, PodSpec, VolumeMount

    Shape = fields.Pod | fields.PodTemplate | fields.Controller | fields.CronJob

_SHAPES: dict[tuple[str, str], type[Shape]] = {
    ("", "Pod"): fields.Pod,
    ("", "PodTemplate"): fields.PodTemplate,
    ("", "ReplicationController"): fields.Controller,
    ("apps", "DaemonSet"): fields.Controller,
    ("apps", "Deployment"): fields.Controller,
    ("apps", "ReplicaSet"): fields.Controller,
    ("apps", "StatefulSet"): fields.Controller,
    ("batch", "CronJob"): fields.CronJob,
    ("batch", "Job"): fields.Controller,
    # Gone since Kubernetes 1.16, and still in files and in old clusters.
    ("extensions", "DaemonSet"): fields.Controller,
    ("extensions", "Deployment"): fields.Controller,
    ("extensions", "ReplicaSet"): fields.Controller,
}
KINDS = frozenset(_SHAPES)
"""API group and kind of every object that names images."""

_SERVICE_ACCOUNTS = "/var/run/secrets/"
_KIND_NAMES = frozenset(kind for _, kind in KINDS)
_DECODERS = {key: msgspec.json.Decoder(shape) for key, shape in _SHAPES.items()}
_CONTAINER, _INIT, _SIDECAR = Role.CONTAINER, Role.INIT, Role.SIDECAR
_NO_POD = fields.PodSpec()
_NO_CONTAINER = fields.Container()
_NO_METADATA = fields.Metadata()


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What a request says of an object, beside the object."""

    namespace: str = ""
    """Where it is written, whatever stands in it."""
    name: str = ""
    """Where the object itself has none."""
    old: Workload | None = None
    requester: str = ""
    mirror: bool = False


NOBODY_ASKS = Asked()


def workload_of(data: object, *, namespace: str = "") -> Workload | None:
    """The workload that an object, as plain data, is or carries; None where it names no image.

    `namespace` is for objects that do not say one.

    Raises:
        InvalidObjectError: a field that says which images run has the wrong type, or the object
            does not say of which API it is. The message begins with the field's path.
    """
    if not isinstance(data, dict):
        return None
    version, kind = data.get("apiVersion"), data.get("kind")
    if not isinstance(version, str) or not version:
        if isinstance(kind, str) and kind in _KIND_NAMES:
            raise InvalidObjectError(f"apiVersion: a {kind} must say which API it is of")
        return None
    group = version.rpartition("/")[0]
    if not isinstance(kind, str) or (shape := _SHAPES.get((group, kind))) is None:
        return None
    try:
        found = msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise InvalidObjectError(shape_error(error, data)) from error
    return _workload(kind, found, namespace)


def decode_workload(
    group: str,
    kind: str,
    raw: bytes | msgspec.Raw,
    *,
    namespace: str = "",
    asked: Asked = NOBODY_ASKS,
) -> Workload | None:
    """The same from JSON, of which only the fields that matter are read.

    Raises:
        InvalidObjectError: as `workload_of`; also where the text is no JSON.
    """
    decoder = _DECODERS.get((group, kind))
    if decoder is None:
        return None
    try:
        found = decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidObjectError(_unreadable(error, raw)) from error
    return _workload(kind, found, namespace, asked)


def pod_workload(pod: fields.Pod, asked: Asked = NOBODY_ASKS) -> Workload:
    """The same from a Pod that is read already, and what a request says of it."""
    return _workload("Pod", pod, "", asked)


def _unreadable(error: Exception, raw: bytes | msgspec.Raw) -> str:
    match error:
        case msgspec.ValidationError():
            return shape_error(error, _plain(raw))
        case RecursionError():
            return "the object is nested too deeply"
        case _:
            return f"the object is no JSON: {printable(str(error))}"


def _plain(raw: bytes | msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _workload(kind: str, found: Shape, namespace: str, asked: Asked = NOBODY_ASKS) -> Workload:
    metadata = found.metadata or _NO_METADATA
    spec, prefix = found.pod()
    pod = spec or _NO_POD
    return Workload(
        kind=kind,
        namespace=asked.namespace or metadata.namespace or namespace,
        name=metadata.name or metadata.generate_name or asked.name,
        name_is_prefix=not metadata.name and bool(metadata.generate_name),
        uid=metadata.uid or "",
        template=kind != "Pod",
        labels=_labels(metadata.labels),
        service_account=pod.service_account_name or pod.service_account or "",
        pull_secrets=_names(pod),
        share_process_namespace=pod.share_process_namespace or False,
        host_pid=pod.host_pid or False,
        os=_os(pod),
        grace_seconds=pod.termination_grace_period_seconds,
        images=_uses(pod, prefix),
        old=asked.old,
        requester=asked.requester,
        mirror=asked.mirror,
    )


def _labels(labels: dict[str, str | None] | None) -> dict[str, str]:
    return {key: value or "" for key, value in labels.items()} if labels else {}


def _names(pod: PodSpec) -> tuple[str, ...]:
    secrets = pod.image_pull_secrets
    return tuple([one.name for one in secrets if one and one.name]) if secrets else ()


def _os(pod: PodSpec) -> str:
    # What the Pod says of itself outweighs where it asks to be: the kubelet refuses a mismatch.
    named = pod.os.name if pod.os else None
    return named or (pod.node_selector or {}).get("kubernetes.io/os") or ""


def _uses(pod: PodSpec, prefix: str) -> tuple[ImageUse, ...]:
    uses: list[ImageUse] = []
    for index, container in enumerate(pod.containers or ()):
        pointer = f"{prefix}/containers/{index}/image"
        uses.append(_use(container or _NO_CONTAINER, _CONTAINER, pointer))
    for index, container in enumerate(pod.init_containers or ()):
        pointer = f"{prefix}/initContainers/{index}/image"
        stays = container is not None and container.restart_policy == "Always"
        role = _SIDECAR if stays else _INIT
        uses.append(_use(container or _NO_CONTAINER, role, pointer))
    for index, container in enumerate(pod.ephemeral_containers or ()):
        pointer = f"{prefix}/ephemeralContainers/{index}/image"
        uses.append(_use(container or _NO_CONTAINER, Role.EPHEMERAL, pointer))
    for index, volume in enumerate(pod.volumes or ()):
        if volume is not None and volume.image is not None:
            pointer = f"{prefix}/volumes/{index}/image/reference"
            reference = volume.image.reference or ""
            uses.append(ImageUse(volume.name or "", Role.VOLUME, pointer, reference))
    return tuple(uses)


def _use(container: Container, role: Role, pointer: str) -> ImageUse:
    command = _words(container.command) if container.command else ()
    args = _words(container.args) if container.args else ()
    lifecycle = container.lifecycle
    return ImageUse(
        container.name or "",
        role,
        pointer,
        # A missing image is judged, not dropped: the empty text is no image reference.
        container.image or "",
        command,
        args,
        _literals(container.env, command, args) if container.env and (command or args) else (),
        (lifecycle.stop_signal or "") if lifecycle else "",
        _mounts(container.volume_mounts) if container.volume_mounts else (),
        hook_of(lifecycle.pre_stop) if lifecycle and lifecycle.pre_stop else None,
    )


def _mounts(mounts: Sequence[VolumeMount | None]) -> tuple[str, ...]:
    return _hiding(tuple([one.mount_path or "" for one in mounts if one is not None]))


@lru_cache(maxsize=1024)
def _hiding(mounted: tuple[str, ...]) -> tuple[str, ...]:
    """The same few lists come again and again."""
    paths = {path for path in mounted if path}
    if any(".." in path or "//" in path or path[0] != "/" for path in paths):
        return ("/",)  # it may be anywhere
    # Every Pod has this one, and no image has a program there.
    return tuple(sorted(path for path in paths if not path.startswith(_SERVICE_ACCOUNTS)))


def _words(words: Sequence[str | None]) -> tuple[str, ...]:
    return tuple([word or "" for word in words])


def _literals(
    env: Sequence[EnvVar | None], command: Sequence[str], args: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """The variables whose value stands here, if the argv mentions any, in the order written.

    A literal that a reference further down replaces is no literal: the last of one name wins.
    """
    # Joined, as a generator over few words takes longer than all else here.
    if "$(" not in "\0".join((*command, *args)):
        return ()
    literals: list[tuple[str, str]] = []
    replaced: set[str] = set()
    for variable in reversed(env):
        if variable is None or not variable.name:
            continue
        if variable.value_from is not None:
            replaced.add(variable.name)
        elif variable.name not in replaced:
            literals.append((variable.name, variable.value or ""))
    return tuple(reversed(literals))
