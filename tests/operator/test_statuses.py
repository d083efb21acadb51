from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from webhook.cluster.metadata import Metadata
from webhook.operator.conditions import Found, Truth
from webhook.operator.reading import Item
from webhook.operator.statuses import wanted_status

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = Found("Ready", Truth.TRUE, "InForce", "it is in force")


def item(status: object = None, generation: int = 2) -> Item:
    metadata = Metadata(name="a", generation=generation)
    return Item(metadata, status=msgspec.Raw(msgspec.json.encode(status)))


def test_a_first_status_is_whole() -> None:
    assert wanted_status(item(), [GOOD], {"latency": 3, "gone": None}, now=NOW) == {
        "latency": 3,
        "gone": None,
        "observedGeneration": 2,
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "InForce",
                "message": "it is in force",
                "lastTransitionTime": "2026-03-01T00:00:00Z",
                "observedGeneration": 2,
            }
        ],
    }


def written(fields: dict[str, Any]) -> dict[str, Any]:
    """What the API server keeps of it: null removes a field."""
    status = wanted_status(item(), [GOOD], fields, now=NOW) or {}
    return {name: value for name, value in status.items() if value is not None}


def test_what_is_there_already_is_not_written() -> None:
    fields = {"latency": 3, "gone": None}

    assert wanted_status(item(written(fields)), [GOOD], fields, now=NOW + timedelta(1)) is None


@pytest.mark.parametrize(
    ("found", "fields", "generation"),
    [
        (Found("Ready", Truth.FALSE, "Invalid", "no"), {"latency": 3}, 2),
        (GOOD, {"latency": 4}, 2),
        (GOOD, {"latency": None}, 2),
        (GOOD, {"latency": 3}, 3),
    ],
)
def test_what_is_new_is_written(found: Found, fields: dict[str, Any], generation: int) -> None:
    before = item(written({"latency": 3}), generation)

    assert wanted_status(before, [found], fields, now=NOW) is not None


@pytest.mark.parametrize("status", [7, [], "x", {"conditions": 3}])
def test_a_status_that_is_none_is_replaced(status: object) -> None:
    assert wanted_status(item(status), [GOOD], now=NOW) is not None
