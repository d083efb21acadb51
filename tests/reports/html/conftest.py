"""One browser for each file of tests, and a reader for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports.html.browsing import Reader, chromium
from tests.reports.shop import shop, trend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


# Not for the whole run: while it is there, no test can have an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    """Opens files; fails the test that complained or asked the network for anything."""
    reader = Reader(browser, tmp_path)
    yield reader
    reader.close()
    assert reader.complaints == []
    assert reader.outgoing == []


@pytest.fixture
def page(reader: Reader) -> Page:
    """The shop's report."""
    return reader.open(reader.write(shop(), trend()))
