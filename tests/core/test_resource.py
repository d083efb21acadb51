"""The outer shape of a document: kind, namespace, name, age."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.builders import refusal
from webhook.core.document import Document
from webhook.core.resource import Resource, TooLarge, identity, read_resource


def read(kind: str, **metadata: Any) -> Resource:
    data = {"apiVersion": "cocket.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": {}}
    return read_resource(Document("p.yaml", 1, data))


@pytest.mark.parametrize(
    ("kind", "namespace", "full"),
    [
        ("Registry", "", "main"),
        ("ClusterImagePolicy", "", "main"),
        ("ImagePolicy", "shop", "shop/main"),
        ("ImageException", "shop", "shop/main"),
    ],
)
def test_a_namespaced_kind_is_named_with_its_namespace(
    kind: str, namespace: str, full: str
) -> None:
    metadata = {"name": "main"} | ({"namespace": namespace} if namespace else {})
    found = read(kind, **metadata)

    assert (found.key, found.full_name) == ((kind, namespace, "main"), full)
    assert str(found.spec.error("wrong")) == f"p.yaml:1: {kind} {full}: spec: wrong"


def test_a_spec_that_was_too_large_to_be_kept_is_an_error() -> None:
    data = {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "ImagePolicy",
        "metadata": {"name": "main", "namespace": "shop"},
        "spec": TooLarge(),
    }
    message = "ImagePolicy shop/main: spec: it has more than 32768 bytes, and is not read"
    assert refusal(lambda: read_resource(Document("", 0, data))) == message


@pytest.mark.parametrize(
    ("kind", "metadata", "message"),
    [
        ("ImagePolicy", {"name": "x"}, "p.yaml:1: metadata: namespace is missing"),
        (
            "ImagePolicy",
            {"name": "x", "namespace": "a.b"},
            "p.yaml:1: metadata.namespace: expected small letters, digits and hyphens",
        ),
        (
            "ClusterImagePolicy",
            {"name": "x", "namespace": "y"},
            "p.yaml:1: ClusterImagePolicy x: metadata.namespace: unknown field",
        ),
        ("ImageFacts", {"name": "x"}, "p.yaml:1: kind: ImageFacts is no kind of policy"),
    ],
)
def test_a_name_that_the_kind_does_not_have_is_an_error(
    kind: str, metadata: dict[str, str], message: str
) -> None:
    assert refusal(lambda: read(kind, **metadata)).startswith(message)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-20T08:00:00Z", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (5, None),
    ],
)
def test_the_age_is_what_the_api_server_wrote_if_it_did(
    written: object, meant: datetime | None
) -> None:
    assert read("Registry", name="x", creationTimestamp=written).created == meant
    assert read("Registry", name="x").created is None


@pytest.mark.parametrize(
    ("data", "title"),
    [
        ({"kind": "K", "metadata": {"name": "n", "namespace": "s"}}, ("K", "s", "n")),
        ({"kind": "K", "metadata": {"name": "a\nb"}}, ("K", "", "a\\nb")),
        ({"kind": 5, "metadata": {"name": None}}, ("", "", "")),
        ({"metadata": []}, ("", "", "")),
        ([], ("", "", "")),
    ],
)
def test_whatever_it_is_somebody_can_say_which(data: object, title: tuple[str, str, str]) -> None:
    assert identity(data) == title
