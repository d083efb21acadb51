"""The schemas of the custom resources say what the parser says, and the other way round."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jsonschema
import pytest

from tests.builders import DIGEST, NOW, refusal
from tests.crds import READ, ROOT, SPECS, resource, schema, valid
from webhook.core.document import Document
from webhook.core.exception_fields import WorkloadKind
from webhook.core.facts import Reason, Unknown
from webhook.core.resources import gather_policies, load_policies
from webhook.manifests.files import read_bytes
from webhook.operator.probe import fields

if TYPE_CHECKING:
    from collections.abc import Iterator


def problem(kind: str, spec: object) -> str:
    """What the parser says is wrong in a cluster; empty if it takes it."""
    document = Document("", 0, resource(kind, spec))
    loaded = gather_policies([document], exception_namespaces=["security"], now=NOW)
    return "".join(one.message for one in loaded.policies.broken)


def objects(node: dict[str, Any], path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every object with named properties in a schema, and the path of one in a document."""
    if "properties" in node:
        yield path, node
        for name, inner in node["properties"].items():
            yield from objects(inner, (*path, name))
    elif node.get("type") == "array":
        yield from objects(node["items"], (*path, 0))


def at(spec: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        spec = spec[step]
    return spec


OBJECTS = [
    pytest.param(kind, path, node, id=f"{kind}-{'.'.join(map(str, path)) or 'spec'}")
    for kind in READ
    for path, node in objects(schema(kind)["properties"]["spec"])
]
ENUMS = [
    pytest.param(kind, path, name, node, id=f"{kind}-{'.'.join(map(str, path))}.{name}")
    for kind in READ
    for path, parent in objects(schema(kind)["properties"]["spec"])
    for name, node in parent["properties"].items()
    if "enum" in node or "enum" in node.get("items", {})
]


@pytest.mark.parametrize("kind", READ)
def test_both_take_every_field(kind: str) -> None:
    assert valid(kind, SPECS[kind])
    assert problem(kind, SPECS[kind]) == ""


@pytest.mark.parametrize(("kind", "path", "node"), OBJECTS)
def test_both_know_the_same_fields(
    kind: str, path: tuple[str | int, ...], node: dict[str, Any]
) -> None:
    spec = copy.deepcopy(SPECS[kind])
    at(spec, path)["zzz"] = 1
    said = problem(kind, spec)

    assert set(at(SPECS[kind], path)) == set(node["properties"])
    assert "zzz: unknown field; known: " in said
    assert set(said.partition("known: ")[2].split(", ")) == set(node["properties"])


@pytest.mark.parametrize(("kind", "path", "node"), OBJECTS)
def test_both_require_the_same_fields(
    kind: str, path: tuple[str | int, ...], node: dict[str, Any]
) -> None:
    for name in node["properties"]:
        spec = copy.deepcopy(SPECS[kind])
        del at(spec, path)[name]
        missing = f"{name} is missing" in problem(kind, spec)
        # Without `rules` there are none, and the parser says that.
        missing = missing or "a policy without rules" in problem(kind, spec)

        assert missing is (name in node.get("required", ())), name
        assert valid(kind, spec) is not missing, name


@pytest.mark.parametrize(("kind", "path", "name", "node"), ENUMS)
def test_both_know_the_same_words(
    kind: str, path: tuple[str | int, ...], name: str, node: dict[str, Any]
) -> None:
    spec = copy.deepcopy(SPECS[kind])
    at(spec, path)[name] = ["zzz"] if node["type"] == "array" else "zzz"
    said = problem(kind, spec)
    known = re.search(r"(?:expected one of|\bknown:) ([^;]*)", said)

    assert known is not None, said
    words = node["items"]["enum"] if node["type"] == "array" else node["enum"]
    assert known[1].split(", ") == [word for word in words if word]
    assert not valid(kind, spec)


def test_an_exception_needs_an_image_or_a_workload() -> None:
    bare = {key: value for key, value in SPECS["ImageException"].items() if key != "workload"}

    assert valid("ImageException", bare)
    del bare["image"]
    assert not valid("ImageException", bare)
    assert problem("ImageException", bare).startswith("spec: image and workload are missing")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Registry", {"host": ""}),
        ("Registry", {"host": "https://r.example"}),
        ("Registry", {"host": "*.example"}),
        ("Registry", {"host": "r.example/"}),
        ("Registry", {"host": "r" * 256}),
        ("Registry", {"mirror": "http://r.example"}),
        ("Registry", {"tokenRealm": "r.example/token"}),
        ("Registry", {"allowPrivateAddresses": "yes"}),
        ("ImagePolicy", {"rules": {}}),
        ("ImagePolicy", {"templates": False, "rules": {"init": {"inits": [""]}}}),
        ("ImagePolicy", {"rules": {"registry": {"environments": []}}}),
        ("ImagePolicy", {"rules": {"provenance": {"require": []}}}),
        ("ImagePolicy", {"rules": {"provenance": {"schemas": []}}}),
        ("ImageException", {"rules": []}),
        ("ImageException", {"namespaces": []}),
        ("ImageException", {"namespaces": ["*"]}),
        ("ImageException", {"reason": " "}),
        ("ImageException", {"reason": "x" * 501}),
        ("ImageException", {"requestedBy": "x" * 201}),
        ("ImageException", {"image": "*/web"}),
        ("ImageException", {"image": "r.example/web*"}),
        ("ImageException", {"image": "r.example/**/web"}),
        ("ImageException", {"image": "r.example/web:1"}),
        ("ImageException", {"image": "r.example/web@sha256:abc"}),
        ("ImageException", {"workload": {"kind": "Pod", "name": "web-*"}}),
    ],
)
def test_what_the_schema_refuses_the_parser_refuses_too(kind: str, change: dict[str, Any]) -> None:
    spec = SPECS[kind] | change

    assert not valid(kind, spec)
    assert problem(kind, spec) != ""


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Registry", {"host": "localhost:5000"}),
        ("Registry", {"host": "[::1]:5000/a/b_c"}),
        ("Registry", {"host": "Registry.Example.com"}),
        ("Registry", {"tokenRealm": "", "promotesFrom": "", "environment": ""}),
        ("ImagePolicy", {"rules": {"digest": {}}}),
        ("ImagePolicy", {"rules": {"provenance": {"sources": []}}}),
        ("ImageException", {"image": "docker.io/nginx"}),
        ("ImageException", {"image": "docker.io/**"}),
        ("ImageException", {"image": "[::1]:5000/a/*/**"}),
        ("ImageException", {"image": f"R.example:443/a/*/b__c@{DIGEST}"}),
        ("ImageException", {"image": f"r.example/a/**@sha512:{'ab' * 64}"}),
        *(
            ("ImageException", {"workload": {"kind": one.value, "name": "web.v1"}})
            for one in WorkloadKind
        ),
    ],
)
def test_what_the_parser_takes_the_schema_takes_too(kind: str, change: dict[str, Any]) -> None:
    spec = SPECS[kind] | change

    assert problem(kind, spec) == ""
    assert valid(kind, spec)


