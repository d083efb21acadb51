"""Many Pods to a few owners: how many run, of which shapes, and what their nodes say they run."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.audit.owners import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from webhook.core.workload import Workload

_MAX_SHAPES = 64
"""Different Pods of one owner. What comes after stands by itself, so that nothing is hidden."""
_MAX_RUNNING = 16
"""Different images that nodes say one container runs."""

OwnerKey: TypeAlias = tuple[str, str, str, str]
"""Namespace, kind, name and API version: in the order in which people look for them."""


class Shape(msgspec.Struct):
    """Pods of one owner that ask the same."""

    running: dict[str, dict[str, None]] = {}
    """By container: every imageID that nodes say, without repeats."""


class Folded(msgspec.Struct):
    """One owner."""

    owner: Link
    pods: int = 0
    shapes: dict[int, Shape] = {}
    """By the number of the question."""


class Folding:
    """Holds what is asked once, and per owner which questions those are."""

    def __init__(self, question: Callable[[Workload], Hashable]) -> None:
        """Nothing was taken yet.

        Args:
            question: says which workloads get the same verdict.
        """
        self.asked: list[Workload] = []
        """The first workload of each question, by its number."""
        self.owners: dict[OwnerKey, Folded] = {}
        self.pods = 0
        self._question = question
        self._numbers: dict[Hashable, int] = {}

    def pod(
        self, pod: Link, owner: Link | None, workload: Workload, running: Iterable[tuple[str, str]]
    ) -> None:
        """Take a Pod, whose owner is proven or itself, and what its node says that it runs."""
        number = self._number(workload)
        folded = self._of(owner or pod)
        if number not in folded.shapes and len(folded.shapes) >= _MAX_SHAPES:
            folded = self._of(pod)
        folded.pods += 1
        self.pods += 1
        shape = folded.shapes.setdefault(number, Shape())
        for container, image_id in running:
            said = shape.running.setdefault(intern(container), {})
            if len(said) < _MAX_RUNNING:
                said[intern(image_id)] = None

    def template(self, owner: Link, workload: Workload) -> None:
        """Take the Pod that an owner would start next."""
        self._of(owner).shapes.setdefault(self._number(workload), Shape())

    def runs(self, owner: Link) -> bool:
        """Whether Pods of it were taken."""
        return _key(owner) in self.owners

    def _of(self, owner: Link) -> Folded:
        key = _key(owner)
        folded = self.owners.get(key)
        if folded is None:
            folded = self.owners[key] = Folded(owner)
        return folded

    def _number(self, workload: Workload) -> int:
        question = self._question(workload)
        number = self._numbers.get(question)
        if number is None:
            number = self._numbers[question] = len(self.asked)
            self.asked.append(workload)
        return number


def _key(owner: Link) -> OwnerKey:
    return (owner.namespace, owner.kind, owner.name, owner.api_version)
