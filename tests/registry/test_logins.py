from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.registry.asking import CONFIG, configured, docker_config
from webhook.core.facts import Reason
from webhook.core.image import ImageRef
from webhook.demo.images import image
from webhook.demo.login import BasicLogin
from webhook.demo.registry import DemoRegistry
from webhook.errors import UnavailableError
from webhook.registry.client import open_client
from webhook.registry.credentials import MAX_FILE, Basic, Credential
from webhook.registry.logins import Logins

if TYPE_CHECKING:
    from pathlib import Path

    from webhook.core.registries import Registry

HOST = "registry.example.com"
NAME = f"{HOST}/prod/web"


def secret(password: str, host: str = HOST) -> bytes:
    auths = {host: {"username": "robot", "password": password}}
    return json.dumps({"auths": auths}).encode()


async def of(logins: Logins, registry: Registry) -> list[Credential]:
    return [held.credential for held in await logins.of(NAME, registry)]


async def test_a_registry_that_names_nothing_has_none() -> None:
    assert await Logins().of(NAME, configured(HOST)) == []


async def test_a_secret_is_asked_for_by_its_name_and_read_again_when_it_changes() -> None:
    secrets = {"login": secret("old")}
    logins = Logins(secrets.get)
    registry = configured(HOST, secret_name="login")

    assert await of(logins, registry) == [Basic("robot", "old")]
    secrets["login"] = secret("new")
    assert await of(logins, registry) == [Basic("robot", "new")]


async def test_a_secret_for_other_places_has_none_for_this_one() -> None:
    logins = Logins({"login": secret("old", "other.example.com")}.get)

    assert await logins.of(NAME, configured(HOST, secret_name="login")) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Secret login: there is none of type kubernetes.io/dockerconfigjson"),
        (b"", "Secret login: no Docker config file"),
        (b'{"auths": {"a": {"auth": "c2VjcmV0"}}}', "Secret login: auths['a'].auth: is no base64"),
        (b" " * (MAX_FILE + 1), "Secret login: longer than 1048576 bytes"),
    ],
)
async def test_a_secret_that_cannot_be_used_is_named(content: bytes | None, message: str) -> None:
    secrets: dict[str, Any] = {"login": content}

    with pytest.raises(UnavailableError) as refused:
        await Logins(secrets.get).of(NAME, configured(HOST, secret_name="login"))

    assert refused.value.reason is Reason.UNAUTHORIZED
    assert message in str(refused.value)
    assert "c2VjcmV0" not in str(refused.value)


async def test_outside_a_cluster_there_are_no_secrets() -> None:
    with pytest.raises(UnavailableError, match="only in a cluster are there Secrets"):
        await Logins().of(NAME, configured(HOST, secret_name="login"))


async def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = docker_config(tmp_path, **{HOST: "old"})
    logins = Logins()
    registry = configured(HOST, docker_config_file=file)
    assert await of(logins, registry) == [Basic("robot", "old")]

    docker_config(tmp_path, **{HOST: "new"})
    os.utime(file, ns=(1, 1))

    assert await of(logins, registry) == [Basic("robot", "new")]


async def test_the_client_logs_in_with_a_secret() -> None:
    built = image(entrypoint=["/app"])
    async with DemoRegistry(login=BasicLogin()) as registry:
        registry.add("team/app", built, "1")
        secrets = {"login": secret("sesame", registry.host)}
        client = open_client(secrets=secrets.get)
        try:
            ref = ImageRef.parse(f"{registry.host}/team/app:1")
            named = configured(registry.host, secret_name="login")
            facts = await client.facts(ref, CONFIG, named)
        finally:
            await client.close()

    assert facts.digest == built.digest
