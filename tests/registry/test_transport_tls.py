"""Who is not trusted is not spoken to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.certificates import self_signed
from tests.registry.dialling import OK, ask, names, refusal
from tests.registry.hostile import hostile, says
from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.reach import Reach
from webhook.registry.url import Origin


@asynccontextmanager
async def https(
    folder: Any, maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
) -> AsyncIterator[tuple[int, str]]:
    """A server with a certificate for localhost and 127.0.0.1; its port, and the certificate."""
    signed = self_signed()
    certificate, key = signed.write(folder, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if maximum is ssl.TLSVersion.TLSv1_1:
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.maximum_version = maximum

    async with hostile(says(OK), context) as host:
        yield int(host.rpartition(":")[2]), signed.certificate_pem


async def test_a_certificate_is_checked_against_the_bundle_of_its_registry(tmp_path: Any) -> None:
    async with https(tmp_path) as (port, pem):
        origin = Origin("https", "127.0.0.1", port)
        unknown = await refusal(origin)
        named = await ask(origin, reach=Reach(origin=origin, private=True, ca_bundle=pem))

    assert (unknown.reason, named.status) == (Reason.UNTRUSTED_TLS, 200)
    assert "self-signed certificate" in str(unknown)


async def test_the_host_of_a_certificate_is_compared(tmp_path: Any) -> None:
    async with https(tmp_path) as (port, pem):
        origin = Origin("https", "registry.example.com", port)
        reach = Reach(origin=origin, private=True, ca_bundle=pem)
        refused = await refusal(origin, reach=reach, lookup=names("127.0.0.1"))

    assert refused.reason is Reason.UNTRUSTED_TLS


async def test_checking_can_be_switched_off_for_the_registry_itself(tmp_path: Any) -> None:
    async with https(tmp_path) as (port, _):
        origin = Origin("https", "127.0.0.1", port)
        own = Reach(origin=origin, private=True, insecure_skip_verify=True)

        assert (await ask(origin, reach=own)).status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_old_tls_is_not_spoken(tmp_path: Any) -> None:
    async with https(tmp_path, ssl.TLSVersion.TLSv1_1) as (port, pem):
        origin = Origin("https", "127.0.0.1", port)
        refused = await refusal(origin, reach=Reach(origin=origin, private=True, ca_bundle=pem))
        lax = ssl.create_default_context(cadata=pem)
        lax.minimum_version = ssl.TLSVersion.TLSv1_1
        lax.set_ciphers("ALL:@SECLEVEL=0")
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=lax)
        writer.close()

    # The server only hangs up, so that nobody can tell why.
    assert isinstance(refused, UnavailableError)


async def test_https_to_a_plain_port_is_no_safe_tls() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(OK)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        refused = await refusal(Origin("https", "127.0.0.1", port))

    assert refused.reason is Reason.UNTRUSTED_TLS
