"""Which certificate somebody shows: a TLS handshake, and nothing after it."""

from __future__ import annotations

import asyncio
import ssl
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.operator.replicas import Address

_SECONDS = 3.0
"""For connection and handshake. In a cluster it takes milliseconds."""


class Shown(Enum):
    """What came of it."""

    GOOD = "shows it"
    OTHER = "shows another certificate"
    SILENT = "does not answer"


async def shows(
    address: Address, trust: Iterable[bytes], server_name: str, seconds: float = _SECONDS
) -> Shown:
    """Ask whether a certificate for `server_name` from one of these CAs is shown.

    As strict as any client: what passes here passes at every API server.

    Args:
        address: where to ask.
        trust: CA certificates, PEM; no others are trusted.
        server_name: a host name or an IP address.
        seconds: for all of it.
    """
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(
                *address, ssl=_context(trust), server_hostname=server_name
            )
    except ssl.SSLCertVerificationError:
        return Shown.OTHER
    except (OSError, TimeoutError):  # ssl.SSLError is an OSError
        return Shown.SILENT
    writer.transport.abort()
    return Shown.GOOD


def _context(trust: Iterable[bytes]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for ca in trust:
        context.load_verify_locations(cadata=ca.decode("ascii"))
    return context
