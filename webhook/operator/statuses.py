"""The one place that writes a status: only where something is new."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.errors import ClusterError
from webhook.operator.conditions import renewed
from webhook.operator.reading import decoded

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind
    from webhook.operator.conditions import Found
    from webhook.operator.reading import Item

_GONE = frozenset({404, 409})
"""It was deleted meanwhile, and perhaps made anew: whoever sees that looks again."""

_log = logging.getLogger(__name__)


def wanted_status(
    item: Item,
    found: Iterable[Found],
    fields: Mapping[str, object] | None = None,
    *,
    now: datetime,
) -> dict[str, object] | None:
    """The status to write; None where the object has it already. Pure.

    Args:
        item: as it was read.
        found: its conditions.
        fields: others of the status; None as a value removes one.
        now: aware.
    """
    status = decoded(item.status)
    before = status if isinstance(status, dict) else {}
    generation = item.metadata.generation
    conditions = renewed(before.get("conditions"), found, generation=generation, now=now)
    wanted: dict[str, object] = {
        **(fields or {}),
        "observedGeneration": generation,
        "conditions": msgspec.to_builtins(conditions),
    }
    return None if all(before.get(name) == value for name, value in wanted.items()) else wanted


async def write_conditions(
    api: Api,
    kind: Kind,
    item: Item,
    found: Iterable[Found],
    fields: Mapping[str, object] | None = None,
    *,
    now: datetime,
    limit: asyncio.Semaphore,
) -> None:
    """Write the status of one object, if there is anything new; a failure is said, and no more."""
    wanted = wanted_status(item, found, fields, now=now)
    if wanted is None:
        return
    metadata = item.metadata
    # Of this object, and of no other that was made under its name since.
    body = {"metadata": {"uid": metadata.uid}, "status": wanted}
    async with limit:
        try:
            await api.merge(kind.path(metadata.namespace, metadata.name, "status"), body)
        except ClusterError as error:
            if error.status not in _GONE:
                _log.warning("the status of a %s is not written: %s", kind.kind, error)
