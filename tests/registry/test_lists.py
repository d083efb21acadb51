"""Lists of repositories and tags: whole, or an error."""

from __future__ import annotations

import json

import pytest

from tests.registry.scripted import HOME, Scripted, in_turn, response
from webhook.core.facts import Reason
from webhook.errors import RegistryError
from webhook.registry.access import Access
from webhook.registry.exchange import Response
from webhook.registry.lists import repositories_of, tags_of


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

    assert await tags_of(access(transport)) == ["1", "2", "3"]
    assert [str(one.url.path) for one in transport.sent] == ["/v2/a/b/tags/list"] * 2
    assert transport.sent[1].url.query == "n=1000&last=1"


async def test_a_catalog_is_narrowed_to_whole_names_below_a_path() -> None:
    transport = in_turn(page("repositories", "prod/a", "production/a", "prod/b/c"))

    assert await repositories_of(access(transport, ""), "prod/") == ["prod/a", "prod/b/c"]


@pytest.mark.parametrize("tags", [[], None])
async def test_a_repository_may_have_no_tags(tags: list[str] | None) -> None:
    transport = in_turn(response(body=json.dumps({"tags": tags}).encode()))

    assert await tags_of(access(transport)) == []


async def test_one_that_is_gone_has_none() -> None:
    assert await tags_of(access(in_turn(response(404)))) == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(401), Reason.UNAUTHORIZED),
        (response(500), Reason.UNREACHABLE),
        (response(body=b"[]"), Reason.BAD_CONTENT),
        (page("tags", "a b"), Reason.BAD_CONTENT),
        (page("tags", 1), Reason.BAD_CONTENT),
        (page("tags", "1", link="<https://evil.example/v2/>; rel=next"), Reason.BAD_CONTENT),
    ],
)
async def test_what_is_no_list_is_an_error(answer: Response, reason: Reason) -> None:
    with pytest.raises(RegistryError) as caught:
        await tags_of(access(in_turn(answer)))

    assert caught.value.reason is reason


async def test_a_list_without_end_is_left() -> None:
    endless = Scripted(lambda _: page("tags", "1", link='</v2/a/b/tags/list?n=1>; rel="next"'))

    with pytest.raises(RegistryError, match="no end"):
        await tags_of(access(endless))


async def test_a_list_that_is_too_long_is_left() -> None:
    long = page("tags", *(f"t{number}" for number in range(20_001)))

    with pytest.raises(RegistryError, match="more than"):
        await tags_of(access(in_turn(long)))
