"""Evidence is told as it is written, within bounds, and a signature only where it verifies."""

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
from webhook.core.promotion import PREDICATE_TYPE, STATEMENT_TYPE
from webhook.registry.envelopes import PAYLOAD_TYPE
from webhook.registry.evidence import Evidence
from webhook.registry.promotions_told import MAX_CHECKS, MAX_TEXT, tell

OTHER = "sha256:" + "cd" * 32


def statement(predicate: Any, digest: str = DIGEST) -> bytes:
    subject = [{"name": "a", "digest": {"sha256": digest.partition(":")[2]}}]
    document = {"_type": STATEMENT_TYPE, "predicateType": PREDICATE_TYPE, "subject": subject}
    return json.dumps(document | {"predicate": predicate}).encode()


def bare(predicate: Any, digest: str = DIGEST) -> Evidence:
    return Evidence(OTHER, statement(predicate, digest), signed=False)


def test_texts_and_lists_of_others_are_cut() -> None:
    checks = [{"policy": "p" * 5000, "rule": 1, "outcome": None}] * (MAX_CHECKS + 7)
    told = tell(bare({"promotedBy": "x" * 99_999, "checks": checks}), DIGEST, ())

    assert len(told.who) == MAX_TEXT
    assert (len(told.checks), told.checks_left) == (MAX_CHECKS, 7)
    assert told.checks[0] == ("p" * MAX_TEXT, "", "")


@pytest.mark.parametrize("value", [None, 1, [], {}, [[]], "x", {"url": 1}, [1, None]])
def test_what_is_of_another_type_says_nothing(value: Any) -> None:
    names = ("promotedOn", "from", "to", "build", "checks")
    told = tell(bare({"promotedBy": "ci"} | dict.fromkeys(names, value)), DIGEST, ())

    assert (told.who, told.problem) == ("ci", "")
    assert isinstance(told.when, str)
    assert all(len(check) == 3 for check in told.checks)


@given(st.binary(max_size=300), st.booleans())
def test_whatever_is_attached_is_told(body: bytes, signed: bool) -> None:  # noqa: FBT001 - hypothesis
    told = tell(Evidence(OTHER, body, signed=signed), DIGEST, ())

    assert told.problem
    assert told.signers == ()


def test_a_good_signature_under_another_image_is_none_of_this_one(tmp_path: Path) -> None:
    key = signer(tmp_path)
    envelope = key.envelope(statement({"promotedBy": "ci"}, OTHER))
    told = tell(Evidence(OTHER, envelope, signed=True), DIGEST, (key.public,))

    assert told.problem == "the statement is about another image"
    assert (told.signers, told.who) == ((), "")


def test_an_envelope_without_signatures_is_not_signed() -> None:
    payload = base64.b64encode(statement({"promotedBy": "ci"})).decode()
    body = json.dumps({"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": []})
    told = tell(Evidence(OTHER, body.encode(), signed=True), DIGEST, ())

    assert (told.signed, told.who, told.problem) == (False, "ci", "")


def test_the_keys_that_signed_are_told_each_once(tmp_path: Path) -> None:
    key, other = signer(tmp_path), signer(tmp_path, "RSA")
    envelope = key.envelope(statement({"promotedBy": "ci"}))
    keys = (other.public, key.public, key.public)
    told = tell(Evidence(OTHER, envelope, signed=True), DIGEST, keys)

    assert (told.signed, told.signers) == (True, (key.public,))
