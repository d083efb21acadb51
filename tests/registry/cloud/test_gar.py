"""Google: the metadata server, a key file, and what is signed with it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.registry.cloud.services import NOW, logins, services
from tests.registry.rerouted import Rerouted
from webhook.errors import UnavailableError
from webhook.registry.cloud.asking import Asking
from webhook.registry.cloud.place import CloudPlace
from webhook.registry.credentials import Basic
from webhook.registry.transport import Connections

HOST = "europe-docker.pkg.dev"
METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"
KEY = rsa.generate_private_key(65537, 2048)


def pem(key: Any) -> str:
    return str(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
    )


def key_file(folder: Path, **changes: Any) -> CloudPlace:
    content = {
        "client_email": "cocket@acme.example",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": pem(KEY),
    } | changes
    (folder / "key.json").write_text(json.dumps(content))
    return CloudPlace(google_application_credentials=str(folder / "key.json"))


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_the_metadata_server_gives_a_token_until_shortly_before_its_end() -> None:
    clock = [0.0]
    async with services() as served:
        served.answers[METADATA] = {"access_token": "google", "expires_in": 3600}
        async with logins(CloudPlace(gce_metadata_host=served.host), clock) as cloud:
            (held,) = await cloud.of("gar", HOST, "prod")
            clock[0] = 3299.0
            await cloud.of("gar", "gcr.io", "other")
            clock[0] = 3300.0
            await cloud.of("gar", HOST, "prod")

        assert [one.headers["metadata-flavor"] for one in served.asked] == ["Google"] * 2
    assert held.credential == Basic("oauth2accesstoken", "google")
    assert held.source == "the login that Artifact Registry gives to Registry prod"


async def test_a_key_file_signs_an_assertion(tmp_path: Path) -> None:
    connections = Connections()
    async with services() as served:
        served.answers["/token"] = {"access_token": "google", "expires_in": 3600}
        hosts = {"oauth2.googleapis.com": served.host}
        asking = Asking(lambda _reach: Rerouted(connections, hosts))
        async with logins(key_file(tmp_path), asking=asking) as cloud:
            (held,) = await cloud.of("gar", HOST, "prod")
        await connections.close()
        form = parse_qs(served.asked[0].body)

    assert held.credential == Basic("oauth2accesstoken", "google")
    head, claims, signature = form["assertion"][0].split(".")
    KEY.public_key().verify(decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    assert msgspec.json.decode(decoded(head)) == {"alg": "RS256", "typ": "JWT"}
    told = msgspec.json.decode(decoded(claims))
    assert told["iss"] == "cocket@acme.example"
    assert told["aud"] == "https://oauth2.googleapis.com/token"
    assert told["exp"] - told["iat"] == 600
    assert told["iat"] == int(NOW.timestamp())


@pytest.mark.parametrize(
    ("writes", "scope"), [(False, "devstorage.read_only"), (True, "cloud-platform")]
)
async def test_who_writes_asks_for_more_than_who_reads(
    scope: str, tmp_path: Path, *, writes: bool
) -> None:
    connections = Connections()
    async with services() as served:
        served.answers["/token"] = {"access_token": "google", "expires_in": 3600}
        hosts = {"oauth2.googleapis.com": served.host}
        asking = Asking(lambda _reach: Rerouted(connections, hosts))
        async with logins(key_file(tmp_path), asking=asking, writes=writes) as cloud:
            await cloud.of("gar", HOST, "prod")
        await connections.close()
        claims = parse_qs(served.asked[0].body)["assertion"][0].split(".")[1]

    told = msgspec.json.decode(decoded(claims))
    assert told["scope"] == f"https://www.googleapis.com/auth/{scope}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"private_key": "x"}, "holds no private key"),
        ({"private_key": pem(ec.generate_private_key(ec.SECP256R1()))}, "holds no RSA key"),
        ({"client_email": ""}, "holds no client_email"),
        ({"token_uri": "http://oauth2.googleapis.com/token"}, "is not over HTTPS"),
        ({"token_uri": "file:///etc"}, "is no http or https address"),
    ],
)
async def test_a_key_file_that_cannot_be_used_says_why(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    async with logins(key_file(tmp_path, **changes)) as cloud:
        with pytest.raises(UnavailableError) as refused:
            await cloud.of("gar", HOST, "prod")

    assert said in str(refused.value)
    assert "PRIVATE" not in str(refused.value)


async def test_a_reply_without_a_token_is_no_login() -> None:
    async with services() as served:
        served.answers[METADATA] = {"expires_in": 3600}
        async with logins(CloudPlace(gce_metadata_host=served.host)) as cloud:
            with pytest.raises(UnavailableError, match="holds no access_token"):
                await cloud.of("gar", HOST, "prod")
