"""The two addresses, over a real connection."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.page.gates import Judge
from tests.reports.judged import audit
from webhook.admission.limits import Limits
from webhook.admission.listener import Listener
from webhook.admission.metrics import Metrics
from webhook.page.app import page_app
from webhook.page.gate import Gate
from webhook.page.shown import Shown, Source
from webhook.reports.html import render_html
from webhook.reports.html.render import page_policy
from webhook.reports.trend import Trend
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def limits() -> Limits:
    settings = Settings()
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})


@asynccontextmanager
async def serving(
    *, anonymous: bool = False, waiting: str = ""
) -> AsyncIterator[aiohttp.ClientSession]:
    source = Source(None if waiting else audit(cluster="prod"), Trend(), waiting)
    gate = None if anonymous else Gate(Judge(), lambda: 0.0)
    app = page_app(
        Shown(lambda: source, render_html),
        Shown(lambda: source, lambda found, _: json.dumps({"cluster": found.cluster})),
        gate,
    )
    listener = Listener(app, tls=None, limits=limits(), metrics=Metrics())
    port = await listener.open("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        await listener.close(0.0)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_reader_gets_the_page_with_its_policy() -> None:
    async with serving() as session, session.get("/report", headers=bearer("reader-token")) as got:
        text = await got.text()

    assert got.status == 200
    assert got.content_type == "text/html"
    assert got.headers["Content-Security-Policy"] == f"{page_policy()}; frame-ancestors 'none'"
    assert text.startswith("<!doctype html>")


async def test_a_reader_gets_the_data() -> None:
    async with (
        serving() as session,
        session.get("/report.json", headers=bearer("reader-token")) as got,
    ):
        data = await got.json()

    assert data == {"cluster": "prod"}
    assert got.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({}, 401, "cocket audit --open"),
        (bearer("expired"), 401, "Log in again"),
        (bearer("stranger-token"), 403, "may not read this report"),
        ({"Authorization": "Basic eDp5"}, 401, "Bearer TOKEN"),
        ({"Cookie": "token=reader-token"}, 401, "Bearer TOKEN"),
    ],
)
@pytest.mark.parametrize("path", ["/report", "/report.json"])
async def test_others_are_told_what_to_do(
    path: str, headers: dict[str, str], status: int, says: str
) -> None:
    async with serving() as session, session.get(path, headers=headers) as got:
        text = await got.text()

    assert got.status == status
    assert says in text
    assert "prod" not in text
    assert ("WWW-Authenticate" in got.headers) == (status == 401)


async def test_a_token_in_the_address_is_none() -> None:
    async with serving() as session, session.get("/report?token=reader-token") as got:
        assert got.status == 401


async def test_before_the_first_audit_the_answer_is_to_come_again() -> None:
    async with (
        serving(waiting="No audit yet.") as session,
        session.get("/report", headers=bearer("reader-token")) as got,
    ):
        text = await got.text()

    assert (got.status, text) == (503, "No audit yet.\n")
    assert got.headers["Retry-After"] == "2"


async def test_a_stranger_does_not_learn_whether_there_is_an_audit() -> None:
    async with serving(waiting="No audit yet.") as session, session.get("/report") as got:
        assert got.status == 401


async def test_everybody_is_let_in_only_where_a_setting_says_so() -> None:
    async with serving(anonymous=True) as session, session.get("/report") as got:
        assert got.status == 200


@pytest.mark.parametrize("path", ["/report", "/report.json"])
@pytest.mark.parametrize("token", ["reader-token", "expired"])
async def test_no_answer_is_kept_framed_or_taken_for_something_else(path: str, token: str) -> None:
    async with serving() as session, session.get(path, headers=bearer(token)) as got:
        assert got.headers["Cache-Control"] == "no-store"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["X-Frame-Options"] == "DENY"
        assert got.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in got.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in got.headers
        assert "Server" not in got.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/report", 405),
        ("GET", "/", 404),
        ("GET", "/report/", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/metrics", 404),
    ],
)
async def test_there_is_nothing_else(method: str, path: str, status: int) -> None:
    async with (
        serving(anonymous=True) as session,
        session.request(method, path, allow_redirects=False) as got,
    ):
        assert got.status == status
