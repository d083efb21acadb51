"""ACR: the two exchanges, whose token goes where, and who is refused."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.registry.cloud.services import Services, logins, services
from tests.registry.rerouted import Rerouted
from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.cloud.asking import Asking
from webhook.registry.cloud.place import CloudPlace
from webhook.registry.credentials import IdentityToken
from webhook.registry.transport import Connections

HOST = "acme.azurecr.io"
ENTRA = "/tenant-1/oauth2/v2.0/token"
EXCHANGE = "/oauth2/exchange"


def place(folder: Path) -> CloudPlace:
    (folder / "token").write_text("kubernetes token")
    return CloudPlace(
        azure_client_id="client-1",
        azure_tenant_id="tenant-1",
        azure_federated_token_file=str(folder / "token"),
    )


def asking(connections: Connections, served: Services) -> Asking:
    hosts = {"login.microsoftonline.com": served.host, HOST: served.host}
    return Asking(lambda _reach: Rerouted(connections, hosts))


async def test_a_kubernetes_token_becomes_a_refresh_token_of_the_registry(tmp_path: Path) -> None:
    connections = Connections()
    clock = [0.0]
    async with services() as served:
        served.answers = {ENTRA: {"access_token": "entra"}, EXCHANGE: {"refresh_token": "acr"}}
        async with logins(place(tmp_path), clock, asking(connections, served)) as cloud:
            (held,) = await cloud.of("acr", HOST, "prod")
            (again,) = await cloud.of("acr", HOST, "prod")
            clock[0] = 3601.0
            await cloud.of("acr", HOST, "prod")
        await connections.close()
        forms = [parse_qs(one.body) for one in served.asked]
        lines = served.lines()

    assert held == again
    assert held.credential == IdentityToken("acr")
    assert held.source == "the login that Azure Container Registry gives to Registry prod"
    assert lines == [f"POST {ENTRA}", f"POST {EXCHANGE}"] * 2
    assert forms[0]["client_assertion"] == ["kubernetes token"]
    assert forms[0]["grant_type"] == ["client_credentials"]
    assert forms[1] == {
        "grant_type": ["access_token"],
        "service": [HOST],
        "tenant": ["tenant-1"],
        "access_token": ["entra"],
    }


async def test_a_refusal_says_who_refused(tmp_path: Path) -> None:
    connections = Connections()
    async with services() as served:
        served.answers = {ENTRA: {"access_token": "entra"}, EXCHANGE: 401}
        async with logins(place(tmp_path), asking=asking(connections, served)) as cloud:
            with pytest.raises(UnavailableError) as refused:
                await cloud.of("acr", HOST, "prod")
        await connections.close()

    assert refused.value.reason is Reason.UNAUTHORIZED
    assert str(refused.value) == (
        "the login that Azure Container Registry gives to Registry prod could not be had: "
        f"{HOST} does not serve a refresh token of ACR: it wants other credentials (401)"
    )


async def test_without_a_workload_identity_it_says_what_is_missing() -> None:
    async with logins(CloudPlace()) as cloud:
        with pytest.raises(UnavailableError, match="there is no Azure workload identity"):
            await cloud.of("acr", HOST, "prod")


@pytest.mark.parametrize("host", ["acme.azurecr.io.evil.example", "registry.example.com"])
async def test_no_other_host_gets_a_login(host: str, tmp_path: Path) -> None:
    async with services() as served, logins(place(tmp_path)) as cloud:
        assert await cloud.of("acr", host, "prod") == []
        assert served.lines() == []
