"""Where AWS credentials come from, in order, and what is said where there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.registry.cloud.services import Services, services
from webhook.core.facts import Reason
from webhook.errors import RegistryError
from webhook.registry.cloud.asking import Asking
from webhook.registry.cloud.aws import aws_keys
from webhook.registry.cloud.place import CloudPlace
from webhook.registry.cloud.sigv4 import AwsKeys

REGION = "eu-central-1"
ENDS = "2026-11-28T18:00:00Z"
UNTIL = 1795888800.0
POD = {"AccessKeyId": "AK", "SecretAccessKey": "SK", "Token": "T", "Expiration": ENDS}
STS = f"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>AK</AccessKeyId><SecretAccessKey>SK&amp;</SecretAccessKey>
    <SessionToken>T</SessionToken><Expiration>{ENDS}</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
IMDS = "/latest/meta-data/iam/security-credentials/"


async def keys(place: CloudPlace) -> AwsKeys:
    asking = Asking()
    try:
        return await aws_keys(asking, place, REGION)
    finally:
        await asking.close()


async def refused(place: CloudPlace) -> RegistryError:
    with pytest.raises(RegistryError) as error:
        await keys(place)
    return error.value


def file(folder: Path, content: str = "the token") -> str:
    path = folder / "token"
    path.write_text(f"{content}\n")
    return str(path)


async def test_the_environment_comes_first() -> None:
    place = CloudPlace(
        aws_access_key_id="A",
        aws_secret_access_key="S",
        aws_session_token="T",
        aws_container_credentials_full_uri="http://127.0.0.1:1/",
    )

    assert await keys(place) == AwsKeys("A", "S", "T")


async def test_a_web_identity_is_shown_to_sts(tmp_path: Path) -> None:
    async with services() as served:
        served.answers["/"] = STS
        place = CloudPlace(
            aws_web_identity_token_file=file(tmp_path),
            aws_role_arn="arn:aws:iam::123456789012:role/cocket",
            aws_endpoint_url_sts=served.url,
        )

        found = await keys(place)

        (asked,) = served.asked
    assert found == AwsKeys("AK", "SK&", "T", UNTIL)
    assert parse_qs(asked.body) == {
        "Action": ["AssumeRoleWithWebIdentity"],
        "Version": ["2011-06-15"],
        "RoleArn": ["arn:aws:iam::123456789012:role/cocket"],
        "RoleSessionName": ["cocket"],
        "WebIdentityToken": ["the token"],
    }
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("no xml", "the reply of STS is no XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a document type"),
        ("<a><AccessKeyId>A</AccessKeyId></a>", "holds no Expiration"),
        (STS.replace(ENDS, "tomorrow"), "ends at no time"),
        (STS.replace("<SessionToken>T</SessionToken>", ""), "holds no SessionToken"),
    ],
)
async def test_a_reply_of_sts_that_holds_no_keys_is_refused(
    reply: str, said: str, tmp_path: Path
) -> None:
    async with services() as served:
        served.answers["/"] = reply
        place = CloudPlace(
            aws_web_identity_token_file=file(tmp_path),
            aws_role_arn="a",
            aws_endpoint_url_sts=served.url,
        )

        assert said in str(await refused(place))


async def test_the_agent_of_the_node_knows_the_pod_by_its_token(tmp_path: Path) -> None:
    async with services() as served:
        served.answers["/v1/credentials"] = POD
        place = CloudPlace(
            aws_container_credentials_full_uri=f"{served.url}/v1/credentials",
            aws_container_authorization_token_file=file(tmp_path),
        )

        found = await keys(place)

        (asked,) = served.asked
    assert found == AwsKeys("AK", "SK", "T", UNTIL)
    assert asked.headers["authorization"] == "the token"


async def test_the_token_of_the_pod_goes_to_no_other_host_over_plain_http(tmp_path: Path) -> None:
    place = CloudPlace(
        aws_container_credentials_full_uri="http://192.0.2.1/v1/credentials",
        aws_container_authorization_token_file=file(tmp_path),
    )

    assert "a host that is not the agent of this node" in str(await refused(place))


async def test_the_role_of_the_instance_comes_last_and_takes_a_token_first() -> None:
    async with services() as served:
        served.answers |= {"/latest/api/token": "imds", IMDS: "node", f"{IMDS}node": POD}

        found = await keys(CloudPlace(aws_ec2_metadata_service_endpoint=served.url))

        asked = [
            (one.method, one.path, one.headers.get("x-aws-ec2-metadata-token"))
            for one in served.asked
        ]
        seconds = served.asked[0].headers["x-aws-ec2-metadata-token-ttl-seconds"]
    assert found == AwsKeys("AK", "SK", "T", UNTIL)
    assert asked == [
        ("PUT", "/latest/api/token", None),
        ("GET", IMDS, "imds"),
        ("GET", f"{IMDS}node", "imds"),
    ]
    assert seconds == "300"


@pytest.mark.parametrize("role", ["", "../../user-data", "a b"])
async def test_a_role_with_no_name_is_none(role: str) -> None:
    async with services() as served:
        served.answers |= {"/latest/api/token": "imds", IMDS: role}

        error = await refused(CloudPlace(aws_ec2_metadata_service_endpoint=served.url))

        assert "the instance has no role" in str(error)
        assert len(served.asked) == 2


async def test_without_any_it_says_what_was_looked_for() -> None:
    error = await refused(CloudPlace(aws_ec2_metadata_disabled="TRUE"))

    assert error.reason is Reason.UNAUTHORIZED
    assert "there are no AWS credentials" in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"\xff", "is no text"), (b" \n", "is empty"), (b"a" * 65537, "is")],
)
async def test_a_token_file_that_cannot_be_used_is_named(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    error = await refused(
        CloudPlace(aws_web_identity_token_file=str(path), aws_role_arn="arn:aws:iam::1:role/r")
    )

    assert error.reason is Reason.UNAUTHORIZED
    assert str(error).startswith(f"the web identity token {path} {said}")


def test_nothing_shows_the_keys() -> None:
    place = CloudPlace(aws_access_key_id="A", aws_secret_access_key="hunter2")

    assert "hunter2" not in repr([AwsKeys("A", "hunter2", "hunter2"), place])
    assert "aws_secret_access_key" in repr(place)


async def test_a_service_that_says_no_is_an_error(tmp_path: Path) -> None:
    async with services() as served:
        found: dict[str, Any] = {"/": 403}
        served.answers |= found
        place = CloudPlace(
            aws_web_identity_token_file=file(tmp_path),
            aws_role_arn="a",
            aws_endpoint_url_sts=served.url,
        )
        error = await refused(place)

    assert error.reason is Reason.UNAUTHORIZED
    assert isinstance(served, Services)
