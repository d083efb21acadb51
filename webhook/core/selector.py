"""Kubernetes label selectors, over labels that may not all be known."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Operator(StrEnum):
    """The operators of `matchExpressions` (meta/v1 LabelSelectorRequirement)."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class Requirement(msgspec.Struct, frozen=True):
    """One condition on one label."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels, all of them known, meet the condition."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.IN:
                return value is not None and value in self.values
            case Operator.NOT_IN:
                return value is None or value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.DOES_NOT_EXIST:
                return value is None
            case _:
                assert_never(self.operator)


class Selector(msgspec.Struct, frozen=True):
    """All its requirements must hold; without any it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with exactly these labels is selected."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    def may_select(self, some: Mapping[str, str]) -> bool:
        """Whether an object of which only `some` labels are known could be selected."""
        return all(
            requirement.holds(some) for requirement in self.requirements if requirement.key in some
        )
