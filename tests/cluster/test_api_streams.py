"""Lines of a watch, however they come and end."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.cluster.answers import answering, connected
from webhook.errors import ClusterError


async def test_a_watch_gives_lines_of_any_cut() -> None:
    async def lines(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in (b'{"a"', b':1}\n{"b":2}\n', b"x" * 200_000, b"\n", b"rest"):
            await response.write(part)
        return response

    async with connected() as (served, api):
        served.answer = lines
        async with api.stream("/x", {"watch": "true"}) as found:
            seen = [line async for line in found]

    assert seen == [b'{"a":1}\n', b'{"b":2}\n', b"x" * 200_000 + b"\n", b"rest"]


async def test_a_line_that_is_too_long_asks_for_a_new_list() -> None:
    async def long(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1_000_000)

    async with connected() as (served, api):
        served.answer = long
        async with api.stream("/x", {}) as found:
            with pytest.raises(ClusterError, match="a line that is too long") as caught:
                await anext(found)

    assert caught.value.reason == "Expired"


async def test_a_watch_that_breaks_says_so() -> None:
    async def breaking(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{}\n")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with connected() as (served, api):
        served.answer = breaking
        async with api.stream("/x", {}) as found:
            assert await anext(found) == b"{}\n"
            with pytest.raises(ClusterError, match="the watch of /x broke"):
                await anext(found)


async def test_a_watch_that_is_left_hangs_up_at_once() -> None:
    gone = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{}\n")
        while request.transport is not None:  # noqa: ASYNC110 - the client's doing
            await asyncio.sleep(0.01)
        gone.set()
        return response

    async with connected() as (served, api):
        served.answer = silent
        async with api.stream("/x", {}) as found:
            assert await anext(found) == b"{}\n"
        async with asyncio.timeout(5):
            await gone.wait()

        served.answer = answering(403, b'{"reason": "Forbidden"}')
        with pytest.raises(ClusterError, match="403"):
            async with api.stream("/x", {}):
                pass
