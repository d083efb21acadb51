"""One blob, and what can happen to it on its way."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.promote.promoting import Pair, pair, settings
from webhook.core.facts import Reason
from webhook.core.image import ImageRef
from webhook.demo.faults import Fault
from webhook.demo.images import sha256
from webhook.demo.login import TokenLogin
from webhook.demo.pushes import Pushes
from webhook.demo.registry import Redirect
from webhook.errors import BadContentError, RegistryError
from webhook.promote.blobs import copy_blob
from webhook.promote.parts import Blob
from webhook.registry.client import open_client
from webhook.registry.limits import Limits
from webhook.registry.realm import RepositoryAccess

BODY = bytes(range(256)) * 4096
DIGEST = sha256(BODY)
SOURCE = f"/v2/preprod/web/blobs/{DIGEST}"
MIB = 1024 * 1024
LARGE = BODY * 20
SMALL = b"a few bytes"
LARGE_DIGEST = sha256(LARGE)
LARGE_SOURCE = f"/v2/preprod/web/blobs/{LARGE_DIGEST}"
PUSH = RepositoryAccess(actions="pull,push")


async def copy(both: Pair, body: bytes = BODY, size: int | None = None) -> None:
    digest = both.source.put_blob("preprod/web", body)
    await copy_digest(both, digest, len(body) if size is None else size)


async def copy_digest(both: Pair, digest: str, size: int) -> None:
    client = open_client(limits=Limits(breaking=False))
    try:
        source = await client.access(
            ImageRef(both.source.host, "preprod/web"), settings("preprod", both.source)
        )
        target = await client.access(
            ImageRef(both.target.host, "prod/web"), settings("prod", both.target), PUSH
        )
        await copy_blob(Blob(digest, size), source, target, both.watching.moved)
    finally:
        await client.close()


@pytest.mark.parametrize("body", [b"", b"x", BODY], ids=["empty", "a byte", "a megabyte"])
async def test_a_blob_arrives_as_it_was(body: bytes) -> None:
    async with pair() as both:
        await copy(both, body)

        assert both.target.blob("prod/web", sha256(body)) == body
        assert both.watching.went == len(body)


async def test_an_upload_that_breaks_off_begins_anew() -> None:
    async with pair() as both:
        both.target.pushed.cut_after = [1000, 500_000]

        await copy(both)

        assert both.target.blob("prod/web", DIGEST) == BODY
        assert both.watching.went == len(BODY)
        starts = [line for line in both.target.lines() if line.startswith("POST")]
        assert len(starts) == 3


async def test_a_download_that_breaks_off_soon_begins_anew() -> None:
    async with pair() as both:
        both.source.fault(SOURCE, Fault(cut=1000), Fault(cut=500_000))

        await copy(both)

        assert both.target.blob("prod/web", DIGEST) == BODY


def asked_for(both: Pair) -> list[int]:
    """The byte from which on the large blob was asked for, each time.

    What waits to be read when a connection breaks is lost, two megabytes at most: how far one got
    is not known to the byte.
    """
    asked = [one for one in both.source.requests if one.path.endswith(LARGE_DIGEST)]
    ranges = [one.headers.get("range", "bytes=0-") for one in asked]
    return [int(one.removeprefix("bytes=").removesuffix("-")) for one in ranges]


@pytest.mark.parametrize("redirect", [None, Redirect()], ids=["registry", "object store"])
async def test_a_download_that_breaks_off_late_goes_on_where_it_broke(
    redirect: Redirect | None,
) -> None:
    async with pair() as both:
        place = f"/store/0/preprod/web/{LARGE_DIGEST}" if redirect else LARGE_SOURCE
        both.source.redirect = redirect
        both.source.fault(place, *(Fault(cut=5 * MIB) for _ in range(3)))

        await copy(both, LARGE)

        assert both.target.blob("prod/web", LARGE_DIGEST) == LARGE
        assert (both.watching.went, both.watching.vain) == (len(LARGE), 0)
        parts = asked_for(both)[:: 2 if redirect else 1]
        assert len(parts) == 4
        assert all(MIB <= later - one <= 5 * MIB for one, later in pairwise(parts))
        assert sum(line.startswith("POST") for line in both.target.lines()) == 1


async def test_a_registry_that_cannot_begin_in_the_middle_sends_all_of_it_again() -> None:
    async with pair() as both:
        again = Fault(status=200, body=LARGE, headers=(("Content-Range", ""),))
        both.source.fault(LARGE_SOURCE, Fault(cut=5 * MIB), again)

        await copy(both, LARGE)

        begin, middle = asked_for(both)
        assert (begin, middle > MIB) == (0, True)
        assert both.target.blob("prod/web", LARGE_DIGEST) == LARGE
        assert (both.watching.went, both.watching.vain) == (len(LARGE), 0)


async def test_a_connection_that_breaks_behind_the_last_byte_has_brought_all() -> None:
    async with pair() as both:
        ended = Fault(chunked=True, drip=0.001, cut=len(SMALL))
        both.source.fault(f"/v2/preprod/web/blobs/{sha256(SMALL)}", ended)

        await copy(both, SMALL)

        assert both.target.blob("prod/web", sha256(SMALL)) == SMALL
        assert sum(line.startswith("GET") and "blobs" in line for line in both.source.lines()) == 1


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (Fault(body=b"!" * (len(BODY) * 15)), "other bytes under"),
        (Fault(headers=(("Content-Range", "bytes 0-1/2"),)), "another part of a body"),
        (Fault(body=b"!" * len(BODY) * 20), "more than"),
    ],
    ids=["other bytes", "another part", "too many bytes"],
)
async def test_a_rest_that_does_not_belong_to_the_blob_is_never_stored(
    rest: Fault, said: str
) -> None:
    async with pair() as both:
        both.source.fault(LARGE_SOURCE, Fault(cut=5 * MIB), rest)

        with pytest.raises(BadContentError, match=said):
            await copy(both, LARGE)

        assert both.target.blob("prod/web", LARGE_DIGEST) is None


async def test_an_answer_that_is_lost_does_not_send_the_blob_again() -> None:
    async with pair() as both:
        places = [f"/v2/prod/web/blobs/uploads/{number}" for number in (1, 2, 3)]
        both.target.fault(places[0], Fault(method="PUT", hang_up=True))

        await copy(both)

        assert both.target.blob("prod/web", DIGEST) == BODY
        assert sum(line.startswith("PUT") for line in both.target.lines()) == 1
        assert both.watching.went == len(BODY)


@pytest.mark.parametrize(
    "served", [BODY[:-1] + b"!", BODY[:1000]], ids=["other bytes", "too few of them"]
)
async def test_bytes_that_are_not_what_the_digest_says_are_never_stored(served: bytes) -> None:
    async with pair() as both:
        both.source.put_blob("preprod/web", served, digest=DIGEST)

        with pytest.raises(BadContentError, match="other bytes under"):
            await copy_digest(both, DIGEST, len(BODY))

        assert both.target.blob("prod/web", DIGEST) is None


async def test_more_bytes_than_the_manifest_says_are_not_taken() -> None:
    async with pair() as both:
        both.source.fault(SOURCE, Fault(endless=True, chunked=True), times=9)

        with pytest.raises(BadContentError, match="more than"):
            await copy(both)

        assert both.target.blob("prod/web", DIGEST) is None


async def test_after_four_tries_it_is_given_up() -> None:
    async with pair() as both:
        both.source.fault(SOURCE, Fault(status=500), times=99)

        with pytest.raises(RegistryError) as given_up:
            await copy(both)

        assert given_up.value.reason is Reason.UNREACHABLE
        assert sum(line == f"GET {SOURCE}" for line in both.source.lines()) == 4
        assert both.watching.went == 0


async def test_a_token_to_push_is_asked_for() -> None:
    async with pair() as both:
        both.target.login = TokenLogin()

        await copy(both)

        scopes = [one.query["scope"] for one in both.target.requests if one.path == "/token"]
        assert scopes[-1] == ["repository:prod/web:pull,push"]
        assert both.target.blob("prod/web", DIGEST) == BODY


async def test_uploads_go_to_the_registry_and_to_nobody_else() -> None:
    async with pair() as both:
        both.target.pushes = Pushes(location=f"http://{both.target.elsewhere}")

        with pytest.raises(BadContentError, match="wants blobs to be sent to"):
            await copy(both)

        assert all(one.host == both.target.host for one in both.target.requests)


async def test_a_registry_that_refuses_the_digest_is_believed() -> None:
    async with pair() as both:
        both.target.fault(
            "/v2/prod/web/blobs/uploads/1", Fault(method="PUT", status=400, code="DIGEST_INVALID")
        )

        with pytest.raises(BadContentError, match="400 DIGEST_INVALID"):
            await copy(both)
