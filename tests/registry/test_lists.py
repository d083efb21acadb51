"""Lists of repositories and tags: whole, or an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import DIGEST
from tests.registry.scripted import HOME, Scripted, in_turn, response
from webhook.core.facts import Reason
from webhook.errors import RegistryError
from webhook.registry.access import Access
from webhook.registry.exchange import Response
from webhook.registry.lists import Listing, contents_of, repositories_of


def page(key: str, *names: object, link: str = "") -> Response:
    body = json.dumps({key: list(names)}).encode()
    return response(body=body, link=link) if link else response(body=body)


def access(transport: Scripted, repository: str = "a/b") -> Access:
    return Access(transport, HOME, repository)


async def test_pages_are_followed_to_their_end() -> None:
    transport = in_turn(
        page("tags", "2", "1", link='</v2/a/b/tags/list?n=1000&last=1>; rel="next"'),
        page("tags", "3"),
    )

    assert await contents_of(access(transport)) == Listing(("1", "2", "3"))
    assert [str(one.url.path) for one in transport.sent] == ["/v2/a/b/tags/list"] * 2
    assert transport.sent[1].url.query == "n=1000&last=1"


async def test_a_catalog_is_narrowed_to_whole_names_below_a_path() -> None:
    transport = in_turn(page("repositories", "prod/a", "production/a", "prod/b/c"))

    assert await repositories_of(access(transport, ""), "prod/") == ["prod/a", "prod/b/c"]


@pytest.mark.parametrize("tags", [[], None])
async def test_a_repository_may_have_no_tags(tags: list[str] | None) -> None:
    transport = in_turn(response(body=json.dumps({"tags": tags}).encode()))

    assert await contents_of(access(transport)) == Listing()


async def test_one_that_is_gone_has_none() -> None:
    assert await contents_of(access(in_turn(response(404)))) == Listing()


def described(*tags: str, media_type: str = "application/vnd.oci.image.manifest.v1+json") -> Any:
    """A manifest as Artifact Registry lists it (go-containerregistry pkg/v1/google/list.go)."""
    return {
        "imageSizeBytes": "1024",
        "layerId": "",
        "mediaType": media_type,
        "tag": list(tags),
        "timeCreatedMs": "1732089600000",
        "timeUploadedMs": "1732089600000",
    }


async def test_a_registry_may_list_every_manifest_beside_its_tags() -> None:
    tagged, untagged = DIGEST, "sha256:" + "cd" * 32
    manifests = {tagged: described("1"), untagged: described()}
    page = {"child": [], "manifest": manifests, "name": "a/b", "tags": ["1"]}
    found = await contents_of(access(in_turn(response(body=json.dumps(page).encode()))))

    assert found == Listing(("1",), (tagged, untagged))


async def test_no_manifests_are_another_answer_than_none_that_are_listed() -> None:
    page = {"child": [], "manifest": {}, "name": "a/b", "tags": []}

    found = await contents_of(access(in_turn(response(body=json.dumps(page).encode()))))
    assert found == Listing((), ())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(401), Reason.UNAUTHORIZED),
        (response(500), Reason.UNREACHABLE),
        (response(body=b"[]"), Reason.BAD_CONTENT),
        (page("tags", "a b"), Reason.BAD_CONTENT),
        (page("tags", 1), Reason.BAD_CONTENT),
        (response(body=b'{"tags": [], "manifest": {"latest": {}}}'), Reason.BAD_CONTENT),
        (page("tags", "1", link="<https://evil.example/v2/>; rel=next"), Reason.BAD_CONTENT),
    ],
)
async def test_what_is_no_list_is_an_error(answer: Response, reason: Reason) -> None:
    with pytest.raises(RegistryError) as caught:
        await contents_of(access(in_turn(answer)))

    assert caught.value.reason is reason


async def test_a_list_without_end_is_left() -> None:
    endless = Scripted(lambda _: page("tags", "1", link='</v2/a/b/tags/list?n=1>; rel="next"'))

    with pytest.raises(RegistryError, match="no end"):
        await contents_of(access(endless))


async def test_a_list_that_is_too_long_is_left() -> None:
    long = page("tags", *(f"t{number}" for number in range(20_001)))

    with pytest.raises(RegistryError, match="more than"):
        await contents_of(access(in_turn(long)))
