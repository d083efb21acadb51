import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.processes import free_port
from webhook.operator.authority import Issued, issue
from webhook.operator.handshake import Shown, shows

NOW = datetime.now(UTC)
NAME = "cocket.system.svc"
ONE, TWO = issue([NAME], NOW), issue([NAME], NOW)


@asynccontextmanager
async def showing(issued: Issued | None, folder: Path) -> AsyncIterator[tuple[str, int]]:
    """A server that shows a certificate; without one it says nothing at all."""
    context = None
    if issued is not None:
        (folder / "pair.pem").write_bytes(issued.chain + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "pair.pem")
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(
        lambda _, writer: writers.append(writer), "127.0.0.1", 0, ssl=context
    )
    async with server:
        yield server.sockets[0].getsockname()
        for writer in writers:
            writer.transport.abort()


async def test_a_certificate_from_the_ca_is_good(tmp_path: Path) -> None:
    async with showing(ONE, tmp_path) as address:
        assert await shows(address, [ONE.ca], NAME) is Shown.GOOD
        assert await shows(address, [TWO.ca, ONE.ca], NAME) is Shown.GOOD


async def test_one_from_another_ca_or_for_another_name_is_not(tmp_path: Path) -> None:
    async with showing(ONE, tmp_path) as address:
        assert await shows(address, [TWO.ca], NAME) is Shown.OTHER
        assert await shows(address, [ONE.ca], "other.system.svc") is Shown.OTHER


async def test_an_expired_one_is_not(tmp_path: Path) -> None:
    expired = issue([NAME], NOW - timedelta(days=31))
    async with showing(expired, tmp_path) as address:
        assert await shows(address, [expired.ca], NAME) is Shown.OTHER


async def test_who_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    async with showing(None, tmp_path) as address:
        assert await shows(address, [ONE.ca], NAME, seconds=0.1) is Shown.SILENT


async def test_nobody_there_is_silent() -> None:
    assert await shows(("127.0.0.1", free_port()), [ONE.ca], NAME) is Shown.SILENT
