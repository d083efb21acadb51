"""The fields of a policy."""

from __future__ import annotations

from typing import Any

import pytest

from webhook.core.document import Document
from webhook.core.policy import OnUnknown, Policy, Templates
from webhook.core.policy_fields import read_policy
from webhook.core.registries import Registries
from webhook.core.resource_fields import Fields
from webhook.core.selector import Operator, Requirement
from webhook.core.verdict import Mode
from webhook.errors import InvalidPolicyError


def read(**spec: Any) -> Policy:
    data = {"rules": {"digest": {}}, **spec}
    return read_policy("p", Fields(Document("", 0, {}), "", data), Registries())


def problem(**spec: Any) -> str:
    with pytest.raises(InvalidPolicyError) as raised:
        read(**spec)
    return str(raised.value)


def test_what_is_not_written_is_strict() -> None:
    policy = read()

    assert policy.name == "p"
    assert policy.on_unknown is OnUnknown.DENY
    assert policy.templates is Templates.ENFORCE
    assert policy.namespaces.requirements == ()
    assert [(active.rule.name, active.mode) for active in policy.rules] == [
        ("digest", Mode.ENFORCE)
    ]


def test_rules_have_the_mode_of_the_policy_unless_they_say_another() -> None:
    policy = read(mode="audit", rules={"init": {}, "digest": {"mode": "enforce"}, "provenance": {}})

    assert [(active.rule.name, active.mode) for active in policy.rules] == [
        ("digest", Mode.ENFORCE),
        ("provenance", Mode.AUDIT),
        ("init", Mode.AUDIT),
    ]


@pytest.mark.parametrize("word", ["deny", "warn", "allowKnown"])
def test_on_unknown_is_one_of_three(word: str) -> None:
    assert read(onUnknown=word).on_unknown == word


@pytest.mark.parametrize(
    ("written", "meant"),
    [("enforce", "enforce"), ("warn", "warn"), ("off", "off"), (False, "off")],
)
def test_templates_is_one_of_three_and_off_needs_no_quotes(written: object, meant: str) -> None:
    assert read(templates=written).templates == meant


def test_a_selector_holds_all_its_conditions() -> None:
    policy = read(
        namespaceSelector={
            "matchLabels": {"env": "prod", "acme.example/team": ""},
            "matchExpressions": [
                {"key": "tier", "operator": "NotIn", "values": ["test", ""]},
                {"key": "tier", "operator": "In", "values": ["a"]},
                {"key": "legacy", "operator": "DoesNotExist"},
                {"key": "owner", "operator": "Exists", "values": []},
            ],
        }
    )

    assert policy.namespaces.requirements == (
        Requirement("env", Operator.IN, ("prod",)),
        Requirement("acme.example/team", Operator.IN, ("",)),
        Requirement("tier", Operator.NOT_IN, ("test", "")),
        Requirement("tier", Operator.IN, ("a",)),
        Requirement("legacy", Operator.DOES_NOT_EXIST),
        Requirement("owner", Operator.EXISTS),
    )


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        (None, "namespaceSelector: it has no value"),
        ({"env": "prod"}, "namespaceSelector.env: unknown field"),
        ({"matchLabels": []}, "namespaceSelector.matchLabels: expected a mapping"),
        ({"matchLabels": {"env": 5}}, "namespaceSelector.matchLabels.env: expected a string"),
        ({"matchLabels": {"env": "a b"}}, "namespaceSelector.matchLabels.env: a b is no value"),
        ({"matchLabels": {"a b": "x"}}, "namespaceSelector.matchLabels.a b: this is no key"),
        ({"matchLabels": {"/x": "x"}}, "namespaceSelector.matchLabels./x: this is no key"),
        ({"matchLabels": {"A.b/x": "x"}}, "namespaceSelector.matchLabels.A.b/x: this is no key"),
        ({"matchLabels": {"x" * 64: "x"}}, "namespaceSelector.matchLabels.xxx"),
        ({"matchLabels": {"x": "x" * 64}}, "namespaceSelector.matchLabels.x: xxx"),
        ({"matchExpressions": [{}]}, "namespaceSelector.matchExpressions[0]: key is missing"),
        (
            {"matchExpressions": [{"key": "a"}]},
            "namespaceSelector.matchExpressions[0]: operator is missing",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "in", "values": ["b"]}]},
            "namespaceSelector.matchExpressions[0].operator: expected one of In, NotIn, Exists",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "In"}]},
            "namespaceSelector.matchExpressions[0].values: In needs at least one value",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": []}]},
            "namespaceSelector.matchExpressions[0].values: NotIn needs at least one value",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
            "namespaceSelector.matchExpressions[0].values: Exists takes no values",
        ),
        (
            {"matchExpressions": [{"key": "-", "operator": "Exists"}]},
            "namespaceSelector.matchExpressions[0].key: this is no key",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "\n"]}]},
            "namespaceSelector.matchExpressions[0].values: \\n is no value",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Exists", "value": "b"}]},
            "namespaceSelector.matchExpressions[0].value: unknown field; did you mean values?",
        ),
    ],
)
def test_a_selector_that_selects_nothing_by_mistake_is_an_error(
    selector: object, message: str
) -> None:
    assert problem(namespaceSelector=selector).startswith(message)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"rules": {}}, "rules: a policy without rules checks nothing; known: digest, registry"),
        ({"rules": None}, "rules: it has no value: write {}"),
        ({"rules": []}, "rules: expected a mapping, got a list"),
        ({"rules": {"digest": None}}, "rules.digest: it has no value: write {}"),
        ({"rules": {"digset": {}}}, "rules.digset: unknown field; did you mean digest?"),
        ({"rules": {"digest": {"mode": "on"}}}, "rules.digest.mode: expected one of enforce"),
        ({"rules": {"digest": {"x": 1}}}, "rules.digest.x: unknown field; known: mode"),
        ({"rules": {"init": {"inits": 5}}}, "rules.init.inits: expected a list, got 5"),
        ({"mode": "strict"}, "mode: expected one of enforce, warn, audit"),
        ({"onUnknown": "allow"}, "onUnknown: expected one of deny, warn, allowKnown"),
        ({"templates": "audit"}, "templates: expected one of enforce, warn, off"),
        ({"onunknown": "deny"}, "onunknown: unknown field; did you mean onUnknown?"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_an_error(spec: dict[str, Any], message: str) -> None:
    assert problem(**spec).startswith(message)


def test_a_misspelt_rules_is_named_rather_than_missed() -> None:
    spec: dict[str, Any] = {"rule": {"digest": {}}}

    with pytest.raises(InvalidPolicyError, match="rule: unknown field; did you mean rules"):
        read_policy("p", Fields(Document("", 0, {}), "", spec), Registries())


def test_settings_that_the_rule_itself_refuses_are_named_with_their_place() -> None:
    message = problem(rules={"provenance": {"sources": ["acme"]}})

    assert message.startswith("rules.provenance: rule provenance: 'acme' in sources is no URL")
