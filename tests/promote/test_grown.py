"""What may take the place of what: only a manifest that holds all of the other one."""

from __future__ import annotations

from typing import Any

import pytest

from webhook.demo.images import OCI_INDEX, OCI_MANIFEST, descriptor, encode, sha256
from webhook.promote.grown import is_grown
from webhook.registry.content import Served

A, B = descriptor(b"a", "text/plain"), descriptor(b"b", "text/plain")


def served(kind: str = OCI_MANIFEST, **fields: Any) -> Served:
    body = encode({"schemaVersion": 2, **fields})
    return Served(sha256(body), kind, body)


def raw(body: bytes) -> Served:
    return Served(sha256(body), OCI_MANIFEST, body)


TABLE: dict[str, tuple[Served, Served, bool]] = {
    "the same": (served(layers=[A]), served(layers=[A]), True),
    "one more": (served(layers=[A, B]), served(layers=[A]), True),
    "another config": (served(layers=[A], config=B), served(layers=[A], config=A), True),
    "twice there": (served(layers=[A, B]), served(layers=[A, A]), False),
    "one less": (served(layers=[A]), served(layers=[A, B]), False),
    "nothing there": (served(layers=[A]), served(layers=[]), True),
    "another subject": (served(layers=[A, B], subject=A), served(layers=[A], subject=B), False),
    "a subject only there": (served(layers=[A, B]), served(layers=[A], subject=B), False),
    "indexes": (served(OCI_INDEX, manifests=[A, B]), served(OCI_INDEX, manifests=[A]), False),
    "another kind": (served(OCI_INDEX, layers=[A, B]), served(layers=[A]), False),
    "no list": (served(layers="x"), served(layers="x"), False),
    "no JSON": (raw(b"{"), served(layers=[]), False),
    "twice the same key": (raw(b'{"layers":[],"layers":[]}'), served(layers=[]), False),
}


@pytest.mark.parametrize(("new", "old", "grown"), TABLE.values(), ids=TABLE)
def test_only_what_grew_takes_its_place(new: Served, old: Served, *, grown: bool) -> None:
    assert is_grown(new, old) is grown
