from __future__ import annotations

from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api
from webhook.cluster.credentials import cluster_login


async def test_a_token_is_taken_as_it_is_now() -> None:
    configuration = Configuration(host="https://api.example.com:6443")
    configuration.ssl_ca_cert = "/ca.pem"
    tokens = iter(["first", "second"])

    def fresh(held: Configuration) -> None:
        held.api_key["BearerToken"] = f"Bearer {next(tokens)}"

    configuration.refresh_api_key_hook = fresh  # type: ignore[assignment]  # it says None
    fresh(configuration)
    configuration.ssl_ca_cert = None
    async with ApiClient(configuration) as client:
        login = await cluster_login(Api(client, "ours"))

    assert login.server == "https://api.example.com:6443"
    assert (login.scheme, login.token) == ("Bearer", "second")
    assert login.insecure is False
    assert login.certificate_path is None
    assert "second" not in repr(login)


async def test_without_a_token_there_is_no_header() -> None:
    async with ApiClient(Configuration(host="http://127.0.0.1:1")) as client:
        login = await cluster_login(Api(client, "ours"))

    assert login.scheme is None
    assert login.token is None
