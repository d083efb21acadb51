"""The real registry takes what we push, and gives it back to whoever may have it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, encode_basic_auth

from tests.servers import PASSWORD, USER, Auth, RealRegistry, real_registry
from webhook.demo.images import OCI_INDEX, Built, image, index


async def pull(
    registry: RealRegistry, path: str, *, accept: str = "", authorization: str = ""
) -> tuple[int, bytes, dict[str, str]]:
    asked = {"Accept": accept} | ({"Authorization": authorization} if authorization else {})
    context = ssl.create_default_context(cadata=registry.ca_pem) if registry.ca_pem else True
    async with ClientSession(registry.url, connector=TCPConnector(ssl=context)) as session:
        answer = await session.get(path, headers=asked)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, await answer.read(), headers


@pytest.mark.parametrize("built", [image(), image(docker=True)], ids=["oci", "docker"])
async def test_what_was_pushed_under_a_tag_comes_back(tmp_path: Path, built: Built) -> None:
    async with real_registry(tmp_path) as registry:
        digest = await registry.push("prod/web", built, "1.0")

        status, body, headers = await pull(
            registry, "/v2/prod/web/manifests/1.0", accept=built.media_type
        )

        assert (status, body) == (200, built.manifest)
        assert headers["docker-content-digest"] == digest
        assert registry.lines()[-1] == "GET /v2/prod/web/manifests/1.0"


async def test_an_index_comes_with_all_that_it_names(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as registry:
        both = index([image(), image(architecture="arm64")], attestations=True)
        digest = await registry.push("prod/web", both, "1.0")

        status, body, _ = await pull(registry, f"/v2/prod/web/manifests/{digest}", accept=OCI_INDEX)
        assert (status, body) == (200, both.manifest)
        for child in both.children:
            status, body, _ = await pull(
                registry, f"/v2/prod/web/manifests/{child.digest}", accept=child.media_type
            )
            assert (status, body) == (200, child.manifest)


async def test_it_speaks_tls(tmp_path: Path) -> None:
    async with real_registry(tmp_path, tls=True) as registry:
        await registry.push("prod/web", image(), "1.0")

        status, _, _ = await pull(registry, "/v2/prod/web/manifests/1.0", accept=image().media_type)

        assert registry.url.startswith("https://")
        assert status == 200


async def test_htpasswd_refuses_a_wrong_password(tmp_path: Path) -> None:
    async with real_registry(tmp_path, "htpasswd") as registry:
        await registry.push("prod/web", image(), "1.0")
        path, accept = "/v2/prod/web/manifests/1.0", image().media_type

        nobody, _, challenge = await pull(registry, path, accept=accept)
        wrong, _, _ = await pull(
            registry, path, accept=accept, authorization=encode_basic_auth(USER, "wrong")
        )
        right, _, _ = await pull(
            registry, path, accept=accept, authorization=encode_basic_auth(USER, PASSWORD)
        )

        assert (nobody, wrong, right) == (401, 401, 200)
        assert challenge["www-authenticate"] == 'Basic realm="tests"'


async def test_a_token_is_good_for_its_own_repository_only(tmp_path: Path) -> None:
    async with real_registry(tmp_path, "token") as registry:
        assert registry.tokens is not None
        await registry.push("public/web", image(), "1.0")
        await registry.push("prod/web", image(), "1.0")
        async with ClientSession() as session:
            query = {"service": "real-registry", "scope": "repository:public/web:pull"}
            reply = await session.get(registry.tokens.realm, params=query)
            bearer = f"Bearer {(await reply.json())['token']}"
        accept = image().media_type

        nobody, _, challenge = await pull(registry, "/v2/prod/web/manifests/1.0", accept=accept)
        public, _, _ = await pull(
            registry, "/v2/public/web/manifests/1.0", accept=accept, authorization=bearer
        )
        other, _, refusal = await pull(
            registry, "/v2/prod/web/manifests/1.0", accept=accept, authorization=bearer
        )

        assert (nobody, public, other) == (401, 200, 401)
        assert f'Bearer realm="{registry.tokens.realm}"' in challenge["www-authenticate"]
        assert 'error="insufficient_scope"' in refusal["www-authenticate"]
        assert registry.tokens.lines[-1] == "- repository:public/web:pull"


@pytest.mark.parametrize("auth", ["none", "htpasswd", "token"])
async def test_nothing_is_left_running(tmp_path: Path, auth: Auth) -> None:
    async with real_registry(tmp_path, auth) as registry:
        host = registry.host

    async with ClientSession() as session:
        with pytest.raises(OSError, match="Connect"):
            await session.get(f"http://{host}/v2/")
