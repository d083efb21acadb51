"""The custom resources on a real API server: they install, explain themselves, refuse and show."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import DIGEST, facts
from tests.crds import CRDS, READ, SPECS, resource
from tests.e2e.server import wait_until
from webhook.core.recorded import name_of, spec_of

if TYPE_CHECKING:
    from tests.e2e.control_plane import ControlPlane

CONDITIONS = {"NamesAccepted": "True", "Established": "True"}


@pytest.fixture(autouse=True)
def _installed(plane: ControlPlane) -> None:
    plane.install_crds()


def written(kind: str, namespace: str, **changes: object) -> str:
    one = resource(kind, copy.deepcopy(SPECS[kind]) | changes)
    one["metadata"] = {"name": namespace}
    if CRDS[kind]["spec"]["scope"] == "Namespaced":
        one["metadata"]["namespace"] = namespace
    if kind == "Registry":
        # As people write it: what is empty is left out.
        one["spec"] |= {"credentials": {"secretName": "pull"}, "tls": {}}
        one["spec"]["mirrorSettings"] = {"allowPrivateAddresses": True, "tls": {"plainHTTP": False}}
    return json.dumps(one)


def test_every_kind_is_accepted_and_its_schema_is_structural(plane: ControlPlane) -> None:
    for crd in CRDS.values():
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}"
        conditions = plane.get(path)["status"]["conditions"]
        assert {one["type"]: one["status"] for one in conditions} == CONDITIONS


@pytest.mark.parametrize("kind", READ)
def test_what_the_parser_reads_the_server_stores_whole(
    plane: ControlPlane, namespace: str, kind: str
) -> None:
    text = written(kind, namespace)
    done = plane.kubectl("apply", "-f", "-", given=text)
    assert done.returncode == 0, done.stderr

    plural = CRDS[kind]["spec"]["names"]["plural"]
    shown = plane.kubectl("get", plural, namespace, "-n", namespace, "-o", "json")
    plane.kubectl("delete", plural, namespace, "-n", namespace)
    assert json.loads(shown.stdout)["spec"] == json.loads(text)["spec"]


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("Registry", {"host": "https://registry.example.com"}, "spec.host"),
        ("ImagePolicy", {"rules": {}}, "spec.rules"),
        ("ImagePolicy", {"mode": "strict"}, "spec.mode"),
        ("ImageException", {"image": "*/web"}, "spec.image"),
        ("ImageException", {"expires": "tomorrow"}, "spec.expires"),
        ("ImageException", {"namespaces": ["*"]}, "spec.namespaces"),
    ],
)
def test_what_the_schema_can_say_is_refused_at_once(
    plane: ControlPlane, namespace: str, kind: str, changes: dict[str, Any], field: str
) -> None:
    done = plane.kubectl("apply", "-f", "-", given=written(kind, namespace, **changes))

    assert done.returncode != 0
    assert field in done.stderr


def test_explain_tells_what_a_field_means(plane: ControlPlane) -> None:
    def explained() -> str:
        return plane.kubectl("explain", "imageexceptions.spec.expires").stdout

    wait_until(lambda: "RFC 3339" in explained(), "the schema is published")


def test_facts_are_stored_whole_and_shown_in_columns(plane: ControlPlane) -> None:
    spec = spec_of(facts(), image="registry.example.com/prod/web", registries=["prod"])
    one = resource("ImageFacts", spec) | {"metadata": {"name": name_of(DIGEST)}}
    plane.kubectl("delete", "imagefacts", name_of(DIGEST), "--ignore-not-found")
    done = plane.kubectl("apply", "--server-side", "-f", "-", given=json.dumps(one))
    assert done.returncode == 0, done.stderr
    stored = plane.get(f"/apis/cocket.dev/v1alpha1/imagefacts/{name_of(DIGEST)}")
    shown = plane.kubectl("get", "imagefacts", name_of(DIGEST)).stdout
    plane.kubectl("delete", "imagefacts", name_of(DIGEST))

    assert stored["spec"] == spec
    assert len(json.dumps(stored, separators=(",", ":"))) < 3000
    assert "init tini: /sbin/tini -- /app" in shown
    for column in ("IMAGE", "COMMIT", "SOURCE", "BUILT", "PID 1", "REGISTRIES", "USED BY", "AGE"):
        assert column in shown
