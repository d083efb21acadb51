"""Where a policy holds, and whether anything enforces."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from tests.builders import pod
from webhook.core.policy import NAMESPACE_NAME, ActiveRule, Policy, PolicySet, Templates
from webhook.core.registries import Registries
from webhook.core.rules.digest import DigestRule
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
