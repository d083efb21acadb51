"""The API server and given networks are never dialled, whatever a Registry excuses."""

import ipaddress

import pytest

from tests.registry.asking import APP, CONFIG, configured
from tests.registry.dialling import names, origin_of
from webhook.core.facts import ImageFacts, Reason
from webhook.core.image import ImageRef
from webhook.demo.registry import DemoRegistry
from webhook.errors import BlockedError
from webhook.registry.client import RegistryClient, open_client
from webhook.registry.exchange import Request
from webhook.registry.forbidden import Forbidden, forbid
from webhook.registry.guard import BlockedAddressError
from webhook.registry.reach import Reach
from webhook.registry.transport import AiohttpTransport, Connections
from webhook.registry.url import Url

SERVER = "https://10.96.0.1:443"
NETWORK = ipaddress.ip_network("10.96.0.0/12")


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("10.96.0.1", 443),
        ("::ffff:10.96.0.1", 443),
        ("64:ff9b::10.96.0.1", 443),
        ("2002:a60:1::", 443),
    ],
)
async def test_the_api_server_is_denied_in_every_spelling(address: str, port: int) -> None:
    with pytest.raises(BlockedAddressError, match="the API server of the cluster"):
        (await forbid([SERVER])).check("", address, port)


@pytest.mark.parametrize(("address", "port"), [("10.96.0.1", 5000), ("10.96.0.2", 443)])
async def test_what_lies_beside_it_may_be_a_registry(address: str, port: int) -> None:
    (await forbid([SERVER])).check("", address, port)


@pytest.mark.parametrize(
    "address", ["10.96.0.1", "10.111.255.255", "::ffff:10.100.1.2", "64:ff9b::10.100.1.2"]
)
async def test_a_given_network_is_denied_whole(address: str) -> None:
    with pytest.raises(BlockedAddressError, match=r"in 10\.96\.0\.0/12, which is forbidden here"):
        (await forbid([], [NETWORK])).check("", address, 5000)


@pytest.mark.parametrize("address", ["10.95.255.255", "10.112.0.0", "fd00::1", "1.1.1.1"])
async def test_outside_of_it_nothing_is_denied(address: str) -> None:
    (await forbid([], [NETWORK])).check("", address, 5000)
    Forbidden().check("", address, 443)


async def test_a_server_with_a_name_is_denied_by_the_name_and_by_its_addresses() -> None:
    found = await forbid(["https://LocalHost:6443"])

    for host, address in (("localhost", "1.1.1.1"), ("LOCALHOST", "1.1.1.1"), ("", "127.0.0.1")):
        with pytest.raises(BlockedAddressError):
            found.check(host, address, 6443)
    found.check("localhost", "127.0.0.1", 5000)


@pytest.mark.parametrize(
    ("server", "doors"),
    [
        ("", set()),
        ("https://[FD00::1]:6443", {("fd00::1", 6443)}),
        ("https://10.0.0.1", {("10.0.0.1", 443)}),
        ("http://10.0.0.1", {("10.0.0.1", 80)}),
        ("https://no.such.name.invalid:6443", {("no.such.name.invalid", 6443)}),
    ],
)
async def test_a_url_is_read_with_its_port(server: str, doors: set[tuple[str, int]]) -> None:
    assert (await forbid([server])).servers == doors


async def ask(asked: RegistryClient, ref: ImageRef) -> ImageFacts:
    try:
        return await asked.facts(ref, CONFIG, configured(ref.host))
    finally:
        await asked.close()


@pytest.mark.parametrize("by", ["address", "network"])
async def test_a_registry_that_may_be_private_is_not_asked_where_it_is_forbidden(by: str) -> None:
    async with DemoRegistry() as registry:
        ref = ImageRef.parse(registry.name("prod/web", registry.add("prod/web", APP)))
        forbidden = (
            await forbid([f"https://{registry.host}"])
            if by == "address"
            else await forbid([], [ipaddress.ip_network("127.0.0.0/8")])
        )
        with pytest.raises(BlockedError) as refused:
            await ask(open_client(forbidden=forbidden), ref)
        assert registry.lines() == []
        beside = await forbid(["https://127.0.0.1:1"], [NETWORK])
        assert (await ask(open_client(forbidden=beside), ref)).complete

    assert refused.value.reason is Reason.UNREACHABLE
    assert "it must not be contacted: 127.0.0.1" in str(refused.value)


@pytest.mark.parametrize("host", ["registry.example.com:6443", "api.example.com:6443"])
async def test_a_name_that_leads_to_the_api_server_is_not_dialled(host: str) -> None:
    forbidden = Forbidden(frozenset({("127.0.0.1", 6443), ("api.example.com", 6443)}))
    address = "127.0.0.1" if host.startswith("registry") else "127.0.0.2"
    connections = Connections(names(address), forbidden=forbidden)
    origin = origin_of(host, "https")
    request = Request(url=Url(origin, "/v2/"), max_bytes=10, deadline=1e12)
    try:
        with pytest.raises(BlockedError, match="the API server of the cluster"):
            await AiohttpTransport(connections, Reach(origin=origin, private=True)).send(request)
    finally:
        await connections.close()
