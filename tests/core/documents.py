"""Builders of documents for this room."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from webhook.core.document import Document

WORDS = (
    "apiVersion cocket.dev/v1alpha1 kind Registry ClusterImagePolicy ImagePolicy ImageException "
    "metadata name namespace creationTimestamp spec host rules digest registry provenance init "
    "environments require schemas sources mode enforce matchLabels namespaceSelector "
    "matchExpressions key operator values In credentials tls caBundle templates image workload "
    "namespaces reason expires r.example/a 2026-12-01T00:00:00Z Pod shop security"
).split()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=10,
)


def document(kind: str, name: str, spec: object, line: int = 1, **more: Any) -> Document:
    """A document in a file `p.yaml`."""
    data = {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
        **more,
    }
    return Document("p.yaml", line, data)


def registry(name: str = "prod", line: int = 1, **spec: Any) -> Document:
    """A registry on a host of its name."""
    return document("Registry", name, {"host": f"{name}.example.com", **spec}, line)


def policy(name: str = "main", line: int = 1, **rules: Any) -> Document:
    """A policy with these rules, or `digest` alone."""
    return document("ClusterImagePolicy", name, {"rules": rules or {"digest": {}}}, line)
