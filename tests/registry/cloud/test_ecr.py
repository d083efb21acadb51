"""ECR: moto gives the login, and Debian's docker-registry takes it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.moto_server import moto
from tests.registry.asking import CONFIG
from tests.registry.cloud.services import logins, services
from tests.registry.rerouted import Rerouted
from tests.servers import real_registry
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.images import image
from webhook.errors import UnavailableError
from webhook.registry.client import RegistryClient
from webhook.registry.cloud.place import CloudPlace
from webhook.registry.credentials import Basic
from webhook.registry.limits import Limits
from webhook.registry.transport import Connections

ACCOUNT = "123456789012"
HOST = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
KEYS = CloudPlace(aws_access_key_id="A", aws_secret_access_key="S")
API = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
REGISTRY = Registry(name="prod", host=HOST, provider="ecr")


@pytest.mark.tool("docker-registry")
@pytest.mark.tool("moto_server")
@pytest.mark.parametrize("identity", ["keys", "web identity"])
async def test_the_login_that_aws_gives_opens_the_registry(identity: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a token of the cluster")
    # moto's token, see `moto/ecr/responses.py`.
    users = {"AWS": f"{ACCOUNT}-auth-token"}
    async with moto(tmp_path) as aws, real_registry(tmp_path, "htpasswd", users=users) as real:
        digest = await real.push("prod/web", image(entrypoint=["/app"]))
        place = CloudPlace(
            aws_endpoint_url_ecr=aws,
            aws_endpoint_url_sts=aws,
            aws_web_identity_token_file=str(tmp_path / "token"),
            aws_role_arn=f"arn:aws:iam::{ACCOUNT}:role/cocket",
        )
        if identity == "keys":
            place = replace(place, aws_access_key_id="A", aws_secret_access_key="S")
        connections = Connections()
        async with logins(place) as cloud:
            client = RegistryClient(
                lambda _reach: Rerouted(connections, {HOST: real.host}),
                close=connections,
                cloud=cloud,
            )
            facts = await client.facts(
                ImageRef.parse(f"{HOST}/prod/web@{digest}"), CONFIG, REGISTRY
            )
            await client.close()

    assert facts.complete


def reply(password: str) -> dict[str, Any]:
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    return {"authorizationData": [{"authorizationToken": token, "expiresAt": 1.0}]}


async def test_one_login_is_enough_for_all_registries_of_a_region_and_six_hours() -> None:
    clock = [0.0]
    async with services() as served:
        served.answers["/"] = reply("secret")
        async with logins(replace(KEYS, aws_endpoint_url_ecr=served.url), clock) as cloud:
            (first,) = await cloud.of("ecr", HOST, "prod")
            await cloud.of("ecr", HOST.replace("1", "2", 1), "other")
            clock[0] = 6 * 3600.0
            await cloud.of("ecr", HOST, "prod")

        assert [one.headers["x-amz-target"] for one in served.asked] == [API] * 2
        assert served.asked[0].body == "{}"
    assert first.credential == Basic("AWS", "secret")
    assert "secret" not in repr(first)


async def test_a_login_that_is_refused_after_a_while_is_asked_for_once_more(
    tmp_path: Path,
) -> None:
    clock = [0.0]
    async with (
        services() as served,
        real_registry(tmp_path, "htpasswd", users={"AWS": "b"}) as real,
    ):
        digest = await real.push("prod/web", image(entrypoint=["/app"]))
        ref = ImageRef.parse(f"{HOST}/prod/web@{digest}")
        served.answers["/"] = reply("a")
        connections = Connections()
        async with logins(replace(KEYS, aws_endpoint_url_ecr=served.url), clock) as cloud:
            client = RegistryClient(
                lambda _reach: Rerouted(connections, {HOST: real.host}),
                close=connections,
                cloud=cloud,
                limits=Limits(failure_seconds=0.0),
            )
            for _ in range(2):
                with pytest.raises(UnavailableError) as refused:
                    await client.facts(ref, CONFIG, REGISTRY)
            asked = len(served.asked)
            served.answers["/"] = reply("b")
            clock[0] = 61.0
            facts = await client.facts(ref, CONFIG, REGISTRY)
            await client.close()

    assert str(refused.value) == (
        f"the login that Amazon ECR gives to Registry prod was refused by {HOST}: 401 unauthorized"
    )
    assert asked == 1  # a new login that is refused is not asked for again
    assert facts.complete


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"authorizationData": []},
        {"authorizationData": [{"authorizationToken": "!"}]},
        {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS").decode()}]},
        {"authorizationData": [{"authorizationToken": 1}]},
        {"authorizationData": [{"authorizationToken": base64.b64encode(b":x").decode()}]},
    ],
)
async def test_a_reply_without_a_login_is_none(answer: dict[str, Any]) -> None:
    async with services() as served:
        served.answers["/"] = answer
        async with logins(replace(KEYS, aws_endpoint_url_ecr=served.url)) as cloud:
            with pytest.raises(UnavailableError, match="the reply of ECR holds no login"):
                await cloud.of("ecr", HOST, "prod")


async def test_a_registry_elsewhere_gets_no_login_of_aws() -> None:
    async with services() as served:
        async with logins(replace(KEYS, aws_endpoint_url_ecr=served.url)) as cloud:
            assert await cloud.of("ecr", f"{HOST}.evil.example", "prod") == []
        assert served.lines() == []
