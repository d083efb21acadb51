"""AdmissionReviews as a 1.36 API server sends them, made from Pods as people write them.

The order of the fields and what the server fills in follow recorded reviews. Pure: the uid comes
from what is asked, so that two different Pods have different ones.

>>> admission_review(pod("web", "nginx:1.25"))[:40]
b'{"kind":"AdmissionReview","apiVersion":"'
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CREATED = "2026-11-23T17:10:46Z"
_USER = {
    "username": "admin",
    "uid": "admin-uid",
    "groups": ["system:masters", "system:authenticated"],
}
_CONTAINER_DEFAULTS = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_CONTAINER_ORDER = (
    *("name", "image", "command", "args", "workingDir", "ports", "envFrom", "env", "resources"),
    *("restartPolicy", "volumeMounts", "livenessProbe", "readinessProbe", "lifecycle"),
    *("terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "securityContext"),
)
_POD_DEFAULTS = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "serviceAccountName": "default",
    "serviceAccount": "default",
    "securityContext": {},
    "schedulerName": "default-scheduler",
    "tolerations": [
        {
            "key": f"node.kubernetes.io/{taint}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        }
        for taint in ("not-ready", "unreachable")
    ],
    "priority": 0,
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
}
_POD_ORDER = (
    *("volumes", "initContainers", "containers", "ephemeralContainers", "restartPolicy"),
    *("terminationGracePeriodSeconds", "dnsPolicy", "nodeSelector", "serviceAccountName"),
    *("serviceAccount", "hostPID", "shareProcessNamespace", "securityContext"),
    *("imagePullSecrets", "schedulerName", "tolerations", "priority", "enableServiceLinks"),
    "preemptionPolicy",
)
_SET_BY_PLUGINS = frozenset({"tolerations", "priority", "preemptionPolicy"})
"""Admission plugins set these, after the manager of the fields was written down."""
_CONTAINER_LISTS = ("initContainers", "containers")


def pod(
    name: str,
    image: str,
    *,
    namespace: str = "shop",
    labels: Mapping[str, str] | None = None,
    command: Sequence[str] = (),
    args: Sequence[str] = (),
    share_process_namespace: bool = False,
) -> dict[str, Any]:
    """A Pod with one container `app`, as somebody would write it; the caller may add to it."""
    container: dict[str, Any] = {"name": "app", "image": image}
    if command:
        container["command"] = list(command)
    if args:
        container["args"] = list(args)
    spec: dict[str, Any] = {"containers": [container]}
    if share_process_namespace:
        spec["shareProcessNamespace"] = True
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {"app": name})},
        "spec": spec,
    }


def admission_review(
    pod: Mapping[str, Any], *, old: Mapping[str, Any] | None = None, uid: str = ""
) -> bytes:
    """The review of creating a Pod, or of updating `old` to it, as JSON.

    Args:
        pod: as written; what the server adds is added here.
        old: the Pod before an UPDATE.
        uid: of the request; made from the Pods where it is empty.
    """
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    operation = "CREATE" if old is None else "UPDATE"
    request = {
        "uid": uid or _uid("request", pod, old),
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "name": pod["metadata"]["name"],
        "namespace": pod["metadata"]["namespace"],
        "operation": operation,
        "userInfo": _USER,
        "object": stored(pod),
        "oldObject": None if old is None else stored(old),
        "dryRun": False,
        "options": {
            "kind": f"{operation.capitalize()}Options",
            "apiVersion": "meta.k8s.io/v1",
            "fieldManager": f"kubectl-{operation.lower()}",
            "fieldValidation": "Strict",
        },
    }
    review = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}
    return msgspec.json.encode(review)


def stored(pod: Mapping[str, Any]) -> dict[str, Any]:
    """The Pod with everything that the API server fills in before it asks a webhook."""
    spec: dict[str, Any] = _POD_DEFAULTS | pod["spec"]
    for field in _CONTAINER_LISTS:
        if field in spec:
            spec[field] = [_container(container) for container in spec[field]]
    metadata = pod["metadata"]
    labels = metadata.get("labels", {})
    own = {"f:labels": {".": {}} | _fields(labels)} if labels else {}
    written = {name: value for name, value in spec.items() if name not in _SET_BY_PLUGINS}
    managed = {
        "manager": "kubectl-create",
        "operation": "Update",
        "apiVersion": "v1",
        "time": _CREATED,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": own, "f:spec": _fields(written)},
    }
    added = {"uid": _uid("object", metadata), "generation": 1, "creationTimestamp": _CREATED}
    placed = {field: metadata[field] for field in ("name", "namespace")}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": placed | added | metadata | {"managedFields": [managed]},
        "spec": _ordered(spec, _POD_ORDER),
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def _container(container: dict[str, Any]) -> dict[str, Any]:
    image = container["image"]
    moving = "@" not in image and image.rpartition("/")[2].partition(":")[2] in {"", "latest"}
    pull = {"imagePullPolicy": "Always" if moving else "IfNotPresent"}
    filled: dict[str, Any] = {**_CONTAINER_DEFAULTS, **pull, **container}
    return _ordered(filled, _CONTAINER_ORDER)


def _ordered(fields: dict[str, Any], order: Sequence[str]) -> dict[str, Any]:
    """The fields in the server's order; those that we do not know come last."""
    return {name: fields[name] for name in order if name in fields} | fields


def _fields(value: object) -> dict[str, Any]:
    """Who owns which field (FieldsV1): the keys of objects, and of containers by their name."""
    if not isinstance(value, dict):
        return {}
    owned: dict[str, Any] = {}
    for name, inner in sorted(value.items()):
        if name in _CONTAINER_LISTS:
            owned[f"f:{name}"] = {
                f'k:{{"name":"{container["name"]}"}}': {".": {}} | _fields(container)
                for container in inner
            }
        else:
            owned[f"f:{name}"] = _fields(inner)
    return owned


def _uid(*parts: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, msgspec.json.encode(parts).decode()))
