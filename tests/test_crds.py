"""The definitions of the custom resources: they install everywhere and explain themselves."""

from __future__ import annotations

import re

import pytest
import yaml
from msgspec.structs import replace

from tests.builders import DIGEST, REVISION, config, facts
from tests.crds import CRDS, READ, nodes, schema, valid, version
from webhook.core.base_image import BaseImage
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageFacts, Promotion
from webhook.core.recorded import RecordedPromotion, RecordedSpec, spec_of
from webhook.core.recorded_parts import RecordedConfig, RecordedPlatform

STATELESS = {"ImageContents"}
"""Watched by nobody, so that there is nobody to tell what became of it."""


def test_there_are_six_kinds() -> None:
    assert sorted(CRDS) == [
        "ClusterImagePolicy",
        "ImageContents",
        "ImageException",
        "ImageFacts",
        "ImagePolicy",
        "Registry",
    ]


@pytest.mark.parametrize("kind", CRDS)
def test_a_definition_installs_on_every_server_and_tells_a_status(kind: str) -> None:
    crd = CRDS[kind]
    names = crd["spec"]["names"]

    assert crd["apiVersion"] == "apiextensions.k8s.io/v1"
    assert crd["metadata"]["name"] == f"{names['plural']}.{crd['spec']['group']}"
    assert names["categories"] == ["cocket"]
    assert len(names["shortNames"]) == 1
    if kind not in STATELESS:
        assert version(kind)["subresources"] == {"status": {}}
        assert "conditions" in schema(kind)["properties"]["status"]["properties"]
    text = yaml.safe_dump(crd)
    assert "x-kubernetes-validations" not in text
    assert "nullable" not in text
    assert "default:" not in text


@pytest.mark.parametrize("kind", CRDS)
def test_every_field_is_explained_and_has_a_type(kind: str) -> None:
    for path, node in nodes(schema(kind), kind):
        assert "type" in node, path
        if not path.endswith(("[]", ".metadata")):
            assert node.get("description", "")[:1].isupper() or path.endswith(
                (".apiVersion", ".host", ".tokenRealm", ".mirror", ".platform")
            ), path


@pytest.mark.parametrize("kind", READ)
def test_everything_that_can_grow_is_bounded(kind: str) -> None:
    for path, node in nodes(schema(kind)["properties"]["spec"], kind):
        match node["type"]:
            case "string":
                bounded = node.keys() & {"maxLength", "enum"}
            case "array":
                bounded = node.keys() & {"maxItems"}
            case "object":
                bounded = node.keys() & {"properties", "maxProperties"}
            case _:
                continue
        assert bounded, path


@pytest.mark.parametrize("kind", CRDS)
def test_every_column_shows_a_field_that_is_there(kind: str) -> None:
    columns = {one["name"]: one["jsonPath"] for one in version(kind)["additionalPrinterColumns"]}
    assert list(columns)[-1] == "Age"
    for path in columns.values():
        node = schema(kind)
        for step in re.sub(r"\[[^]]*\]", "[]", path).strip(".").split("."):
            if step == "creationTimestamp":
                break
            node = node["properties"][step.removesuffix("[]")]
            if step.endswith("[]"):
                node = node["items"]


def test_the_columns_are_those_that_people_ask_for() -> None:
    columns = {
        kind: [one["name"] for one in version(kind)["additionalPrinterColumns"]] for kind in CRDS
    }

    policy = ["Mode", "On unknown", "Ready", "Age"]
    assert columns == {
        "Registry": ["Host", "Environment", "Ready", "Reachable", "Age"],
        "ClusterImagePolicy": policy,
        "ImagePolicy": policy,
        "ImageException": ["Rules", "Image", "Expires", "Requested by", "Ready", "Age"],
        "ImageFacts": [
            *("Image", "Commit", "Source", "Built", "PID 1", "OS", "Commit from", "Agreement"),
            *("Registries", "Used by", "Age"),
        ],
        "ImageContents": ["Image", "OS", "Packages", "Problem", "Age"],
    }


def test_a_policy_of_a_namespace_has_the_fields_of_one_without_but_for_the_selector() -> None:
    wide, local = (
        dict(schema(kind)["properties"]["spec"]["properties"])
        for kind in ("ClusterImagePolicy", "ImagePolicy")
    )
    wide.pop("namespaceSelector")

    assert local == wide


ATTESTED = ImageFacts(
    digest=DIGEST,
    platforms=(
        replace(
            facts(config(labels={})).platforms[0],
            build=Build(voucher=Voucher(Place.INDEX), commit=REVISION),
            base=BaseImage(name="debian:12", annotations=("org.opencontainers.image.version",)),
            annotations=(("org.opencontainers.image.created", "2026-11-20T08:00:00Z"),),
        ),
    ),
)


@pytest.mark.parametrize(
    "known",
    [
        ImageFacts(digest=DIGEST),
        facts(),
        facts(config(labels={"x": "y" * 10_000}), config(architecture="arm64", stop_signal="INT")),
        facts(config(cmd=("x" * 100_000,)), digest="sha512:" + "ab" * 64),
        ATTESTED,
    ],
)
def test_what_is_recorded_fits_the_schema(known: ImageFacts) -> None:
    spec = spec_of(known, image="registry.example.com/prod/web", registries=["prod"])

    assert valid("ImageFacts", spec)


def test_schema_and_records_have_the_same_fields() -> None:
    spec = schema("ImageFacts")["properties"]["spec"]["properties"]
    platform = spec["platforms"]["items"]["properties"]
    names = [RecordedSpec, RecordedPlatform, RecordedConfig]
    recorded, one, inner = (set(of.__struct_encode_fields__) for of in names)
    promotion = Promotion(origins=("r.example/web",), signers=(f"sha256:{'ab' * 32}",))
    full = spec_of(
        replace(
            facts(config(labels={"x": "y" * 10_000, **dict(config().labels)})), promotion=promotion
        ),
        image="r.example/web",
        registries=["prod"],
    )

    assert set(spec) == set(full) | {"inside", "made", "os", "agreement"}
    assert set(spec["promotion"]["properties"]) == set(RecordedPromotion.__struct_encode_fields__)
    assert valid("ImageFacts", full)
    assert recorded <= set(spec)
    assert set(platform) == one - {"inside", "made"}
    assert set(platform["config"]["properties"]) == inner
