from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import TOO_SLOW, Api
from webhook.cluster.kinds import NAMESPACES, PODS
from webhook.cluster.lists import list_pages, selectors
from webhook.cluster.mirror import HasMetadata
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping


@asynccontextmanager
async def answering(*pages: object, status: int = 200) -> AsyncIterator[tuple[Api, list[Any]]]:
    """An API server that gives these pages one after the other, and what it was asked."""
    asked: list[Any] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append((request.path, dict(request.query)))
        page = pages[len(asked) - 1]
        last = len(asked) == len(pages)
        return web.json_response(page, status=status if last else 200)

    async with serving(handle) as api:
        yield api, asked


@asynccontextmanager
async def serving(handle: Callable[[web.Request], Awaitable[Any]]) -> AsyncIterator[Api]:
    """An API that asks this handler."""
    application = web.Application()
    application.router.add_get("/{rest:.*}", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with ApiClient(Configuration(host=f"http://{host}:{port}")) as client:
            yield Api(client, "cocket")
    finally:
        await runner.cleanup()


def page(*names: str, more: str = "") -> dict[str, Any]:
    metadata = {"resourceVersion": "7"} | ({"continue": more} if more else {})
    return {"metadata": metadata, "items": [{"metadata": {"name": one}} for one in names]}


async def names(api: Api, **rest: Any) -> list[str]:
    found = list_pages(api, PODS, HasMetadata, **rest)
    return [item.metadata.name async for page in found for item in page.items]


async def test_every_page_is_asked_for_and_no_page_more() -> None:
    pages = (page("a", "b", more="t1"), page(more="t2"), page("c"))
    async with answering(*pages) as (api, asked):
        assert await names(api, limit=2) == ["a", "b", "c"]

    assert [query for _, query in asked] == [
        {"limit": "2"},
        {"limit": "2", "continue": "t1"},
        {"limit": "2", "continue": "t2"},
    ]


async def test_what_narrows_a_list_is_asked_for_on_every_page() -> None:
    async with answering(page(more="t"), page()) as (api, asked):
        await names(api, namespace="shop", fields="metadata.name=a", labels="x=y")

    narrow = {"fieldSelector": "metadata.name=a", "labelSelector": "x=y", "limit": "500"}
    assert asked == [
        ("/api/v1/namespaces/shop/pods", narrow),
        ("/api/v1/namespaces/shop/pods", narrow | {"continue": "t"}),
    ]


async def test_each_page_knows_of_what_it_is_a_picture() -> None:
    async with answering(page("a", more="t"), page("b")) as (api, _):
        versions = [one.version async for one in list_pages(api, NAMESPACES, HasMetadata)]

    assert versions == ["7", "7"]


async def test_a_list_that_was_forgotten_meanwhile_is_an_error() -> None:
    gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    async with answering(page("a", more="t"), gone, status=410) as (api, _):
        with pytest.raises(ClusterError) as caught:
            await names(api)

    assert (caught.value.status, caught.value.reason) == (410, "Expired")


async def test_of_large_objects_fewer_are_asked_for_at_a_time() -> None:
    async with answering_large(count=10, size=9_000_000) as (api, asked):
        assert await names(api, limit=8) == [f"o{number}" for number in range(10)]

    # Four of them are more than is read of one answer.
    assert [query["limit"] for query in asked][:2] == ["8", "1"]


async def test_an_object_that_is_too_large_by_itself_is_an_error() -> None:
    async with answering_large(count=1, size=40_000_000) as (api, asked):
        with pytest.raises(ClusterError, match="the answer is larger than 33554432 bytes"):
            await names(api)

    assert [query["limit"] for query in asked] == ["500", "62", "7", "1"]


@asynccontextmanager
async def answering_large(count: int, size: int) -> AsyncIterator[tuple[Api, list[Any]]]:
    """An API server that keeps to the limit, with objects of so many bytes each."""
    asked: list[Any] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(dict(request.query))
        begin = int(request.query.get("continue", "0"))
        end = min(begin + int(request.query["limit"]), count)
        response = web.StreamResponse()
        await response.prepare(request)
        token = f',"continue":"{end}"' if end < count else ""
        await response.write(b'{"metadata":{"resourceVersion":"7"%b},"items":[' % token.encode())
        for number in range(begin, end):
            comma = b"," if number > begin else b""
            await response.write(b'%b{"metadata":{"name":"o%d"},"x":"' % (comma, number))
            await response.write(b"x" * size)
            await response.write(b'"}')
        await response.write(b"]}")
        return response

    async with serving(handle) as api:
        yield api, asked


@pytest.mark.parametrize("content", [{}, [], {"metadata": {}}, {"metadata": {}, "items": None}])
async def test_what_is_no_list_is_an_error(content: object) -> None:
    async with answering(content) as (api, _):
        with pytest.raises(ClusterError, match="/api/v1/pods: unexpected content"):
            await names(api)


def test_nothing_narrows_what_is_not_narrowed() -> None:
    assert selectors("", "") == {}


async def test_what_takes_too_long_is_asked_for_in_smaller_pages_and_not_anew() -> None:
    class Impatient(Api):
        async def read(self, path: str, query: Mapping[str, str] = MappingProxyType({})) -> bytes:
            try:
                async with asyncio.timeout(0.2):
                    return await super().read(path, query)
            except TimeoutError as error:
                raise ClusterError("too slow", reason=TOO_SLOW) from error

    asked: list[dict[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        if "continue" not in request.query:
            return web.json_response(page("a", more="t"))
        if int(request.query["limit"]) > 10:
            await asyncio.sleep(5)
        return web.json_response(page("b"))

    async with serving(handle) as api:
        assert await names(Impatient(api.client, "cocket"), limit=16) == ["a", "b"]

    assert [one["limit"] for one in asked] == ["16", "16", "2"]
    assert "continue" not in asked[0]
    assert asked[1]["continue"] == asked[2]["continue"] == "t"
