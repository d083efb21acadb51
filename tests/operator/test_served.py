from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api
from webhook.cluster.kinds import IMAGE_POLICIES, REGISTRIES
from webhook.errors import ClusterError
from webhook.operator.served import until_served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def serving(names: list[str] | None, status: int = 200) -> AsyncIterator[Api]:
    """An API server that serves these kinds of ours; None: it does not know the group."""

    async def handle(_: web.Request) -> web.Response:
        if names is None:
            return web.json_response({"code": 404, "reason": "NotFound"}, status=404)
        resources = [{"name": name, "kind": name, "verbs": ["list"]} for name in names]
        return web.json_response({"resources": resources}, status=status)

    application = web.Application()
    application.router.add_get("/apis/cocket.dev/v1alpha1", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with ApiClient(Configuration(host=f"http://{host}:{port}")) as client:
            yield Api(client, "ours")
    finally:
        await runner.cleanup()


async def test_what_is_served_is_not_waited_for() -> None:
    async with serving(["registries", "registries/status", "imagepolicies"]) as api:
        async with asyncio.timeout(5):
            await until_served(api, [REGISTRIES, IMAGE_POLICIES])


async def test_kinds_that_come_later_are_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    names: list[str] = []
    async with serving(names) as api:
        waiting = asyncio.create_task(until_served(api, [REGISTRIES]))
        await until_said(caplog)
        names.append("registries")
        async with asyncio.timeout(10):
            await waiting


async def test_a_group_that_is_not_there_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(None) as api:
        waiting = asyncio.create_task(until_served(api, [REGISTRIES]))
        await until_said(caplog)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def until_said(caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(5):
        while "does not serve registries.cocket.dev" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_server_in_trouble_is_an_error() -> None:
    async with serving([], 503) as api:
        with pytest.raises(ClusterError):
            await until_served(api, [REGISTRIES])
