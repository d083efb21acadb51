"""A build as somebody tells it, who has no registry at hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import REVISION, refusal
from webhook.core.build import Build, Place, Voucher
from webhook.core.document import Document
from webhook.core.facts import Reason, Unknown
from webhook.core.given_build import read_given_build
from webhook.core.resource_fields import Fields

KEY = "sha256:" + "ab" * 32
INDEX = Voucher(Place.INDEX)


def build(**fields: Any) -> Build | Unknown:
    return read_given_build(Fields(Document("t.yaml", 1, {}), "", fields, ("build",)))


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, Build()),
        ({"commit": REVISION.upper()}, Build(voucher=INDEX, commit=REVISION)),
        ({"builder": "ci"}, Build(voucher=INDEX, builder="ci")),
        ({"dirty": True}, Build(voucher=INDEX, dirty=True)),
        ({"dirty": False}, Build()),
        (
            {"source": "git@github.com:acme/web.git"},
            Build(voucher=INDEX, source="https://github.com/acme/web"),
        ),
        ({"attestation": {}}, Build(voucher=INDEX)),
        ({"attestation": {"place": "tag"}}, Build(voucher=Voucher(Place.TAG))),
        (
            {"commit": "1234567", "attestation": {"place": "referrer", "signers": [KEY, KEY]}},
            Build(voucher=Voucher(Place.REFERRER, signed=True, signers=(KEY,)), commit="1234567"),
        ),
        (
            {"attestation": {"place": "referrer", "signed": True}},
            Build(voucher=Voucher(Place.REFERRER, signed=True)),
        ),
        (
            {"problem": "it is of\x1b[2J another image"},
            Build(problem="it is of\\x1b[2J another image"),
        ),
        (
            {"unknown": {"reason": "unreachable", "detail": "no answer"}},
            Unknown(Reason.UNREACHABLE, "no answer"),
        ),
    ],
)
def test_what_is_told_is_read(fields: dict[str, Any], found: Build | Unknown) -> None:
    assert build(**fields) == found


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"commit": "main"}, "build.commit: expected 7 to 64 hexadecimal digits"),
        ({"commit": 1234567}, "build.commit: expected a string"),
        ({"source": "web"}, "build.source: expected a URL"),
        ({"commits": "1234567"}, "build.commits: unknown field; did you mean commit?"),
        ({"problem": "x", "commit": "1234567"}, "build.problem: an attestation that does not"),
        ({"problem": "x", "attestation": {}}, "build.problem: an attestation that does not"),
        ({"attestation": {"place": "here"}}, "build.attestation.place: expected one of index"),
        ({"attestation": {"signers": ["me"]}}, "build.attestation.signers[0]: expected sha256:"),
        (
            {"attestation": {"signers": [KEY], "signed": False}},
            "build.attestation.signed: it has signers",
        ),
        ({"attestation": {"by": "me"}}, "build.attestation.by: unknown field"),
        ({"unknown": {}}, "build.unknown: reason is missing"),
        ({"unknown": {"reason": "lost"}}, "build.unknown.reason: expected one of unauthorized"),
        ({"unknown": {"reason": "offline", "why": "x"}}, "build.unknown.why: unknown field"),
        ({"unknown": {"reason": "offline"}, "commit": "1234567"}, "build.commit: unknown field"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], said: str) -> None:
    assert refusal(lambda: build(**fields)).startswith(f"t.yaml:1: {said}")
