"""A real browser for the tests of the page, which tells of every request and every complaint."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.tools import BROUGHT, require_tool
from webhook.reports.html import render_html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from webhook.reports.audited import Audit
    from webhook.reports.trend import Trend

# A browser of a tester, not of a person: as root it has no sandbox, and it calls nobody at home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--font-render-hinting=none",
]
NODE = BROUGHT / "playwright-node"
"""Starts the driver where `make tools` had to bring its libraries."""
WIDE = (1280, 900)
NARROW = (390, 844)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start one, or skip the test where there is none."""
    program = require_tool("chromium")
    with pytest.MonkeyPatch.context() as patch:
        if NODE.exists():
            patch.setenv("PLAYWRIGHT_NODEJS_PATH", str(NODE))
        yield from _started(program)


def _started(program: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Reader:
    """Opens pages, and remembers what they asked for and what they complained of."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        """Read with `browser`; files lie in `folder`."""
        self.browser = browser
        self.folder = folder
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.contexts: list[BrowserContext] = []

    def write(self, audit: Audit, trend: Trend | None = None) -> Path:
        """The audit as a file."""
        file = self.folder / "report.html"
        file.write_text(render_html(audit, trend), encoding="utf-8")
        return file

    def open(
        self,
        file: Path,
        *,
        size: tuple[int, int] = WIDE,
        dark: bool = False,
        script: bool = True,
    ) -> Page:
        """A page with that file."""
        page = self.blank(size=size, dark=dark, script=script)
        page.goto(file.as_uri())
        return page

    def blank(
        self, *, size: tuple[int, int] = WIDE, dark: bool = False, script: bool = True
    ) -> Page:
        """A page with nothing in it yet."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            java_script_enabled=script,
            locale="en-GB",
            timezone_id="UTC",
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        return page

    def close(self) -> None:
        """Close every page."""
        for context in self.contexts:
            context.close()

    @property
    def outgoing(self) -> list[str]:
        """What was asked for beside the files themselves and what stands in them."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]
