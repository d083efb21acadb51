"""Where no registry may lead, whatever its Registry excuses: the API server, and given networks.

The API server is no registry. It is denied by its own address and port and not by its network: a
registry of one's own may be a Service beside it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import msgspec

from webhook.registry.guard import BlockedAddressError, innermost

if TYPE_CHECKING:
    from collections.abc import Iterable

Network: TypeAlias = IPv4Network | IPv6Network

_PORTS = {"https": 443, "http": 80}
_RESOLVE_SECONDS = 5.0


class Forbidden(msgspec.Struct, frozen=True):
    """What is never dialled; nothing, where nothing is said."""

    servers: frozenset[tuple[str, int]] = frozenset()
    """Names and addresses of API servers, in the one spelling of `ipaddress`, with their ports."""
    networks: tuple[Network, ...] = ()

    def check(self, host: str, address: str, port: int) -> None:
        """Let a dial pass, or raise.

        Args:
            host: the name that was resolved; empty where there was none.
            address: in text, as the system gives it.
            port: that is dialled.

        Raises:
            BlockedAddressError: it is forbidden; the message says what it is.
        """
        if not self.servers and not self.networks:
            return
        inner = innermost(ipaddress.ip_address(address))
        if {(host.lower(), port), (str(inner), port)} & self.servers:
            raise BlockedAddressError(
                f"{address} port {port} is the API server of the cluster, which is no registry"
            )
        for network in self.networks:
            if inner in network:
                raise BlockedAddressError(f"{address} is in {network}, which is forbidden here")


NOTHING = Forbidden()


async def forbid(servers: Iterable[str], networks: Iterable[Network] = ()) -> Forbidden:
    """What is forbidden where these API servers are.

    Args:
        servers: their URLs; empty ones count for nothing. A name counts as such, and for the
            addresses that it has now.
        networks: in which nothing may be dialled.
    """
    doors: set[tuple[str, int]] = set()
    for server in servers:
        parts = urlsplit(server)
        if parts.hostname:
            port = parts.port or _PORTS.get(parts.scheme, 443)
            doors |= {(host, port) for host in await _names(parts.hostname, port)}
    return Forbidden(frozenset(doors), tuple(networks))


async def _names(host: str, port: int) -> list[str]:
    """A host as it is written, and every address of it; without those where nobody knows them."""
    try:
        return [str(innermost(ipaddress.ip_address(host)))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # TimeoutError among them
        return [host]
    return [host, *(str(innermost(ipaddress.ip_address(one[4][0]))) for one in found)]
