"""Kubernetes objects as documents, and what is read of them."""

from __future__ import annotations

import json
from typing import Any

from webhook.core.objects import decode_workload, workload_of
from webhook.core.workload import Workload

VERSIONS = {"": "v1", "apps": "apps/v1", "batch": "batch/v1", "extensions": "extensions/v1beta1"}
PREFIXES = {
    "Pod": "/spec",
    "PodTemplate": "/template/spec",
    "CronJob": "/spec/jobTemplate/spec/template/spec",
}


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    }


def container(**fields: Any) -> dict[str, Any]:
    return {"name": "app", "image": "nginx", **fields}


def read(data: object) -> Workload:
    """The workload, read both ways."""
    workload = workload_of(data)
    assert workload is not None
    assert isinstance(data, dict)
    group = data["apiVersion"].rpartition("/")[0]
    assert decode_workload(group, data["kind"], json.dumps(data).encode()) == workload
    return workload


def wrapped(group: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An object of this kind that runs a Pod of this spec."""
    template = {"metadata": {"labels": {"of": "the template"}}, "spec": spec}
    body: dict[str, Any] = {"spec": {"template": template}}
    match kind:
        case "Pod":
            body = {"spec": spec}
        case "PodTemplate":
            body = {"template": template}
        case "CronJob":
            body = {"spec": {"jobTemplate": {"spec": {"template": template}}}}
    return {"apiVersion": VERSIONS[group], "kind": kind, "metadata": {"name": "web"}, **body}