def test_an_empty_mirror_is_none() -> None:
    spec = {name: value for name, value in SPECS["Registry"].items() if name != "mirrorSettings"}

    assert problem("Registry", spec | {"mirror": ""}) == ""
    assert valid("Registry", spec | {"mirror": ""})


def written(path: Path) -> list[Document]:
    text = path.read_text(encoding="utf-8")
    parts = re.findall(r"^```yaml\n(apiVersion.*?)^```$", text, re.MULTILINE | re.DOTALL) or [text]
    found = [one for part in parts for one in read_bytes(part.encode(), path.name)]
    return [one for one in found if data(one)["apiVersion"] == "cocket.dev/v1alpha1"]


def data(document: Document) -> dict[str, Any]:
    return cast("dict[str, Any]", document.data)


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "docs" / "rules.md",
        *sorted((ROOT / "examples" / "policies").glob("*.yaml")),
        ROOT / "examples" / "registries.yaml",
        *sorted((ROOT / "examples" / "objects").glob("*.yaml")),
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_stands_in_docs_and_examples_can_be_applied(path: Path) -> None:
    for one in map(data, written(path)):
        jsonschema.validate(one, schema(one["kind"]), cls=jsonschema.Draft202012Validator)


def test_what_stands_in_the_docs_can_be_read() -> None:
    documents = written(ROOT / "docs" / "rules.md")

    assert {data(one)["kind"] for one in documents} == set(READ)
    assert refusal(lambda: load_policies(documents, now=NOW)) == ""


def test_what_the_operator_says_of_a_registry_has_a_place_in_its_status() -> None:
    written = fields(Unknown(Reason.UNREACHABLE), NOW)

    assert set(written) <= set(schema("Registry")["properties"]["status"]["properties"])
