from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.cluster.api_server import ApiServer, api_server
from webhook.cluster.api import Api
from webhook.cluster.kinds import IMAGE_POLICIES
from webhook.cluster.metadata import Metadata
from webhook.operator.conditions import Found, Truth
from webhook.operator.reading import Item
from webhook.operator.statuses import wanted_status, write_conditions

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


PATH = "/apis/cocket.dev/v1alpha1/imagepolicies"


async def write(api: Api, wire: Any, fields: dict[str, Any] | None = None) -> None:
    """What is so of an object as it was read."""
    read = msgspec.convert(wire["metadata"], Metadata)
    status = msgspec.Raw(msgspec.json.encode(wire.get("status")))
    await write_conditions(
        api,
        IMAGE_POLICIES,
        Item(read, status=status),
        [GOOD],
        fields,
        now=NOW,
        limit=asyncio.Semaphore(1),
    )


def latest(server: ApiServer) -> Any:
    return server.get(PATH, "a", "shop")


async def test_a_status_is_written_once_and_beside_the_spec() -> None:
    async with api_server() as (server, api):
        server.put(PATH, "a", "shop", spec={"rules": {}})
        await write(api, latest(server), {"latency": 3})
        await write(api, latest(server), {"latency": 3})

    assert len(server.writes) == 1
    assert server.writes[0].path == f"{PATH}/a/status".replace(
        "v1alpha1", "v1alpha1/namespaces/shop"
    )
    assert latest(server)["status"]["latency"] == 3
    assert latest(server)["spec"] == {"rules": {}}


async def test_an_object_made_anew_under_the_name_gets_no_status_of_the_old_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with api_server() as (server, api):
        server.put(PATH, "a", "shop", spec={})
        before = latest(server)
        server.drop(PATH, "a", "shop")
        await write(api, before)
        server.put(PATH, "a", "shop", spec={})
        await write(api, before)

    assert "status" not in latest(server)
    assert "not written" not in caplog.text
    assert len(server.writes) == 2


async def test_a_status_that_is_refused_is_said_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with api_server() as (server, api):
        server.put(PATH, "a", "shop", spec={})
        server.refuse("PATCH", "/status$", 403, "Forbidden")
        await write(api, latest(server))

    assert "the status of a ImagePolicy is not written" in caplog.text
