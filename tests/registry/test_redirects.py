import pytest
from msgspec.structs import replace

from tests.registry.scripted import HOME, Scripted, in_turn, request, response
from webhook.errors import BadContentError
from webhook.registry.exchange import Request
from webhook.registry.redirects import Redirecting
from webhook.registry.url import Origin

PLAIN = Origin("http", "registry.example.com", 80)


def secret(origin: Origin = HOME) -> Request:
    return replace(request(origin=origin), authorization="Bearer sesame")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(status: int) -> None:
    inner = in_turn(response(status, location="/elsewhere?s=1"), response(200))

    assert (await Redirecting(inner).send(secret())).status == 200
    assert (inner.sent[1].url.path, inner.sent[1].url.query) == ("/elsewhere", "s=1")
    assert inner.sent[1].authorization == "Bearer sesame"


@pytest.mark.parametrize(
    "location",
    [
        "https://cdn.example.com/blob",
        "//cdn.example.com/blob",
        "https://registry.example.com:8443/blob",
        "https://registry.example.com.evil.example/blob",
    ],
)
async def test_no_credential_crosses_an_origin(location: str) -> None:
    inner = in_turn(response(307, location=location), response(200))
    await Redirecting(inner).send(secret())

    assert inner.sent[1].authorization == ""


async def test_no_credential_comes_back_by_a_detour() -> None:
    inner = in_turn(
        response(307, location="https://evil.example/"),
        response(307, location="https://registry.example.com/v2/"),
        response(200),
    )
    await Redirecting(inner).send(secret())

    assert [one.authorization for one in inner.sent] == ["Bearer sesame", "", ""]


async def test_a_redirect_from_http_to_https_drops_credentials_too() -> None:
    inner = in_turn(response(301, location="https://registry.example.com/"), response(200))
    await Redirecting(inner).send(secret(PLAIN))

    assert inner.sent[1].authorization == ""


@pytest.mark.parametrize(
    "location",
    [
        "http://registry.example.com/v2/",
        "http://cdn.example.com/blob",
        "file:///etc/passwd",
        "https://user@evil.example/",
        "https://[::1",
        "https://evil.example/\u00e9",
    ],
)
async def test_some_redirects_are_not_followed(location: str) -> None:
    inner = in_turn(response(307, location=location), response(200))

    with pytest.raises(BadContentError):
        await Redirecting(inner).send(secret())
    assert len(inner.sent) == 1


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    hop = response(307, location="/again")

    assert (await Redirecting(in_turn(hop, hop, hop, response(200))).send(request())).status == 200
    endless = Scripted(lambda _: hop)
    with pytest.raises(BadContentError, match="redirect"):
        await Redirecting(endless).send(request())
    assert len(endless.sent) == 4


@pytest.mark.parametrize("status", [300, 304, 307])
async def test_an_answer_that_leads_nowhere_is_an_answer(status: int) -> None:
    answer = response(status) if status == 307 else response(status, location="/x")

    assert await Redirecting(in_turn(answer)).send(request()) is answer
