"""Label selectors, over labels that are all known and over some that are."""

from __future__ import annotations

import pytest

from webhook.core.selector import Operator, Requirement, Selector

IN = Requirement("env", Operator.IN, ("prod", "stage"))
NOT_IN = Requirement("env", Operator.NOT_IN, ("prod",))
EXISTS = Requirement("env", Operator.EXISTS)
ABSENT = Requirement("env", Operator.DOES_NOT_EXIST)


@pytest.mark.parametrize(
    ("requirement", "labels", "holds"),
    [
        (IN, {"env": "stage"}, True),
        (IN, {"env": "dev"}, False),
        (IN, {}, False),
        (NOT_IN, {"env": "dev"}, True),
        (NOT_IN, {"env": "prod"}, False),
        (NOT_IN, {"other": "prod"}, True),
        (EXISTS, {"env": ""}, True),
        (EXISTS, {"other": ""}, False),
        (ABSENT, {"other": ""}, True),
        (ABSENT, {"env": ""}, False),
    ],
)
def test_an_operator_means_what_kubernetes_means(
    requirement: Requirement, labels: dict[str, str], *, holds: bool
) -> None:
    assert holds is requirement.holds(labels)


def test_all_requirements_must_hold() -> None:
    both = Selector((IN, Requirement("team", Operator.EXISTS)))

    assert both.selects({"env": "prod", "team": "a"})
    assert not both.selects({"env": "prod"})


def test_a_selector_without_requirements_selects_everything() -> None:
    assert Selector().selects({})
    assert Selector().may_select({})


def test_a_label_that_is_not_known_rules_nothing_out() -> None:
    both = Selector((IN, Requirement("team", Operator.IN, ("a",))))

    assert both.may_select({})
    assert both.may_select({"env": "prod"})
    assert not both.may_select({"env": "dev"})
