"""Nothing is taken for what was asked for that is not it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.registry.scripted import HOME, Scripted, in_turn, response
from webhook.core.facts import Reason
from webhook.errors import RegistryError
from webhook.registry.content import digest_of
from webhook.registry.manifests import Descriptor
from webhook.registry.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from webhook.registry.exchange import Response

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BODY = b'{"schemaVersion": 2}'
DIGEST = digest_of(BODY)
OTHER = digest_of(b"other")


def asked(*answers: Response) -> tuple[Repository, Scripted]:
    transport = in_turn(*answers)
    return Repository(transport, HOME, "a/b", 9.0), transport


def good(kind: str = MANIFEST, said: str = "") -> Response:
    """The manifest, with the digest that its registry says of it."""
    more = {"docker_content_digest": said} if said else {}
    return response(200, body=BODY, origin=HOME, content_type=kind, **more)


def entry(digest: str = DIGEST, size: int = len(BODY), kind: str = MANIFEST) -> Descriptor:
    return Descriptor(digest=digest, size=size, media_type=kind)


async def test_a_tag_is_what_its_bytes_are() -> None:
    repository, transport = asked(good())
    served = await repository.by_tag("1.0")

    assert (served.digest, served.media_type, served.body) == (DIGEST, MANIFEST, BODY)
    (request,) = transport.sent
    assert request.url.path == "/v2/a/b/manifests/1.0"
    assert request.deadline == 9.0
    # distribution answers 404 for what is not named.
    assert {MANIFEST, INDEX} < set(request.accept.split(", "))


async def test_a_digest_is_what_was_asked_for() -> None:
    repository, transport = asked(good(said=DIGEST))
    served = await repository.by_digest(DIGEST)

    assert served.body == BODY
    assert transport.sent[0].url.path == f"/v2/a/b/manifests/{DIGEST}"


async def test_a_config_is_a_blob_of_the_size_that_was_announced() -> None:
    repository, transport = asked(response(body=BODY))

    assert await repository.config(entry()) == BODY
    assert transport.sent[0].url.path == f"/v2/a/b/blobs/{DIGEST}"
    assert transport.sent[0].max_bytes == len(BODY)


async def test_a_manifest_of_an_index_is_of_the_type_that_the_index_says() -> None:
    repository, transport = asked(good(kind=f"{MANIFEST}; charset=utf-8"))

    assert await repository.manifest(entry()) == BODY
    assert transport.sent[0].max_bytes == len(BODY)


@pytest.mark.parametrize(
    ("ask", "answer", "said"),
    [
        (lambda one: one.by_digest(OTHER), good(), "the manifest"),
        (lambda one: one.by_tag("1"), good(said=OTHER), "announced another"),
        (lambda one: one.by_tag("1"), good(said="junk"), "announced another"),
        (
            lambda one: one.by_digest(DIGEST),
            good(said=OTHER),
            "announced another digest than it served",
        ),
        (lambda one: one.manifest(entry(digest=OTHER)), good(), "a manifest of the index"),
        (lambda one: one.manifest(entry(size=7)), good(), "has 20 bytes and not 7"),
        (lambda one: one.manifest(entry(kind=INDEX)), good(), "two different things"),
        (lambda one: one.config(entry(digest=OTHER)), good(), "the image config"),
        (lambda one: one.config(entry(size=21)), good(), "has 20 bytes and not 21"),
    ],
)
async def test_other_content_than_asked_for_is_bad(
    ask: Callable[[Repository], Awaitable[object]], answer: Response, said: str
) -> None:
    repository, _ = asked(answer)
    with pytest.raises(RegistryError, match=said) as caught:
        await ask(repository)

    assert caught.value.reason is Reason.BAD_CONTENT


async def test_a_digest_of_another_algorithm_says_nothing() -> None:
    repository, _ = asked(good(said="sha512:" + "ab" * 64))

    assert (await repository.by_tag("1")).digest == DIGEST


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, Reason.NOT_FOUND), (401, Reason.UNAUTHORIZED), (429, Reason.RATE_LIMITED)],
)
async def test_what_is_not_served_is_an_error_that_names_it(status: int, reason: Reason) -> None:
    repository, _ = asked(response(status))
    with pytest.raises(RegistryError, match=r"a/b:1\.0") as caught:
        await repository.by_tag("1.0")

    assert caught.value.reason is reason
