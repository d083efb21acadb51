"""The report's server as `cocket operate` puts it together."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, cast

import aiohttp
import pytest

from tests.certificates import self_signed
from tests.reports.judged import audit
from webhook.admission.limits import Limits
from webhook.admission.metrics import Metrics
from webhook.cli.report_options import ReportServed
from webhook.cli.reporting import served_report, source_of
from webhook.errors import InputError
from webhook.page.shown import Source
from webhook.reports.trend import Trend
from webhook.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from webhook.cluster.api import Api

NO_API = cast("Api", None)
"""Nobody is asked: everybody may read."""
SOURCE = Source(audit(cluster="prod"), Trend())


def limits() -> Limits:
    settings = Settings()
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})


def served(port: int, chain: Path | None = None, key: Path | None = None) -> ReportServed:
    return ReportServed(host="127.0.0.1", port=port, anonymous=True, chain=chain, key=key)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def test_it_is_served_with_the_certificate_that_was_given(tmp_path: Path) -> None:
    chain, key = self_signed().write(tmp_path, "report")
    port = free_port()
    tls = ssl.create_default_context(cafile=chain)

    async with (
        served_report(served(port, chain, key), NO_API, lambda: SOURCE, limits(), Metrics()),
        aiohttp.ClientSession(f"https://127.0.0.1:{port}") as session,
    ):
        async with session.get("/report", ssl=tls) as got:
            assert got.status == 200
        async with session.get("/report.json", ssl=tls) as got:
            assert (await got.json())["kind"] == "Audit"


async def test_without_one_a_certificate_is_made() -> None:
    port = free_port()

    async with served_report(served(port), NO_API, lambda: SOURCE, limits(), Metrics()):
        with socket.create_connection(("127.0.0.1", port)):
            pass


async def test_a_certificate_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    chain, _ = self_signed().write(tmp_path, "report")

    with pytest.raises(InputError, match=r"^the report's certificate: "):
        async with served_report(
            served(0, chain, chain), NO_API, lambda: SOURCE, limits(), Metrics()
        ):
            pass


async def test_a_port_that_is_taken_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(InputError, match=f"^--report-port {port}: "):
            async with served_report(served(port), NO_API, lambda: SOURCE, limits(), Metrics()):
                pass


async def test_nothing_is_served_where_nobody_asked() -> None:
    async with served_report(None, NO_API, lambda: SOURCE, limits(), Metrics()):
        pass


def test_who_does_not_lead_says_who_does() -> None:
    assert "web-2 does. Ask again" in source_of(None, "web-2").waiting
    assert "another one does" in source_of(None, "").waiting
