"""Evidence as bytes: what is no evidence is never verified."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DIGEST
from tests.promote.keys import signer
from webhook.core.keys import PublicKey
from webhook.errors import BadContentError
from webhook.registry.envelopes import read_envelope, read_statement, signers, verifies

STATEMENT: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "x", "digest": {"sha256": "ab" * 32}}],
    "predicateType": "https://cocket.dev/promotion/v1",
    "predicate": {"to": "r.example/prod/web"},
}


def encoded(**changes: Any) -> bytes:
    return json.dumps(STATEMENT | changes).encode()


def test_only_the_keys_that_signed_are_named(tmp_path: Path) -> None:
    ours, other = signer(tmp_path), signer(tmp_path, "ECDSA P-384")
    body = ours.envelope(encoded())

    assert signers(body, DIGEST, [other.public, ours.public]) == {ours.public.fingerprint}
    assert signers(body, DIGEST, [other.public]) == frozenset()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (encoded(_type="https://in-toto.io/Statement/v0.1"), "not about a promotion"),
        (encoded(predicateType="https://slsa.dev/provenance/v1"), "not about a promotion"),
        (encoded(subject=[{"digest": {"sha256": "cd" * 32}}]), "about another image"),
        (encoded(subject=[{"digest": {"sha512": "ab" * 32}}]), "about another image"),
        (encoded(subject=[]), "about another image"),
        (encoded(subject=[{"name": DIGEST}, 1]), "about another image"),
        (encoded(predicate=None), "says nothing"),
        (b"[]", "no JSON object"),
    ],
)
def test_a_signature_under_something_else_counts_for_nothing(
    tmp_path: Path, statement: bytes, why: str
) -> None:
    ours = signer(tmp_path)

    with pytest.raises(BadContentError, match=why):
        signers(ours.envelope(statement), DIGEST, [ours.public])


def test_the_type_of_the_payload_is_signed_with_it(tmp_path: Path) -> None:
    """The same bytes signed as something else are another signature (DSSE, «PAE»)."""
    ours = signer(tmp_path)
    found = json.loads(ours.envelope(encoded()))
    found["payloadType"] = "text/plain"

    with pytest.raises(BadContentError, match="no in-toto statement"):
        signers(json.dumps(found).encode(), DIGEST, [ours.public])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"signatures": None}, "no signatures"),
        ({"signatures": [{"sig": ""}] * 9}, "more than 8"),
        ({"signatures": [{"sig": "!"}]}, "no base64"),
        ({"payload": "ä"}, "no base64"),
    ],
)
def test_what_is_no_envelope_is_refused(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    found = json.loads(signer(tmp_path).envelope(encoded()))

    with pytest.raises(BadContentError, match=why):
        read_envelope(json.dumps(found | changes).encode())


def test_base64_for_urls_is_read_too(tmp_path: Path) -> None:
    ours = signer(tmp_path)
    found = json.loads(ours.envelope(encoded(padding="~~~???")))
    payload = base64.b64decode(found["payload"])
    found["payload"] = base64.urlsafe_b64encode(payload).decode()

    assert signers(json.dumps(found).encode(), DIGEST, [ours.public])


@pytest.mark.parametrize("pem", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_a_key_that_cannot_be_used_verifies_nothing(pem: str) -> None:
    assert not verifies(pem, b"", b"")
    assert signers(
        json.dumps(
            {
                "payloadType": "application/vnd.in-toto+json",
                "payload": base64.b64encode(encoded()).decode(),
                "signatures": [{"sig": "AAAA"}],
            }
        ).encode(),
        DIGEST,
        [PublicKey(pem, "RSA", "sha256:00")],
    ) == frozenset()  # fmt: skip


@given(st.binary())
def test_no_bytes_break_the_readers(body: bytes) -> None:
    for read in (read_envelope, lambda some: read_statement(some, DIGEST)):
        with pytest.raises(BadContentError):
            read(body)
