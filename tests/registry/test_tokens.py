import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.registry.scripted import HOME, Scripted, response
from webhook.core.facts import Reason
from webhook.errors import BadContentError, RegistryError
from webhook.registry.credentials import Anonymous, Basic, Credential, IdentityToken
from webhook.registry.exchange import Request, Response
from webhook.registry.realm import Realm
from webhook.registry.tokens import Question, Tokens
from webhook.registry.url import Origin, parse_url

AUTH = Origin("https", "auth.example.com", 443)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def question(credential: Credential = Anonymous(), repository: str = "a/b") -> Question:
    realm = Realm(
        parse_url("https://auth.example.com/token", "it"),
        "registry",
        (f"repository:{repository}:pull",),
        trusted=True,
    )
    return Question(HOME, realm, credential)


def service(**reply: Any) -> Scripted:
    def answer(_: Request) -> Response:
        return response(body=json.dumps(reply).encode(), origin=AUTH)

    return Scripted(answer)


async def get(tokens: Tokens, asked: Question, transport: Scripted) -> str:
    return await tokens.get(asked, transport, asyncio.get_running_loop().time() + 5)


async def test_a_user_gets_a_token_with_a_password() -> None:
    transport = service(token="t")

    assert await get(Tokens(Clock()), question(Basic("ada", "sesame")), transport) == "t"
    sent = transport.sent[0]
    assert sent.method == "GET"
    assert parse_qs(sent.url.query) == {
        "service": ["registry"],
        "scope": ["repository:a/b:pull"],
        "account": ["ada"],
    }
    assert sent.authorization == Basic("ada", "sesame").header()


async def test_nobody_gets_a_token_without_a_name() -> None:
    transport = service(access_token="t")

    assert await get(Tokens(Clock()), question(), transport) == "t"
    assert transport.sent[0].authorization == ""
    assert "account" not in transport.sent[0].url.query


async def test_an_identity_token_is_posted() -> None:
    transport = service(access_token="t")

    assert await get(Tokens(Clock()), question(IdentityToken("sesame")), transport) == "t"
    sent = transport.sent[0]
    assert (sent.method, sent.authorization, sent.url.query) == ("POST", "", "")
    assert dict(sent.form) == {
        "grant_type": "refresh_token",
        "client_id": "cocket",
        "service": "registry",
        "scope": "repository:a/b:pull",
        "refresh_token": "sesame",
    }


@pytest.mark.parametrize(
    ("expires_in", "lasts"),
    [(300, 290), (60, 50), (20, 10), (12, 6), (1, 0.5), (10**6, 3590), (0, 50), (-1, 50), ("9", 50),
     (True, 50), (None, 50)],
)  # fmt: skip
async def test_a_token_is_used_as_long_as_it_lasts_and_no_longer(
    expires_in: object, lasts: float
) -> None:
    clock = Clock()
    tokens = Tokens(clock)
    transport = service(token="t", expires_in=expires_in)
    await get(tokens, question(), transport)
    clock.now = lasts - 0.01
    await get(tokens, question(), transport)
    assert len(transport.sent) == 1
    clock.now = lasts
    await get(tokens, question(), transport)

    assert len(transport.sent) == 2


async def test_users_and_repositories_have_tokens_of_their_own() -> None:
    tokens = Tokens(Clock())
    transport = service(token="t", expires_in=300)
    for asked in (
        question(),
        question(Basic("ada", "sesame")),
        question(Basic("ada", "other")),
        question(repository="c/d"),
    ):
        await get(tokens, asked, transport)

    assert len(transport.sent) == 4


async def test_many_ask_and_one_token_is_fetched() -> None:
    tokens = Tokens(Clock())
    transport = service(token="t")
    await asyncio.gather(*(get(tokens, question(), transport) for _ in range(20)))

    assert len(transport.sent) == 1


async def test_tokens_are_not_kept_without_end() -> None:
    tokens = Tokens(Clock())
    transport = service(token="t")
    for number in range(4097):
        await get(tokens, question(repository=f"a/{number}"), transport)

    assert tokens.kept(question(repository="a/0")) is None
    assert tokens.kept(question(repository="a/1")) == "t"


async def test_a_forgotten_token_is_fetched_again() -> None:
    tokens = Tokens(Clock())
    transport = service(token="t")
    await get(tokens, question(), transport)
    tokens.forget(question())
    await get(tokens, question(), transport)

    assert len(transport.sent) == 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Reason.UNAUTHORIZED),
        (401, Reason.UNAUTHORIZED),
        (403, Reason.UNAUTHORIZED),
        (404, Reason.NOT_FOUND),
        (405, Reason.BAD_CONTENT),
        (307, Reason.BAD_CONTENT),
        (429, Reason.RATE_LIMITED),
        (500, Reason.UNREACHABLE),
    ],
)
async def test_every_other_answer_has_a_reason(status: int, reason: Reason) -> None:
    transport = Scripted(lambda _: response(status, body=b"sesame", location="https://x/"))

    with pytest.raises(RegistryError) as refused:
        await get(Tokens(Clock()), question(), transport)
    assert refused.value.reason is reason
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"token":""}', b'{"token":1}',
     b'{"token":"a\\r\\nb"}', b'{"token":"\\u00e9"}',
     b'{"token":"a","token":"b"}'],
)  # fmt: skip
async def test_a_reply_without_a_clean_token_is_bad_content(body: bytes) -> None:
    with pytest.raises(BadContentError):
        await get(Tokens(Clock()), question(), Scripted(lambda _: response(body=body)))
