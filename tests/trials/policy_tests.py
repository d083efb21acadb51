"""Documents of kind `PolicyTest`, and what their reader says of them."""

from __future__ import annotations

from typing import Any

from tests.builders import DIGEST, refusal
from webhook.core.document import Document
from webhook.manifests import read_bytes
from webhook.trials.fields import PolicyTest, read_policy_test

IMAGE = f"registry.example.com/prod/web@{DIGEST}"


def trial(**fields: Any) -> dict[str, Any]:
    """One entry of `spec.tests`; None takes a field away."""
    whole = {"name": "one", "files": ["web.yaml"], "expect": {"verdict": "allowed"}} | fields
    return {name: value for name, value in whole.items() if value is not None}


def spec(*trials: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The `spec` of a document; None takes a field away."""
    whole = {"policies": ["policy.yaml"], "tests": list(trials or (trial(),))} | fields
    return {name: value for name, value in whole.items() if value is not None}


def data(inner: object, **fields: Any) -> dict[str, Any]:
    """A whole document."""
    return {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "PolicyTest",
        "metadata": {"name": "main"},
        "spec": inner,
    } | fields


def read(inner: object, **fields: Any) -> PolicyTest:
    return read_policy_test(Document("t.yaml", 1, data(inner, **fields)))


def problem(inner: object, **fields: Any) -> str:
    """What the reader says is wrong; empty if it takes it."""
    return refusal(lambda: read(inner, **fields))


def from_text(text: str) -> PolicyTest:
    (document,) = read_bytes(text.encode(), "t.yaml")
    return read_policy_test(document)
