"""Rule `registry`: an image comes from a registry whose environment the policy allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from webhook.core.changes import Reads
from webhook.core.printable import printable
from webhook.core.registries import Registries
from webhook.core.verdict import Answer, Outcome
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webhook.core.facts import Need
    from webhook.core.registries import Registry
    from webhook.core.rules.protocol import Image
    from webhook.core.workload import ImageUse, Workload

_PASS = Answer(Outcome.PASS, "its registry is of an environment that the policy allows.")
_MAX_LISTED = 3
_MAX_NAME = 300


class RegistryRule(msgspec.Struct, frozen=True):
    """Pass what is served by a configured registry of one of `environments`.

    The parsed name alone decides: what no Registry names is never contacted.
    """

    name: ClassVar[str] = "registry"
    needs: ClassVar[frozenset[Need]] = frozenset()
    reads: ClassVar[Reads] = Reads.IMAGE

    environments: tuple[str, ...]
    """At least one."""
    registries: Registries

    def __post_init__(self) -> None:
        """Refuse settings under which nothing could pass, or nobody knows what.

        Raises:
            InvalidPolicyError: there is no environment, or an empty one.
        """
        if not all(self.environments) or not self.environments:
            raise InvalidPolicyError("rule registry needs at least one environment, none empty")

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:  # noqa: ARG002 - the same for every rule
        """Answer for one use of one image."""
        registry = self.registries.of(image.ref)
        if registry is not None and registry.environment in self.environments:
            return _PASS
        allowed = self.registries.in_environments(self.environments)
        environments = _listed(self.environments, "or")
        where = f"no Registry has environment {environments}"
        if allowed:
            where = f"{environments}: {_listed([one.location for one in allowed], 'and')}"
        name = printable(image.ref.name, _MAX_NAME)
        if registry is None:
            host = printable(image.ref.registry, _MAX_NAME)
            return Answer(
                Outcome.FAIL,
                f"{name} is from no configured registry ({where}).",
                f"Use an image from one that is, or add a Registry for {host}.",
            )
        if registry.broken:
            return Answer(
                Outcome.FAIL,
                f"{name} is from Registry {registry.name}, which is broken and not in force.",
                f"Mend Registry {registry.name}.",
            )
        article = "an" if environments[0] in "aeiouAEIOU" else "a"
        return Answer(
            Outcome.FAIL,
            f"{name} is not {article} {environments} registry ({where}).",
            _promotion(registry, allowed),
        )


def _promotion(registry: Registry, allowed: Sequence[Registry]) -> str:
    for one in allowed:
        if one.promotes_from == registry.name:
            return f"Promote the image to {printable(one.location, _MAX_NAME)}."
    return "Promote the image."


def _listed(words: Sequence[str], last: str) -> str:
    """`a, b and c`, and no more than three of them by name."""
    shown = [printable(word, _MAX_NAME) for word in words[:_MAX_LISTED]]
    if len(words) > _MAX_LISTED:
        return f"{', '.join(shown)} {last} {len(words) - _MAX_LISTED} more"
    *first, end = shown
    return f"{', '.join(first)} {last} {end}" if first else end
