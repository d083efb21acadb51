"""Which kinds are followed, and what is known while one of them is not."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.builders import DIGEST
from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import until
from webhook.cluster import kinds
from webhook.cluster.served_kinds import served_kinds
from webhook.operator.usage import Usage
from webhook.operator.users import Users

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api


@asynccontextmanager
async def following(server: ApiServer, api: Api) -> AsyncIterator[tuple[Users, Usage]]:
    usage = Usage(lambda _digest: None)
    users = Users(api, usage)
    task = asyncio.create_task(users.run())
    try:
        yield users, usage
    finally:
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not server.writes


@pytest.fixture
async def served() -> AsyncIterator[tuple[ApiServer, Api]]:
    async with api_server() as both:
        both[0].serve("/api/v1", "pods", "pods/status", "secrets")
        both[0].serve("/apis/apps/v1", "deployments")
        yield both


def spec(tag: str = "") -> dict[str, object]:
    return {"containers": [{"name": "a", "image": f"r.example.com/web{tag}@{DIGEST}"}]}


async def test_what_is_served_is_asked_and_only_kinds_with_images_are_listed(
    served: tuple[ApiServer, Api],
) -> None:
    server, api = served
    assert set(await served_kinds(api)) == {kinds.PODS, kinds.DEPLOYMENTS}
    async with following(server, api) as (users, _):
        assert not users.settled
        assert users.missing == "the API server has not told yet which kinds it serves"
        await until(lambda: users.settled and not users.missing)

    listed = {one for one in server.asked if one.startswith("GET ") and one.count("/") >= 3}
    assert {"GET /api/v1/pods", "GET /apis/apps/v1/deployments"} <= listed
    assert "GET /api/v1/secrets" not in listed


async def test_users_come_and_go(served: tuple[ApiServer, Api]) -> None:
    server, api = served
    server.put("/api/v1/pods", "web", "shop", spec=spec())
    async with following(server, api) as (users, usage):
        await until(lambda: users.settled)
        assert usage.used_by(DIGEST).names == ("shop/Pod/web",)
        assert usage.in_pods(DIGEST)
        template = {"template": {"spec": spec(":1")}}
        server.put("/apis/apps/v1/deployments", "web", "shop", spec=template)
        await until(lambda: usage.used_by(DIGEST).count == 2)
        server.drop("/api/v1/pods", "web", "shop")
        await until(lambda: usage.used_by(DIGEST).names == ("shop/Deployment/web",))

        assert not usage.in_pods(DIGEST)


async def test_a_kind_that_must_not_be_listed_is_missing_and_the_others_count(
    served: tuple[ApiServer, Api],
) -> None:
    server, api = served
    server.put("/api/v1/pods", "web", "shop", spec=spec())
    server.refuse("GET", "^/apis/apps/v1/deployments$", 403, "Forbidden")
    async with following(server, api) as (users, usage):
        await until(lambda: users.settled)

        assert usage.is_used(DIGEST)
        assert users.missing.startswith("deployments were never listed: GET ")


async def test_a_kind_that_cannot_be_followed_any_more_is_missing(
    served: tuple[ApiServer, Api],
) -> None:
    server, api = served
    server.refuse("WATCH", "^/api/v1/pods$", 403, "Forbidden")
    async with following(server, api) as (users, _):
        await until(lambda: users.missing.startswith("pods cannot be followed: "))

        assert users.settled


async def test_an_api_server_that_does_not_tell_its_kinds_is_asked_again(
    served: tuple[ApiServer, Api], caplog: pytest.LogCaptureFixture
) -> None:
    server, api = served
    server.refuse("GET", "^/apis/apps/v1$", 503, times=1)
    async with following(server, api) as (users, _):
        await until(lambda: users.settled)

    assert "which kinds are served is not known yet" in caplog.text
