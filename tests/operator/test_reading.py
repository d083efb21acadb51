from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import pytest

from webhook.cluster.kinds import (
    CLUSTER_IMAGE_POLICIES,
    IMAGE_EXCEPTIONS,
    IMAGE_POLICIES,
    REGISTRIES,
    Kind,
)
from webhook.cluster.metadata import Metadata
from webhook.core.resource import MAX_LOCAL_SPEC
from webhook.core.resources import gather_policies
from webhook.operator.conditions import Found, Truth
from webhook.operator.reading import Item, answers, decoded, documents

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MADE = "2026-02-01T00:00:00Z"
RULES: dict[str, Any] = {"rules": {"digest": {}}}
EXCUSE = {
    "rules": ["digest"],
    "namespaces": ["shop"],
    "image": "r.example.com/x",
    "reason": "a move",
}


def item(name: str, spec: object, namespace: str = "") -> Item:
    metadata = Metadata(name=name, namespace=namespace, creation_timestamp=MADE)
    return Item(metadata, msgspec.Raw(msgspec.json.encode(spec)))


def told(*found: tuple[Kind, Item]) -> dict[str, Found]:
    """What is said of each, by `name`."""
    gather = partial(gather_policies, exception_namespaces={"excuses"}, now=NOW)
    loaded = gather(documents(found))
    keys = [(kind.kind, *one.metadata.key) for kind, one in found]
    return {name: answer for (_, _, name), answer in answers(keys, loaded, NOW).items()}


@pytest.mark.parametrize(
    ("kind", "one", "reason", "message"),
    [
        (CLUSTER_IMAGE_POLICIES, item("a", RULES), "InForce", "it is in force"),
        (IMAGE_POLICIES, item("a", RULES, "shop"), "InForce", "it is in force"),
        (REGISTRIES, item("a", {"host": "r.example.com"}), "InForce", "it is in force"),
        (
            IMAGE_EXCEPTIONS,
            item("a", {**EXCUSE, "expires": "2026-04-01T00:00:00Z"}, "excuses"),
            "InForce",
            "it is in force",
        ),
        (
            IMAGE_EXCEPTIONS,
            item("a", {**EXCUSE, "expires": "2026-02-20T00:00:00Z"}, "excuses"),
            "Expired",
            "it has expired and has no effect",
        ),
        (
            IMAGE_EXCEPTIONS,
            item("a", {**EXCUSE, "expires": "2026-04-01T00:00:00Z"}, "shop"),
            "NotHonoured",
            "exceptions are honoured only from excuses, so it has no effect",
        ),
        (
            CLUSTER_IMAGE_POLICIES,
            item("a", {"rules": {"registry": {"environments": ["prod"]}}}),
            "InForceWithWarnings",
            "spec.rules.registry.environments: no Registry has the environment prod",
        ),
        (
            CLUSTER_IMAGE_POLICIES,
            item("a", {"rules": {"dijest": {}}}),
            "Invalid",
            "spec.rules.dijest: unknown field; did you mean digest?",
        ),
        (CLUSTER_IMAGE_POLICIES, item("a", None), "Invalid", "spec: it has no value"),
        (CLUSTER_IMAGE_POLICIES, item("a", [[]] * 9), "Invalid", "spec: expected a mapping"),
        (REGISTRIES, item("a", {"host": "https://r"}), "Invalid", "spec.host: leave out the"),
    ],
)
def test_each_document_has_its_answer(kind: Kind, one: Item, reason: str, message: str) -> None:
    answer = told((kind, one))["a"]

    assert answer.type == "Ready"
    assert answer.reason == reason
    assert answer.message.startswith(message)
    assert (answer.status is Truth.TRUE) == reason.startswith("InForce")


def test_a_broken_one_leaves_the_others_in_force() -> None:
    found = told(
        (CLUSTER_IMAGE_POLICIES, item("good", RULES)),
        (CLUSTER_IMAGE_POLICIES, item("bad", {})),
        (REGISTRIES, item("home", {"host": "r.example.com"})),
        (REGISTRIES, item("twin", {"host": "r.example.com"})),
    )

    assert {name: answer.reason for name, answer in found.items()} == {
        "good": "InForce",
        "bad": "Invalid",
        "home": "InForce",
        "twin": "Invalid",
    }
    assert "Registry home has the same host and path" in found["twin"].message


def test_one_name_in_two_namespaces_is_two_documents() -> None:
    found = [
        (IMAGE_POLICIES, item("same", RULES, "one")),
        (IMAGE_POLICIES, item("same", {}, "two")),
    ]
    loaded = gather_policies(documents(found), exception_namespaces=())
    keys = [(kind.kind, *one.metadata.key) for kind, one in found]

    reasons = {key[1]: answer.reason for key, answer in answers(keys, loaded, NOW).items()}

    assert reasons == {"one": "InForce", "two": "Invalid"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 5000, b'"\xff"'])
def test_what_is_no_json_is_nothing(raw: bytes) -> None:
    assert decoded(msgspec.Raw(raw)) is None


def test_a_copy_does_not_hold_the_page() -> None:
    page = msgspec.json.encode({"metadata": {"name": "a"}, "spec": {"x": 1}, "status": {"y": 2}})
    copy = msgspec.json.decode(page, type=Item).copied()

    assert bytes(copy.spec) == b'{"x":1}'
    assert bytes(copy.status) == b'{"y":2}'
    assert copy.metadata.name == "a"


def test_a_large_spec_of_a_namespace_is_not_copied_and_is_said() -> None:
    spec = {"rules": {"digest": {}}, "x": "x" * MAX_LOCAL_SPEC}
    local, wide = item("a", spec, "shop").copied(), item("b", spec).copied()

    assert (len(memoryview(local.spec)), len(memoryview(wide.spec)) > MAX_LOCAL_SPEC) == (0, True)
    found = told((IMAGE_POLICIES, local), (CLUSTER_IMAGE_POLICIES, wide))
    assert found["a"].message == "spec: it has more than 32768 bytes, and is not read"
    assert found["b"].message.startswith("spec.x: unknown field")
