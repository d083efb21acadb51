"""Where a policy holds, and whether anything enforces."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from tests.builders import NOW, pod
from tests.crds import PUBLIC_KEY
from webhook.core.exception import ImageException, NamedWorkload
from webhook.core.keys import read_key
from webhook.core.policy import (
    NAMESPACE_NAME,
    ActiveRule,
    Broken,
    Policy,
    PolicySet,
    Templates,
)
from webhook.core.registries import Registries
from webhook.core.rules.agreement import Asked
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.selector import Operator, Requirement, Selector
from webhook.core.verdict import Mode

PROD = Requirement("env", Operator.IN, ("prod",))
NOT_SYSTEM = Requirement(NAMESPACE_NAME, Operator.NOT_IN, ("kube-system",))


def policy(*requirements: Requirement, mode: Mode = Mode.ENFORCE) -> Policy:
    rules = (ActiveRule(DigestRule(), mode),)
    return Policy(name="p", rules=rules, namespaces=Selector(requirements))


@pytest.mark.parametrize(
    ("requirements", "namespace", "labels", "covered"),
    [
        ((), "shop", {}, True),
        ((), "shop", None, True),
        ((PROD,), "shop", {"env": "prod"}, True),
        ((PROD,), "shop", {"env": "dev"}, False),
        ((PROD,), "shop", {}, False),
        ((PROD,), "shop", None, True),
        ((NOT_SYSTEM,), "shop", None, True),
        ((NOT_SYSTEM,), "kube-system", None, False),
        ((NOT_SYSTEM,), "", None, True),
        ((PROD, NOT_SYSTEM), "kube-system", None, False),
        ((NOT_SYSTEM,), "kube-system", {NAMESPACE_NAME: "kube-system"}, False),
    ],
)
def test_unknown_labels_are_covered_unless_the_name_rules_it_out(
    requirements: tuple[Requirement, ...],
    namespace: str,
    labels: Mapping[str, str] | None,
    covered: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert policy(*requirements).covers(pod(namespace=namespace), labels) is covered


@pytest.mark.parametrize("template", [True, False])
def test_templates_off_leaves_templates_out_and_pods_in(template: bool) -> None:  # noqa: FBT001 - a column
    off = msgspec.structs.replace(policy(), templates=Templates.OFF)
    workload = msgspec.structs.replace(pod(), template=template)

    assert off.covers(workload, {}) is not template


@pytest.mark.parametrize(
    ("modes", "enforces"),
    [((), False), ((Mode.AUDIT, Mode.WARN), False), ((Mode.AUDIT, Mode.ENFORCE), True)],
)
def test_one_enforced_rule_of_any_policy_enforces(
    modes: tuple[Mode, ...],
    enforces: bool,  # noqa: FBT001 - a column
) -> None:
    policies = PolicySet(tuple(policy(mode=mode) for mode in modes), Registries())

    assert policies.enforces is enforces


@pytest.mark.parametrize(("namespace", "covered"), [("shop", True), ("shop2", False), ("", True)])
@pytest.mark.parametrize("labels", [None, {}, {NAMESPACE_NAME: "another"}])
def test_a_policy_of_a_namespace_covers_that_namespace_whatever_its_labels(
    namespace: str,
    covered: bool,  # noqa: FBT001 - a column
    labels: Mapping[str, str] | None,
) -> None:
    local = msgspec.structs.replace(policy(), namespace="shop")

    assert local.covers(pod(namespace=namespace), labels) is covered


def test_policies_of_other_namespaces_are_not_near() -> None:
    wide = policy()
    here, there = (msgspec.structs.replace(wide, namespace=one) for one in ("shop", "bank"))
    policies = PolicySet((here, wide, there), Registries())

    assert policies.near("shop") == (wide, here)
    assert policies.near("elsewhere") == (wide,)
    assert policies.near("") == (here, wide, there)
    assert PolicySet((wide,), Registries()).near("shop") == (wide,)
    assert PolicySet((), Registries()).near("shop") == ()


def test_exceptions_are_found_by_namespace() -> None:
    one = ImageException(
        name="security/x",
        rules=frozenset({"digest"}),
        namespaces=frozenset({"shop", "bank"}),
        workload=NamedWorkload("Pod", "web"),
        reason="soon",
        expires=NOW,
    )
    policies = PolicySet((), Registries(), (one,))

    assert list(policies.exceptions_in("shop")) == [one]
    assert list(policies.exceptions_in("bank")) == [one]
    assert list(policies.exceptions_in("elsewhere")) == []
    assert list(policies.exceptions_in("")) == []
    assert list(PolicySet((), Registries()).exceptions_in("shop")) == []


def test_what_is_broken_concerns_its_own_namespace_or_all() -> None:
    wide = Broken("ClusterImagePolicy", "", "main", "wrong")
    local = Broken("ImagePolicy", "shop", "main", "wrong")
    excuse = Broken("ImageException", "shop", "x", "wrong")
    policies = PolicySet((), Registries(), broken=(wide, local, excuse))

    assert list(policies.broken_in("shop")) == [wide, local]
    assert list(policies.broken_in("bank")) == [wide]
    assert list(policies.broken_in("")) == [wide]
    assert list(PolicySet((), Registries()).broken_in("shop")) == []
    assert [one.title for one in (wide, local)] == [
        "ClusterImagePolicy main",
        "ImagePolicy shop/main",
    ]


def test_the_keys_of_all_policies_are_tried_each_once() -> None:
    key = read_key(PUBLIC_KEY)
    assert key is not None
    rule = ProvenanceRule(agreement=Asked.REQUIRE, keys=(key,))
    policies = tuple(
        Policy(
            name=name, rules=(ActiveRule(rule, Mode.ENFORCE), ActiveRule(DigestRule(), Mode.WARN))
        )
        for name in ("a", "b")
    )

    assert PolicySet(policies=policies, registries=Registries([])).build_keys == (key,)
