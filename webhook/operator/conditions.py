"""Conditions as Kubernetes has them: what is so, since when, and of which generation."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MAX_MESSAGE = 1024
"""Characters; the API conventions allow 32,768, and nobody reads them."""


class Truth(StrEnum):
    """What a condition may be."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Found(msgspec.Struct, frozen=True):
    """What was found out just now."""

    type: str
    status: Truth
    reason: str
    """One word in CamelCase, for programs."""
    message: str
    """A sentence for people."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`metav1.Condition` (API conventions, «Typical status properties»)."""

    type: str
    status: str
    reason: str
    message: str
    last_transition_time: str
    """RFC 3339, when `status` became what it is."""
    observed_generation: int = 0


def renewed(
    before: object, found: Iterable[Found], *, generation: int, now: datetime
) -> list[Condition]:
    """The conditions to write; equal to those before where nothing new was found.

    Args:
        before: `status.conditions` as they stand in the object, whatever they are.
        found: what is so now.
        generation: `metadata.generation` of the object that was looked at.
        now: aware.
    """
    since = {one.type: one for one in read(before)}
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions: list[Condition] = []
    for one in found:
        known = since.get(one.type)
        same = known is not None and known.status == one.status
        conditions.append(
            Condition(
                type=one.type,
                status=one.status.value,
                reason=one.reason,
                message=printable(one.message, MAX_MESSAGE),
                last_transition_time=known.last_transition_time if same and known else moment,
                observed_generation=generation,
            )
        )
    return conditions


def read(conditions: object) -> list[Condition]:
    """Conditions that stand in an object; none where they are no conditions."""
    try:
        return msgspec.convert(conditions, list[Condition])
    except msgspec.ValidationError:
        return []
