"""Five thousand owners: usable in less than a second, and so is every step after that.

What counts is the time that the page's thread computes: machines that test have other things to
do, and the clock on the wall counts those too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.reports.judged import many

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession, Page

    from tests.reports.html.browsing import Reader

OWNERS = 5000
SECONDS = 1.0


def computing(session: CDPSession) -> float:
    """Seconds of its processor that the page has had: parsing, scripts, styles, layout."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def measured(page: Page) -> CDPSession:
    """A look at the page from outside it."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return session


def drawn(page: Page, change: str) -> float:
    """Seconds on the clock until what a change brings is on the screen."""
    return float(page.evaluate(f"async () => {{ {_CLOCK} {change}; return await seen(); }}")) / 1000


_CLOCK = """const began = performance.now();
    const seen = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
        () => done(performance.now() - began))));"""
_OPENED = """() => Math.max(
    performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
    performance.getEntriesByName("first-contentful-paint")[0].startTime)"""
"""Milliseconds from the wish to see the page until its rows are there and painted."""


def test_five_thousand_owners_are_usable_in_less_than_a_second(
    reader: Reader, record_property: Callable[[str, object], None]
) -> None:
    """Its own time is what is asserted; the clock's is recorded: docs/performance.md."""
    file = reader.write(many(OWNERS))
    page = reader.blank()
    session = measured(page)

    page.goto(file.as_uri())
    expect(page.get_by_role("status")).to_have_text(f"100 of {OWNERS} shown")
    steps = {"open": computing(session)}
    clock = {"open": float(page.evaluate(_OPENED)) / 1000}
    for name, change, status, rows in STEPS:
        before = computing(session)
        clock[name] = drawn(page, change)
        expect(page.get_by_role("status")).to_have_text(status)
        steps[name] = computing(session) - before
        # Of thousands the first hundred are there at once, and the others follow.
        expect(page.locator("#owners tr.owner")).to_have_count(rows, timeout=60_000)
    record_property(
        "seconds: computing, and on the clock",
        {name: (round(used, 2), round(clock[name], 2)) for name, used in steps.items()},
    )
    record_property("seconds of computing until the last is drawn", computing(session) - before)
    assert {name: used for name, used in steps.items() if used >= SECONDS} == {}

    # Nobody waits for the last row: a search in between is answered, and stays so.
    page.evaluate(_typed(""))
    page.evaluate(_clicked("#all"))
    page.evaluate(_typed("service-00042"))
    for _ in range(3):
        drawn(page, "")
        expect(page.locator("#owners tr.owner")).to_have_count(1)


def _typed(text: str) -> str:
    return f"""{{ const query = document.getElementById("query");
        query.value = "{text}"; query.dispatchEvent(new Event("input")); }}"""


def _clicked(selector: str) -> str:
    return f"document.querySelector({selector!r}).click()"


STEPS = [
    ("search", _typed("service-00042"), f"1 of 1 shown, of {OWNERS} in all", 1),
    ("everything again", _typed(""), f"100 of {OWNERS} shown", 100),
    ("sort", _clicked("#owners thead [data-key=image]"), f"100 of {OWNERS} shown", 100),
    ("filter", _clicked("a[data-namespace=team-07]"), f"100 of 125 shown, of {OWNERS} in all", 100),
    ("clear", _clicked("[type=reset]"), f"100 of {OWNERS} shown", 100),
    ("more", _clicked("#more"), f"200 of {OWNERS} shown", 200),
    ("all", _clicked("#all"), f"{OWNERS} of {OWNERS} shown", OWNERS),
]


@pytest.mark.parametrize("count", [1, 99, 101])
def test_the_first_hundred_are_shown_and_then_a_hundred_more(reader: Reader, count: int) -> None:
    page = reader.open(reader.write(many(count)))

    expect(page.locator("#owners tr.owner")).to_have_count(min(count, 100))
    expect(page.locator("#all")).to_be_visible(visible=count > 100)
    if count > 100:
        page.get_by_role("button", name=f"Show all {count}").click()
        expect(page.locator("#owners tr.owner")).to_have_count(count)
