"""Whoever is named, what is dialled was checked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.registry.dialling import OK, ask, names, refusal
from tests.registry.hostile import hostile
from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.exchange import Request
from webhook.registry.reach import Reach
from webhook.registry.transport import (
    AiohttpTransport,
    Connections,
)
from webhook.registry.url import Origin, Url


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port on loopback, and what anybody ever said to it."""
    heads: list[bytes] = []

    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(OK)

    async with hostile(behave) as host:
        yield int(host.rpartition(":")[2]), heads


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.2", "0.1.2.3"])
async def test_a_literal_is_guarded_though_no_resolver_sees_it(host: str) -> None:
    async with canary() as (port, heads):
        origin = Origin("http", host, port)
        refused = await refusal(origin, reach=Reach(origin=origin))

    assert refused.reason is Reason.UNREACHABLE
    assert "must not be contacted" in str(refused)
    assert heads == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["1.1.1.1", "127.0.0.1"],
        ["127.0.0.1", "1.1.1.1"],
        ["1.1.1.1", "169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%lo"],
    ],
)
async def test_a_name_is_guarded_and_one_bad_address_spoils_it(addresses: list[str]) -> None:
    async with canary() as (port, heads):
        origin = Origin("http", "registry.example.com", port)
        refused = await refusal(origin, reach=Reach(origin=origin), lookup=names(*addresses))

    assert refused.reason is Reason.UNREACHABLE
    assert "registry.example.com" in str(refused)
    assert "must not be contacted" in str(refused)
    assert heads == []


async def test_link_local_stays_closed_where_private_addresses_are_open() -> None:
    origin = Origin("http", "registry.example.com", 80)
    refused = await refusal(origin, lookup=names("169.254.169.254"))

    assert "never contacted" in str(refused)


async def test_private_addresses_are_open_for_the_registrys_own_port_alone() -> None:
    async with canary() as (port, heads), canary() as (other, others):
        own = Origin("http", "127.0.0.1", port)
        reach = Reach(origin=own, private=True)

        assert (await ask(own, reach=reach)).status == 200
        refused = await refusal(Origin("http", "127.0.0.1", other), reach=reach)

    assert refused.reason is Reason.UNREACHABLE
    assert (len(heads), others) == (1, [])


async def test_a_second_answer_of_the_resolver_does_not_help() -> None:
    """DNS rebinding: what is dialled is what was checked, each time anew."""
    answers = [["127.0.0.1"], ["127.0.0.1"]]

    async def lookup(host: str, port: int) -> list[str]:
        del host, port
        await asyncio.sleep(0)
        return answers.pop(0)

    async with canary() as (port, heads):
        origin = Origin("http", "registry.example.com", port)
        for _ in range(2):
            await refusal(origin, reach=Reach(origin=origin), lookup=lookup)

    assert heads == []


async def test_an_open_connection_is_never_used_for_who_may_not_dial() -> None:
    connections = Connections()
    async with canary() as (port, heads):
        origin = Origin("http", "127.0.0.1", port)
        request = Request(
            url=Url(origin, "/"), max_bytes=10, deadline=asyncio.get_running_loop().time() + 5
        )
        await AiohttpTransport(connections, Reach(origin=origin, private=True)).send(request)
        with pytest.raises(UnavailableError):
            await AiohttpTransport(connections, Reach(origin=origin)).send(request)
        await connections.close()

    assert len(heads) == 1


async def test_a_name_without_addresses_is_unreachable() -> None:
    origin = Origin("http", "registry.example.com", 80)

    refused = await refusal(origin, lookup=names())

    assert (refused.reason, "cannot be resolved" in str(refused)) == (Reason.UNREACHABLE, True)


async def test_a_resolver_that_hangs_ends_with_the_deadline() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        del host, port
        await asyncio.sleep(3600)
        return []

    origin = Origin("http", "registry.example.com", 80)

    assert (await refusal(origin, lookup=lookup, seconds=0.2)).reason is Reason.TIMED_OUT
