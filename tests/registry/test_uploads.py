"""Sending: what is asked, and that nothing is there which its registry did not confirm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.builders import DIGEST
from tests.registry.scripted import HOME, Scripted, in_turn, response
from webhook.core.facts import Reason
from webhook.errors import BadContentError, RegistryError
from webhook.registry.access import Access
from webhook.registry.exchange import Request, Response
from webhook.registry.uploads import Uploads
from webhook.registry.url import Url

HERE = "/v2/prod/web/blobs/uploads/"
QUERY = "digest=" + DIGEST.replace(":", "%3A")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def started(location: str = f"{HERE}1") -> Response:
    return response(202, location=location)


def uploads(transport: Scripted) -> Uploads:
    return Uploads(Access(transport, HOME, "prod/web"))


def lines(transport: Scripted) -> list[str]:
    sent = [(one.method, one.url.path, one.url.query) for one in transport.sent]
    return [f"{method} {path}{query and '?'}{query}" for method, path, query in sent]


@pytest.mark.parametrize(
    ("location", "place"),
    [
        (f"{HERE}1", f"{HERE}1?{QUERY}"),
        ("https://registry.example.com/up?state=a%2Fb", f"/up?state=a%2Fb&{QUERY}"),
        (f"https://registry.example.com:443{HERE}1", f"{HERE}1?{QUERY}"),
    ],
)
async def test_a_blob_goes_where_the_registry_says_with_its_digest(
    location: str, place: str
) -> None:
    transport = in_turn(started(location))

    found = await uploads(transport).begin(DIGEST)

    assert found is not None
    assert (found.origin, f"{found.path}?{found.query}") == (HOME, place)
    assert lines(transport) == [f"POST {HERE}"]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://registry.internal/up", "registry.internal"),
        ("http://registry.example.com/up", "X-Forwarded-Proto"),
        ("https://registry.example.com:8443/up", "relativeurls"),
    ],
)
async def test_to_another_host_nothing_is_sent(location: str, said: str) -> None:
    with pytest.raises(BadContentError, match=said):
        await uploads(in_turn(started(location))).begin(DIGEST)


async def test_a_registry_that_says_no_place_is_refused() -> None:
    with pytest.raises(BadContentError, match="does not say where"):
        await uploads(in_turn(response(202))).begin(DIGEST)


async def test_a_mount_that_is_taken_needs_no_upload() -> None:
    transport = in_turn(response(201))

    assert await uploads(transport).begin(DIGEST, "preprod/web") is None
    mount = f"mount={DIGEST.replace(':', '%3A')}&from=preprod%2Fweb"
    assert lines(transport) == [f"POST {HERE}?{mount}"]


@pytest.mark.parametrize("answer", [response(404), response(405), response(403)])
async def test_a_mount_that_is_refused_is_asked_for_as_an_upload(answer: Response) -> None:
    transport = in_turn(answer, started())

    assert await uploads(transport).begin(DIGEST, "preprod/web") is not None
    assert lines(transport)[1] == f"POST {HERE}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(401), Reason.UNAUTHORIZED),
        (response(404), Reason.NOT_FOUND),
        # Somebody else's blob would be believed to be ours.
        (response(201), Reason.UNREACHABLE),
    ],
)
async def test_what_begins_no_upload_is_an_error(answer: Response, reason: Reason) -> None:
    with pytest.raises(RegistryError) as caught:
        await uploads(in_turn(answer)).begin(DIGEST)

    assert caught.value.reason in {reason, Reason.BAD_CONTENT}


@pytest.mark.parametrize("status", [200, 202, 400, 404, 500])
async def test_only_201_says_that_a_blob_is_stored(status: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"

    place = Url(HOME, f"{HERE}1", QUERY)
    deadline = asyncio.get_running_loop().time() + 5
    with pytest.raises(RegistryError):
        await uploads(in_turn(response(status))).send(place, pieces, 3, deadline)
    with pytest.raises(RegistryError):
        await uploads(in_turn(started(), response(status))).put_blob(DIGEST, b"abc")


async def test_a_blob_is_sent_in_one_piece_of_known_length() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"

    transport = in_turn(response(201), started(), response(201))
    place = Url(HOME, f"{HERE}1", QUERY)
    await uploads(transport).send(place, pieces, 3, asyncio.get_running_loop().time() + 5)
    await uploads(transport).put_blob(DIGEST, b"abc")

    streamed, _, small = transport.sent
    assert (streamed.method, streamed.length, streamed.source) == ("PUT", 3, pieces)
    assert (small.method, small.body, small.url.query) == ("PUT", b"abc", QUERY)


def put(answer: Response) -> Scripted:
    return Scripted(lambda _: answer)


@pytest.mark.parametrize(
    "answer",
    [
        response(201),
        response(201, docker_content_digest=DIGEST),
        response(201, docker_content_digest="sha512:" + "ab" * 64),
    ],
)
async def test_a_manifest_is_stored_as_its_bytes(answer: Response) -> None:
    transport = put(answer)

    await uploads(transport).put_manifest("1.0", b"{}", MANIFEST, DIGEST)

    (sent,) = transport.sent
    assert (sent.method, sent.url.path) == ("PUT", "/v2/prod/web/manifests/1.0")
    assert (sent.body, sent.content_type) == (b"{}", MANIFEST)


async def test_a_manifest_that_was_changed_on_its_way_is_refused() -> None:
    other = response(201, docker_content_digest="sha256:" + "00" * 32)

    with pytest.raises(BadContentError, match="the registry stored it under another"):
        await uploads(put(other)).put_manifest("1.0", b"{}", MANIFEST, DIGEST)


async def test_a_manifest_that_was_not_stored_is_named() -> None:
    def answer(_: Request) -> Response:
        return response(403)

    with pytest.raises(RegistryError, match=f"prod/web@{DIGEST}"):
        await uploads(Scripted(answer)).put_manifest(DIGEST, b"{}", MANIFEST, DIGEST)
