"""The client before registries that want to know who asks."""

import json
from pathlib import Path

import pytest

from tests.registry.asking import (
    APP,
    ARM,
    client,
    docker_config,
    facts,
    why,
)
from webhook.core.facts import Reason
from webhook.demo.faults import Fault
from webhook.demo.images import index
from webhook.demo.login import BasicLogin, TokenLogin
from webhook.demo.registry import DemoRegistry, Redirect
from webhook.errors import UnavailableError
from webhook.registry.limits import Limits


async def test_tokens_are_asked_for_once_per_repository() -> None:
    async with DemoRegistry(login=TokenLogin()) as registry, client() as asked:
        digest = registry.add("prod/web", index([APP, ARM]))
        other = registry.add("prod/web", APP)
        await facts(registry.name("prod/web", digest), asked)
        await facts(registry.name("prod/web", other), asked)

        asked_for = [one for one in registry.requests if one.path == "/token"]
        assert len(asked_for) == 1
        assert asked_for[0].query["scope"] == ["repository:prod/web:pull"]


@pytest.mark.parametrize(
    "login",
    [
        TokenLogin(private=("",)),
        TokenLogin(private=("",), scope=False),
        TokenLogin(private=("",), field="access_token", lifetime=None),
        BasicLogin(),
        BasicLogin(challenges=("Negotiate", 'Digest realm="x"', 'Basic realm="a, b"')),
    ],
)
async def test_a_docker_config_file_opens_the_door(
    login: TokenLogin | BasicLogin, tmp_path: Path
) -> None:
    async with DemoRegistry(login=login) as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        file = docker_config(tmp_path, **{registry.host: "sesame"})

        other = registry.add("prod/other", APP)
        found = await facts(registry.name("prod/web", digest), asked, docker_config_file=file)
        again = await facts(registry.name("prod/other", other), asked, docker_config_file=file)
    assert found.complete
    assert again.complete


async def test_an_identity_token_opens_the_door(tmp_path: Path) -> None:
    login = TokenLogin(private=("",), identity_token="refresh")
    async with DemoRegistry(login=login) as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        file = tmp_path / "config.json"
        file.write_text(json.dumps({"auths": {registry.host: {"identitytoken": "refresh"}}}))

        found = await facts(registry.name("prod/web", digest), asked, docker_config_file=str(file))
    assert found.complete


async def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    async with DemoRegistry(login=BasicLogin()) as registry:
        digest = registry.add("prod/web", APP)
        name = registry.name("prod/web", digest)
        file = docker_config(tmp_path, **{registry.host: "old"})
        async with client(limits=Limits(failure_seconds=0)) as asked:
            with pytest.raises(UnavailableError):
                await facts(name, asked, docker_config_file=file)
            docker_config(tmp_path, **{registry.host: "sesame"})
            assert (await facts(name, asked, docker_config_file=file)).complete


async def test_credentials_of_other_registries_stay_at_home(tmp_path: Path) -> None:
    async with DemoRegistry(login=BasicLogin()) as registry:
        digest = registry.add("prod/web", APP)
        file = docker_config(tmp_path, **{"registry.example.com": "sesame", "127.0.0.1": "sesame"})
        refused = await why(registry.name("prod/web", digest), docker_config_file=file)

        assert refused.reason is Reason.UNAUTHORIZED
        assert all("authorization" not in one.headers for one in registry.requests)


@pytest.mark.parametrize("content", ["{", '{"credsStore":"desktop"}', None])
async def test_an_unusable_file_is_unauthorized_and_named(
    content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "config.json"
    if content is not None:
        file.write_text(content)
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", APP)
        refused = await why(registry.name("prod/web", digest), docker_config_file=str(file))

        assert registry.lines() == []
    assert refused.reason is Reason.UNAUTHORIZED
    assert "config.json" in str(refused)


async def test_a_token_service_elsewhere_gets_credentials_only_where_it_is_named(
    tmp_path: Path,
) -> None:
    login = TokenLogin(private=("",), elsewhere=True)
    async with DemoRegistry(login=login) as registry:
        digest = registry.add("prod/web", APP)
        name = registry.name("prod/web", digest)
        file = docker_config(tmp_path, **{registry.host: "sesame"})
        refused = await why(name, docker_config_file=file)
        assert refused.reason is Reason.BAD_CONTENT  # over plain HTTP, and foreign
        assert "/token" not in {one.path for one in registry.requests}

        async with client() as asked:
            found = await facts(
                name, asked, docker_config_file=file, token_realm=registry.elsewhere
            )
    assert found.complete


async def test_a_token_service_that_redirects_is_refused(tmp_path: Path) -> None:
    async with DemoRegistry(login=TokenLogin(private=("",))) as registry:
        digest = registry.add("prod/web", APP)
        there = f"http://{registry.elsewhere}/token"
        registry.fault("/token", Fault(status=307, headers=(("Location", there),)), times=9)
        file = docker_config(tmp_path, **{registry.host: "sesame"})
        refused = await why(registry.name("prod/web", digest), docker_config_file=file)

        assert refused.reason is Reason.BAD_CONTENT
        assert registry.lines().count("GET /token") == 1


async def test_a_token_that_expired_early_is_fetched_again() -> None:
    async with DemoRegistry(login=TokenLogin()) as registry, client() as asked:
        one = registry.add("prod/web", APP)
        two = registry.add("prod/web", ARM)
        await facts(registry.name("prod/web", one), asked)
        registry.tokens.forget()

        assert (await facts(registry.name("prod/web", two), asked)).complete


async def test_blobs_may_be_redirected_within_the_registry() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.redirect = Redirect(hops=3)
        digest = registry.add("prod/web", APP)

        assert (await facts(registry.name("prod/web", digest), asked)).complete


async def test_a_redirect_to_another_port_gets_no_credentials_and_no_private_address(
    tmp_path: Path,
) -> None:
    async with DemoRegistry(login=TokenLogin(private=("",))) as registry:
        registry.redirect = Redirect(elsewhere=True)
        digest = registry.add("prod/web", APP)
        file = docker_config(tmp_path, **{registry.host: "sesame"})
        name = registry.name("prod/web", digest)
        refused = await why(name, docker_config_file=file)
        assert refused.reason is Reason.UNREACHABLE
        assert "/store" not in str(registry.lines())

        # Where the second port is the registry's as well, the store would refuse a credential.
        async with client() as asked:
            found = await facts(
                name, asked, docker_config_file=file, token_realm=registry.elsewhere
            )
    assert found.complete
