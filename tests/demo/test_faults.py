"""Each fault does what it says, to the requests that it is meant for, and then it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import (
    ClientPayloadError,
    ClientSession,
    ServerDisconnectedError,
    encode_basic_auth,
)

from tests.demo.asking import ACCEPT, ask
from webhook.demo.faults import Fault
from webhook.demo.images import image
from webhook.demo.login import BasicLogin
from webhook.demo.registry import DemoRegistry

PATH = "/v2/prod/web/manifests/1.0"
BODY = image().manifest


@pytest.fixture
async def registry() -> AsyncIterator[DemoRegistry]:
    async with DemoRegistry() as started:
        started.add("prod/web", image(), "1.0")
        yield started


async def test_faults_come_in_order_and_end(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(status=503), Fault(status=500), times=2)

    replies = [await ask(f"http://{registry.host}{PATH}") for _ in range(4)]

    assert [reply.status for reply in replies] == [503, 500, 500, 200]
    assert replies[0].code == "UNKNOWN"
    assert replies[3].body == BODY


async def test_a_fault_hits_its_path_and_its_method_only(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(method="GET", status=503))

    assert (await ask(f"http://{registry.host}/v2/")).status == 200
    assert (await ask(f"http://{registry.host}{PATH}", "HEAD")).status == 200
    assert (await ask(f"http://{registry.host}{PATH}")).status == 503


async def test_a_fault_after_the_login_hits_nobody_who_did_not_log_in(
    registry: DemoRegistry,
) -> None:
    registry.login = BasicLogin()
    registry.fault(PATH, Fault(logged_in=True, status=412))
    url, known = f"http://{registry.host}{PATH}", encode_basic_auth("robot", "sesame")

    assert (await ask(url)).status == 401
    assert (await ask(url, authorization=known)).status == 412
    assert (await ask(url, authorization=known)).status == 200


async def test_a_fault_for_any_path_hits_whatever_comes_next(registry: DemoRegistry) -> None:
    registry.fault("*", Fault(status=502, code="UNAVAILABLE"))

    assert (await ask(f"http://{registry.host}/v2/")).code == "UNAVAILABLE"
    assert (await ask(f"http://{registry.host}/v2/")).status == 200


async def test_healing_forgets_what_has_not_come_yet(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(status=503), times=5)

    registry.heal()

    assert (await ask(f"http://{registry.host}{PATH}")).status == 200


async def test_the_body_changes_and_the_headers_stay(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(body=b"{}"))

    reply = await ask(f"http://{registry.host}{PATH}")

    assert (reply.status, reply.body) == (200, b"{}")
    assert reply.headers["docker-content-digest"] == image().digest
    assert reply.headers["content-length"] == "2"


async def test_headers_change_and_the_body_stays(registry: DemoRegistry) -> None:
    change = (("Content-Type", "text/html"), ("Docker-Content-Digest", ""), ("ETag", "x"))
    registry.fault(PATH, Fault(headers=change))

    reply = await ask(f"http://{registry.host}{PATH}")

    assert reply.headers["content-type"] == "text/html"
    assert "docker-content-digest" not in reply.headers
    assert reply.headers["etag"] == "x"
    assert reply.body == BODY


async def test_the_length_is_not_told(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(chunked=True))

    reply = await ask(f"http://{registry.host}{PATH}")

    assert "content-length" not in reply.headers
    assert reply.body == BODY


async def test_an_answer_comes_late(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(delay=0.2))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await ask(f"http://{registry.host}{PATH}")


async def test_a_body_drips(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(body=b"abc", drip=0.05))

    url = f"http://{registry.host}{PATH}"
    async with ClientSession() as session, session.get(url, headers={"Accept": ACCEPT}) as answer:
        parts = [part async for part in answer.content.iter_any()]

    assert parts == [b"a", b"b", b"c"]


async def test_head_has_no_body_to_drip(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(drip=60))

    reply = await ask(f"http://{registry.host}{PATH}", "HEAD")

    assert reply.headers["content-length"] == str(len(BODY))


async def test_a_body_is_cut(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(cut=10))

    url = f"http://{registry.host}{PATH}"
    async with ClientSession() as session, session.get(url, headers={"Accept": ACCEPT}) as answer:
        assert answer.content_length == len(BODY)
        assert await answer.content.readexactly(10) == BODY[:10]
        with pytest.raises(ClientPayloadError):
            await answer.content.read()


async def test_a_body_never_ends(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(body=b"0123456789" * 1000, endless=True))

    url = f"http://{registry.host}{PATH}"
    async with ClientSession() as session, session.get(url, headers={"Accept": ACCEPT}) as answer:
        beginning = await answer.content.readexactly(1_000_000)

    assert beginning == b"0123456789" * 100_000
    assert (await ask(f"http://{registry.host}{PATH}")).body == BODY


async def test_the_connection_ends_without_an_answer(registry: DemoRegistry) -> None:
    registry.fault(PATH, Fault(hang_up=True), times=2)

    with pytest.raises(ServerDisconnectedError):
        await ask(f"http://{registry.host}{PATH}")

    # The client asked again by itself, as HTTP allows for a GET (RFC 9110, section 9.2.2).
    assert registry.lines() == [f"GET {PATH}"] * 2
