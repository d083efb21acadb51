"""What evidence says."""

from __future__ import annotations

import json

from msgspec.structs import replace

from tests.builders import DIGEST, NOW
from webhook.core.image import ImageRef
from webhook.promote.statement import Build, Check, Promoted, same, statement
from webhook.registry.envelopes import read_statement

ONE = Promoted(
    source=ImageRef.parse(f"r.example/preprod/web@{DIGEST}"),
    target=ImageRef.parse(f"r.example/prod/web@{DIGEST}"),
    when=NOW,
    who="ci",
    build=Build(url="https://ci.example.com/118/"),
    checks=(Check("production", "init", "pass"),),
    version="1",
)


def test_it_is_a_statement_about_the_digest_in_the_target() -> None:
    said = json.loads(statement(ONE))

    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://cocket.dev/promotion/v1"
    assert said["subject"] == [{"name": "r.example/prod/web", "digest": {"sha256": "ab" * 32}}]
    assert said["predicate"]["build"] == {"url": "https://ci.example.com/118/"}
    assert said["predicate"]["checks"] == [
        {"policy": "production", "rule": "init", "outcome": "pass"}
    ]


def test_two_promotions_differ_in_more_than_their_time() -> None:
    first = read_statement(statement(ONE), DIGEST)
    later = read_statement(statement(replace(ONE, when=NOW.replace(year=2027))), DIGEST)
    other = read_statement(statement(replace(ONE, who="somebody")), DIGEST)

    assert same(first, later)
    assert not same(first, other)
