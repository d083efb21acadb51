"""How each rule is switched on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crds import PUBLIC_KEY
from webhook.core.document import Document
from webhook.core.labels import Question, Schema
from webhook.core.registries import Registries, Registry
from webhook.core.resource_fields import Fields
from webhook.core.rules import RULES
from webhook.core.rules.agreement import Asked
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.knob import Knob
from webhook.core.rules.protocol import Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.rules.stop import StopRule
from webhook.errors import InvalidPolicyError

REGISTRIES = Registries([Registry(name="prod", host="registry.example.com")])


def build(name: str, settings: dict[str, Any]) -> Rule:
    fields = Fields(Document("", 0, {}), "", settings)
    rule = RULES[name](fields, REGISTRIES)
    fields.end()
    return rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("digest", DigestRule()),
        ("registry", RegistryRule(environments=("production",), registries=REGISTRIES)),
        ("provenance", ProvenanceRule()),
        ("init", InitRule()),
        ("stop", StopRule()),
    ],
)
def test_a_rule_without_settings_is_the_documented_one(name: str, rule: Rule) -> None:
    assert build(name, {}) == rule


def test_every_setting_is_read() -> None:
    assert build("registry", {"environments": ["a", "b"]}) == RegistryRule(
        environments=("a", "b"), registries=REGISTRIES
    )
    assert build(
        "provenance",
        {"require": ["version"], "schemas": ["label-schema"], "sources": ["https://x.example/y"]},
    ) == ProvenanceRule(
        require=(Question.VERSION,),
        schemas=(Schema.LABEL_SCHEMA,),
        sources=("https://x.example/y",),
    )
    assert build(
        "init",
        {
            "inits": ["my-init"],
            "acceptSharedProcessNamespace": False,
            "servers": "deny",
            "scripts": "accept",
            "supervisors": "warn",
        },
    ) == InitRule(
        inits=("my-init",),
        accept_shared_process_namespace=False,
        servers=Knob.DENY,
        scripts=Knob.ACCEPT,
        supervisors=Knob.WARN,
    )
    assert build(
        "stop", {"ungraceful": "deny", "unseen": "accept", "minGraceSeconds": 20}
    ) == StopRule(ungraceful=Knob.DENY, unseen=Knob.ACCEPT, min_grace_seconds=20)


@pytest.mark.parametrize("seconds", [-1, 86401, "20", True, 1.5])
def test_a_grace_period_is_a_whole_number_of_up_to_a_day(seconds: object) -> None:
    with pytest.raises(InvalidPolicyError, match="minGraceSeconds: expected a"):
        build("stop", {"minGraceSeconds": seconds})


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("registry", {"environments": []}),
        ("provenance", {"require": []}),
        ("provenance", {"schemas": []}),
    ],
)
def test_a_list_that_decides_is_never_empty(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidPolicyError, match="the list is empty"):
        build(name, settings)


def test_a_list_of_more_may_be_empty() -> None:
    assert build("init", {"inits": []}) == InitRule()
    assert build("provenance", {"sources": []}) == ProvenanceRule()


def test_the_name_in_the_table_is_the_name_of_the_rule() -> None:
    assert [build(name, {}).name for name in RULES] == list(RULES)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"keys": [PUBLIC_KEY]}, "keys count for nothing: set agreement"),
        ({"agreement": "require", "keys": ["no key"]}, "expected a public key as PEM"),
        ({"agreement": "require", "keys": [PUBLIC_KEY] * 17}, "more than 16 entries"),
        ({"agreement": "always"}, "off, ifAttested, require"),
    ],
)
def test_an_agreement_that_is_no_setting_is_told(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPolicyError, match=words):
        build("provenance", settings)


def test_an_agreement_is_switched_on_by_its_word() -> None:
    rule = build("provenance", {"agreement": "require", "keys": [PUBLIC_KEY]})

    assert isinstance(rule, ProvenanceRule)
    assert (rule.agreement, len(rule.keys)) == (Asked.REQUIRE, 1)
