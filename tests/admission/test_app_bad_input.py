"""What is answered to what cannot be judged."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.admission.serving import (
    LIMITS,
    Broken,
    Facts,
    policy_set,
    real_review,
    serving,
    trusting,
)
from tests.admission.wire import POST, connect
from webhook.core.policy import PolicySet
from webhook.core.verdict import Mode

UID = "2f88bb43-27c4-47e1-a438-d28b96216c07"
WARNING_ONLY = policy_set(mode=Mode.WARN)
BAD_OBJECT = real_review("pod-create")
BAD_OBJECT["request"]["object"]["spec"]["containers"] = "nginx"
SMALL = msgspec.structs.replace(LIMITS, body_bytes=100_000, buffered_bytes=100_000)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    assert not [r for r in caplog.records if r.levelname == "ERROR" and r.name == "uvicorn.error"]


@pytest.mark.parametrize(
    ("policies", "allowed"), [(policy_set(), False), (WARNING_ONLY, True)], ids=["enforce", "warn"]
)
@pytest.mark.parametrize(
    ("case", "cause"),
    [
        ("object", "unreadable"),
        ("cut off", "unreadable"),
        ("too large", "too-large"),
        ("too large, without a length", "too-large"),
        ("exception", "exception"),
        ("exception on what was learned", "exception"),
    ],
)
async def test_what_cannot_be_judged_is_refused_if_anything_is_enforced(
    policies: PolicySet,
    allowed: bool,  # noqa: FBT001 - parametrized
    case: str,
    cause: str,
) -> None:
    body: Any = msgspec.json.encode(BAD_OBJECT)
    source: Facts = Facts()
    match case:
        case "cut off":
            body = msgspec.json.encode(real_review("pod-create"))[:-9]
        case "too large":
            body = msgspec.json.encode(real_review("pod-create")) + b" " * 200_000
        case "too large, without a length":
            whole = msgspec.json.encode(real_review("pod-create"))
            body = _in_pieces([whole, *[b" " * 1000] * 300])
        case "exception" | "exception on what was learned":
            body = msgspec.json.encode(real_review("pod-create"))
            source = Broken() if case == "exception" else Facts()
            if case != "exception":
                source.in_memory = False
                source.facts = "nonsense"  # type: ignore[assignment]
    async with serving(policies, source, limits=SMALL) as server:
        async with server.client.post(f"{server.url}/validate", data=body) as answer:
            assert answer.status == 200
            response = (await answer.json())["response"]
        metrics = await server.scrape()
        word = "warned" if allowed else "denied"
        assert f'cocket_unjudged_total{{answer="{word}",cause="{cause}"}} 1.0' in metrics

    assert response["uid"] == UID
    assert response["allowed"] is allowed
    assert ("warnings" in response) is allowed
    assert ("status" in response) is not allowed


async def _pieces(pieces: list[bytes]) -> Any:
    for piece in pieces:
        yield piece


def _in_pieces(pieces: list[bytes]) -> Any:
    return _pieces(pieces)


async def test_an_exception_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(source=Broken()) as server:
        response = await server.ask(real_review("pod-create"))

    [record] = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert "ZeroDivisionError" not in json.dumps(response)


@pytest.mark.parametrize("body", [b"", b"hello", b"{}", b"[]", b"\xff" * 100])
async def test_what_is_no_review_at_all_is_an_http_error(body: bytes) -> None:
    async with serving() as server:
        async with server.client.post(f"{server.url}/validate", data=body) as answer:
            assert answer.status == 400
            assert (await answer.text()).strip().isprintable()
        assert server.metrics.http_errors == {"400": 1}


async def test_a_large_body_that_is_no_review_is_an_http_error() -> None:
    async with serving(limits=SMALL) as server:
        for data in (b"x" * 200_000, _in_pieces([b"x" * 60_000] * 4)):
            async with server.client.post(f"{server.url}/validate", data=data) as answer:
                assert answer.status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/validate", 405),
        ("PUT", "/validate", 405),
        ("HEAD", "/validate", 405),
        ("POST", "/validate/", 404),
        ("POST", "//validate", 404),
        ("POST", "/VALIDATE", 404),
        ("POST", "/", 404),
        ("POST", "/livez", 405),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/livez/", 404),
        ("GET", "/metrics", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
    ],
)
async def test_other_paths_and_methods_get_an_error_and_never_a_redirect(
    method: str, path: str, status: int
) -> None:
    async with (
        serving() as server,
        server.client.request(method, f"{server.url}{path}", allow_redirects=False) as answer,
    ):
        assert answer.status == status


@pytest.mark.parametrize("host", ["x/livez?", "x#", "x?", "x/"])
async def test_the_host_header_does_not_choose_the_path(host: str) -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(f"POST /validate HTTP/1.1\r\nHost: {host}\r\n".encode())
        await wire.send(b"Content-Length: 2\r\n\r\n{}")

        assert b" 400 " in await wire.answer()
        await wire.close()


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=utf-8", ""])
async def test_the_content_type_does_not_matter(content_type: str) -> None:
    body = msgspec.json.encode(real_review("pod-create"))
    async with serving() as server:
        headers = {"Content-Type": content_type}
        async with server.client.post(
            f"{server.url}/validate", data=body, headers=headers
        ) as answer:
            assert answer.status == 200


async def test_a_peer_that_waits_to_be_told_to_continue_is_told() -> None:
    body = msgspec.json.encode(real_review("pod-create"))
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(POST + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body))
        async with asyncio.timeout(3):
            assert b" 100 " in await wire.reader.readuntil(b"\r\n\r\n")
        await wire.send(body)

        assert b'"allowed":true' in await wire.answer()
        await wire.close()


# ------------------------------------------------------------------------------------------------
# Size.


def large_review(megabytes: int) -> bytes:
    """A review as large as an API server makes one."""
    review = real_review("pod-create")
    review["request"]["object"]["metadata"]["annotations"]["large"] = "<" * megabytes * 1_000_000
    return msgspec.json.encode(review)


async def test_large_reviews_that_find_no_room_in_time_are_refused_with_their_uid() -> None:
    limits = msgspec.structs.replace(LIMITS, buffered_bytes=LIMITS.body_bytes, request_seconds=1.0)
    body = large_review(18)
    async with serving(limits=limits) as server:
        holder = await connect(server.server.port, trusting())
        await holder.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body[:100_000])
        await asyncio.sleep(0.1)

        response = await server.ask(body)

        assert response["uid"] == UID
        assert response["allowed"] is False
        assert "too many large reviews" in response["status"]["message"]
        await holder.close()


async def test_large_reviews_that_come_together_are_all_judged() -> None:
    body = large_review(18)
    async with serving(limits=msgspec.structs.replace(LIMITS, request_seconds=30.0)) as server:
        responses = await asyncio.gather(*(server.ask(body, "?timeout=30s") for _ in range(8)))

    assert all(response["allowed"] for response in responses)
