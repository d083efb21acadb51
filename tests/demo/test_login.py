"""The demo registry lets in whom it should, and asks the others in the words of the spec."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession, encode_basic_auth

from tests.demo.asking import Reply, ask
from webhook.demo.images import image
from webhook.demo.login import BasicLogin, Login, NoLogin, TokenLogin, basic
from webhook.demo.registry import DemoRegistry

PATH = "/v2/prod/web/manifests/1.0"
SCOPE = "repository:prod/web:pull"
ROBOT = encode_basic_auth("robot", "sesame")


def registry_with(login: Login) -> DemoRegistry:
    registry = DemoRegistry(login=login)
    registry.add("prod/web", image(), "1.0")
    return registry


async def token(url: str, authorization: str = "", scope: str = SCOPE) -> Reply:
    question = f"{url}?service=demo-registry&scope={scope}"
    return await (ask(question, authorization=authorization) if authorization else ask(question))


async def test_basic_wants_the_right_password() -> None:
    async with registry_with(BasicLogin()) as registry:
        url = f"http://{registry.host}{PATH}"

        nobody = await ask(url)
        wrong = await ask(url, authorization=encode_basic_auth("robot", "wrong"))

        assert (nobody.status, nobody.code) == (401, "UNAUTHORIZED")
        assert nobody.headers["www-authenticate"] == 'Basic realm="demo"'
        assert wrong.status == 401
        assert (await ask(url, authorization=ROBOT)).status == 200


async def test_a_challenge_names_realm_service_and_scope() -> None:
    async with registry_with(TokenLogin()) as registry:
        ping = await ask(f"http://{registry.host}/v2/")
        pull = await ask(f"http://{registry.host}{PATH}")

        realm = f'realm="http://{registry.host}/token",service="demo-registry"'
        assert ping.headers["www-authenticate"] == f"Bearer {realm}"
        assert pull.headers["www-authenticate"] == f'Bearer {realm},scope="{SCOPE}"'


async def test_a_token_opens_its_own_repository_until_it_expires() -> None:
    async with registry_with(TokenLogin()) as registry:
        registry.add("prod/other", image(), "1.0")
        reply = await token(f"http://{registry.host}/token")
        bearer = f"Bearer {reply.json['token']}"
        url = f"http://{registry.host}{PATH}"

        assert reply.json["expires_in"] == 300
        assert (await ask(url, authorization=bearer)).status == 200
        other = await ask(url.replace("/web/", "/other/"), authorization=bearer)
        assert 'error="insufficient_scope"' in other.headers["www-authenticate"]
        registry.tokens.forget()
        expired = await ask(url, authorization=bearer)
        assert expired.status == 401
        assert 'error="invalid_token"' in expired.headers["www-authenticate"]


@pytest.mark.parametrize("private", ["", "prod", "prod/web"])
async def test_nobody_gets_a_token_that_does_not_open_what_is_private(private: str) -> None:
    async with registry_with(TokenLogin(private=(private,))) as registry:
        url = f"http://{registry.host}{PATH}"
        for authorization, status in (("", 401), (ROBOT, 200)):
            reply = await token(f"http://{registry.host}/token", authorization)

            bearer = f"Bearer {reply.json['token']}"
            assert (await ask(url, authorization=bearer)).status == status


async def test_what_is_private_is_told_by_whole_segments() -> None:
    async with registry_with(TokenLogin(private=("pro", "prod/we"))) as registry:
        reply = await token(f"http://{registry.host}/token")

        url = f"http://{registry.host}{PATH}"
        assert (await ask(url, authorization=f"Bearer {reply.json['token']}")).status == 200


async def test_a_wrong_password_gets_no_token() -> None:
    async with registry_with(TokenLogin()) as registry:
        reply = await token(f"http://{registry.host}/token", encode_basic_auth("robot", "no"))

        assert (reply.status, reply.code) == (401, "UNAUTHORIZED")


async def test_the_token_service_can_stand_elsewhere_or_be_somebody_else() -> None:
    async with registry_with(TokenLogin(elsewhere=True)) as registry:
        url = f"http://{registry.host}{PATH}"

        theirs = (await ask(url)).headers["www-authenticate"]
        registry.login = TokenLogin(realm="http://169.254.169.254/token")
        evil = (await ask(url)).headers["www-authenticate"]

        assert f'realm="http://{registry.elsewhere}/token"' in theirs
        assert 'realm="http://169.254.169.254/token"' in evil


async def test_the_quirks_of_other_registries_can_be_had() -> None:
    quirks = TokenLogin(scope=False, lifetime=None, field="access_token", service="x")
    async with registry_with(quirks) as registry:
        challenge = (await ask(f"http://{registry.host}{PATH}")).headers["www-authenticate"]
        reply = await token(f"http://{registry.host}/token")

        assert challenge == f'Bearer realm="http://{registry.host}/token",service="x"'
        assert list(reply.json) == ["access_token"]


async def test_any_challenges_can_be_sent_side_by_side() -> None:
    login = TokenLogin(challenges=("Negotiate", 'Basic realm="x"'))
    async with registry_with(login) as registry, ClientSession() as session:
        answer = await session.get(f"http://{registry.host}{PATH}")

        assert answer.headers.getall("WWW-Authenticate") == ["Negotiate", 'Basic realm="x"']


async def test_an_identity_token_is_posted() -> None:
    async with registry_with(TokenLogin(private=("",), identity_token="id")) as registry:
        url = f"http://{registry.host}/token"
        form = {"grant_type": "refresh_token", "refresh_token": "id", "scope": SCOPE}
        async with ClientSession() as session:
            right = await (await session.post(url, data=form)).json()
            wrong = await session.post(url, data=form | {"refresh_token": "no"})
            registry.login = TokenLogin()
            refused = await session.post(url, data=form)

        bearer = f"Bearer {right['token']}"
        registry.login = TokenLogin(private=("",))
        assert (await ask(f"http://{registry.host}{PATH}", authorization=bearer)).status == 200
        assert (wrong.status, refused.status) == (401, 405)


async def test_without_a_token_service_there_are_no_tokens() -> None:
    async with registry_with(NoLogin()) as registry:
        assert (await token(f"http://{registry.host}/token")).status == 401


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (ROBOT, ("robot", "sesame")),
        ("basic cm9ib3Q6YTpi", ("robot", "a:b")),
        ("Bearer cm9ib3Q6YTpi", None),
        ("Basic !", None),
        ("Basic cm9ib3Q=", None),
        ("Basic //79", None),
        ("", None),
    ],
)
def test_a_basic_header_is_read(header: str, found: tuple[str, str] | None) -> None:
    assert basic(header) == found
