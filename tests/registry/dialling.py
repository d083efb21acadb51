"""One request through the real transport, to a server that may do anything."""

import asyncio
from typing import Any

import pytest

from tests.registry.hostile import Behave, hostile
from webhook.core.facts import Reason
from webhook.errors import RegistryError
from webhook.registry.exchange import Request, Response
from webhook.registry.reach import Reach
from webhook.registry.transport import (
    AiohttpTransport,
    Connections,
    Lookup,
)
from webhook.registry.url import Origin, Url, parse_origin

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def origin_of(host: str, scheme: str = "http") -> Origin:
    origin = parse_origin(scheme, host)
    assert origin is not None
    return origin


async def ask(
    origin: Origin,
    *,
    reach: Reach | None = None,
    lookup: Lookup | None = None,
    seconds: float = 5.0,
    max_bytes: int = 1000,
    authorization: str = "",
) -> Response:
    connections = Connections(lookup)
    request = Request(
        url=Url(origin, "/x"),
        max_bytes=max_bytes,
        deadline=asyncio.get_running_loop().time() + seconds,
        authorization=authorization,
    )
    try:
        transport = AiohttpTransport(connections, reach or Reach(origin=origin, private=True))
        return await transport.send(request)
    finally:
        await connections.close()


async def refusal(origin: Origin, **more: Any) -> RegistryError:
    with pytest.raises(RegistryError) as refused:
        await ask(origin, **more)
    return refused.value


async def reason(behave: Behave, **more: Any) -> Reason:
    async with hostile(behave) as host:
        return (await refusal(origin_of(host), **more)).reason


def names(*addresses: str) -> Lookup:
    async def lookup(host: str, port: int) -> list[str]:
        del host, port
        await asyncio.sleep(0)
        return list(addresses)

    return lookup
