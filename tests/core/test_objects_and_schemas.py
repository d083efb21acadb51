"""Every field of every Kubernetes kind that names an image is one that is judged, by its schemas.

When Kubernetes gets a new place for images, the schemas of that version fail here. The packages
that check what the chart renders hold them, from 1.25 on.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from importlib.resources import files
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from webhook.core.objects import KINDS, workload_of

Json = dict[str, Any]

GONE = {"extensions"}
"""API groups that had workloads before 1.16, and are still read from files."""
OTHERS = {
    "imagePullPolicy": "when a node pulls it",
    "image/pullPolicy": "when a node pulls it",
    "imagePullSecrets/*/name": "with which login",
    "rbd/image": "a block device of Ceph",
    "osImage": "what a node itself runs",
}
"""Ends of paths in which something is called image that is none that a Pod runs or mounts."""
STATUS = "/status/"
"""What the kubelet says of what runs: it starts nothing."""
VERSIONS: list[str] = list(dict.fromkeys(kubernetes_validate.utils.all_versions()))


@cache
def definitions(version: str) -> Json:
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}-local"
    found: Json = json.loads((folder / "_definitions.json").read_text())["$defs"]
    return found


class Walk:
    """Follows a schema to all that is called image in it; `*` stands for each of a list or map."""

    def __init__(self, schemas: Json) -> None:
        self.schemas = schemas
        self.known: dict[str, frozenset[str]] = {}

    def leaves(self, schema: Json, *, within: frozenset[str] = frozenset()) -> frozenset[str]:
        """Paths to the fields below, from here; of a schema in itself, one round."""
        name = schema.get("$ref", "").rpartition("/")[2]
        if name in within:
            return frozenset()
        if name:
            if name not in self.known:
                self.known[name] = self.leaves(self.schemas[name], within=within | {name})
            return self.known[name]
        below: set[str] = set()
        for key, one in schema.get("properties", {}).items():
            below |= {f"/{key}{path}" for path in self.leaves(one, within=within)}
        for each in ("items", "additionalProperties"):
            if isinstance(schema.get(each), dict):
                below |= {f"/*{path}" for path in self.leaves(schema[each], within=within)}
        return frozenset(below or {""})

    def images(self) -> dict[tuple[str, str], frozenset[str]]:
        """By API group and kind: paths to what names an image that is run or mounted."""
        found: dict[tuple[str, str], frozenset[str]] = {}
        for schema in self.schemas.values():
            fields = schema.get("properties", {})
            kinds, versions = (fields.get(of, {}).get("enum") for of in ("kind", "apiVersion"))
            if not kinds or not versions or kinds[0].endswith("List"):
                continue
            key = (versions[0].rpartition("/")[0], kinds[0])
            paths = {path for path in self.leaves(schema) if names_image(path)}
            if paths:
                found[key] = found.get(key, frozenset()) | paths
        return found


def names_image(path: str) -> bool:
    return (
        "image" in path.lower()
        and STATUS not in path
        and not any(path.endswith(f"/{other}") for other in OTHERS)
    )


def example(group: str, kind: str, paths: frozenset[str]) -> Json:
    """An object that names an image at each of the paths: the path itself."""
    made: Json = {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind}
    for path in paths:
        here: Json = made
        *way, last = path.removeprefix("/").replace("/*", "*").split("/")
        for step in way:
            if step.endswith("*"):
                here = here.setdefault(step[:-1], [{}])[0]
            else:
                here = here.setdefault(step, {})
        here[last] = path
    return made


def judged(group: str, kind: str, paths: frozenset[str]) -> set[str]:
    """The paths of which our reader finds what stands there, under the right pointer."""
    workload = workload_of(example(group, kind, paths))
    uses = () if workload is None else workload.images
    return {use.image for use in uses if use.pointer == use.image.replace("*", "0")}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_image_of_every_kind_is_judged(version: str) -> None:
    images = Walk(definitions(version)).images()

    assert set(images) == {one for one in KINDS if one[0] not in GONE}
    for (group, kind), paths in images.items():
        assert judged(group, kind, paths) == paths


def test_a_place_that_is_new_would_be_noticed() -> None:
    schemas = copy.copy(definitions(VERSIONS[-1]))
    pod = "io.k8s.api.core.v1.PodSpec"
    fields = schemas[pod]["properties"] | {"snapshots": {"items": {"$ref": "#/$defs/New"}}}
    schemas |= {pod: {"properties": fields}, "New": {"properties": {"imageRef": {}}}}
    images = Walk(schemas).images()

    assert "/spec/snapshots/*/imageRef" in images["", "Pod"]
    assert judged("", "Pod", images["", "Pod"]) < images["", "Pod"]


def test_the_walk_finds_what_is_known_to_be_there() -> None:
    images = Walk(definitions("1.36.0")).images()

    assert images["batch", "CronJob"] == {
        f"/spec/jobTemplate/spec/template/spec/{place}"
        for place in (
            "containers/*/image",
            "initContainers/*/image",
            "ephemeralContainers/*/image",
            "volumes/*/image/reference",
        )
    }
