"""What becomes of everything that an API server, or what stands before it, may answer."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException

from tests.cluster.answers import TOKEN, answering, connected
from tests.e2e.processes import free_port
from webhook.cluster.api import Api, decode
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Thing(msgspec.Struct):
    """What these tests ask for."""

    name: str


@pytest.mark.parametrize(
    ("ask", "method", "path", "content_type", "body"),
    [
        (
            lambda api: api.read("/x", {"limit": "5", "a": "b&c"}),
            "GET",
            "/x?limit=5&a=b%26c",
            "",
            "",
        ),
        (
            lambda api: api.create("/x", {"a": 1}, {"fieldManager": "m"}),
            *("POST", "/x?fieldManager=m", "application/json", '{"a": 1}'),
        ),
        (
            lambda api: api.replace("/x", Thing("a")),
            *("PUT", "/x", "application/json", '{"name": "a"}'),
        ),
        (
            lambda api: api.merge("/x", {"a": None}),
            *("PATCH", "/x", "application/merge-patch+json", '{"a": null}'),
        ),
        (
            lambda api: api.apply("/x", {"a": 1}, manager="m"),
            *("PATCH", "/x?fieldManager=m", "application/apply-patch+yaml", '{"a": 1}'),
        ),
        (
            lambda api: api.apply("/x", {}, manager="m", force=True),
            *("PATCH", "/x?fieldManager=m&force=true", "application/apply-patch+yaml", "{}"),
        ),
        (lambda api: api.delete("/x", {"a": 1}), "DELETE", "/x", "application/json", '{"a": 1}'),
    ],
    ids=["read", "create", "replace", "merge", "apply", "apply by force", "delete"],
)
async def test_each_verb_says_what_it_sends(
    ask: Callable[[Api], Awaitable[bytes]], method: str, path: str, content_type: str, body: str
) -> None:
    async with connected() as (served, api):
        await ask(api)

    ((how, where, headers, sent),) = served.asked
    assert (how, where) == (method, path)
    assert headers["authorization"] == TOKEN
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert not content_type or headers["content-type"] == content_type
    assert (json.loads(sent) if sent else "") == (json.loads(body) if body else "")


async def test_what_is_read_is_decoded() -> None:
    async with connected() as (_, api):
        assert await api.get("/x", Thing) == Thing("a")


@pytest.mark.parametrize("data", [b"", b"{}", b'{"name": 1}', b"\xff", b"[" * 100_000])
def test_content_of_another_shape_is_an_error_that_names_the_path(data: bytes) -> None:
    with pytest.raises(ClusterError, match=r"^/x: unexpected content"):
        decode(data, Thing, "/x")


@pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503])
async def test_no_is_an_error_with_the_servers_words(status: int) -> None:
    body = json.dumps({"reason": "Because", "message": "it is so"}).encode()
    async with connected() as (served, api):
        served.answer = answering(status, b"" if status == 304 else body)
        with pytest.raises(ClusterError) as caught:
            await api.merge("/x", {})

    assert caught.value.status == status
    assert caught.value.reason == ("" if status == 304 else "Because")
    assert str(caught.value).startswith(f"PATCH /x: the API server answered {status}: ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(status: int) -> None:
    """Neither the token nor a Secret's key goes where an answer points to."""
    async with connected() as (served, api):
        served.answer = answering(status, Location="/elsewhere")
        with pytest.raises(ClusterError, match="PATCH /x: "):
            await api.merge("/x", {"key": "private"})

    assert [path for _, path, _, _ in served.asked] == ["/x"]


async def test_a_refusal_without_end_is_read_to_its_beginning_only() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    async with connected() as (served, api):
        served.answer = endless
        async with asyncio.timeout(5):
            with pytest.raises(ClusterError, match="answered 500: it did not say why"):
                await api.read("/x")


async def test_who_hangs_up_was_not_reached() -> None:
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with connected() as (served, api):
        served.answer = hang_up
        with pytest.raises(ClusterError, match=r"GET /x: the API server was not reached") as caught:
            await api.read("/x")

    assert caught.value.status == 0
    assert "of-the-tests" not in str(caught.value)


async def test_an_answer_that_is_cut_off_is_an_error() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"name": "a"}')
        assert request.transport is not None
        request.transport.abort()
        return response

    async with connected() as (served, api):
        served.answer = cut
        with pytest.raises(ClusterError, match="was not reached"):
            await api.get("/x", Thing)


async def test_nobody_there_is_an_error() -> None:
    configuration = Configuration(host=f"http://127.0.0.1:{free_port()}")
    async with ApiClient(configuration) as client:
        with pytest.raises(ClusterError, match="was not reached") as caught:
            await Api(client, "cocket").read("/x")

    assert (caught.value.status, caught.value.reason) == (0, "")


async def test_a_login_that_cannot_be_renewed_is_an_error_and_tried_again() -> None:
    """The kubelet replaces the token's file, and may be found at it."""
    broken = [True]

    def hook(_: Configuration) -> None:
        if broken:
            raise ConfigException("Token file exists but empty.")

    async with connected(hook) as (_, api):
        with pytest.raises(ClusterError, match="Token file exists but empty"):
            await api.read("/x")
        broken.clear()

        assert await api.get("/x", Thing) == Thing("a")
