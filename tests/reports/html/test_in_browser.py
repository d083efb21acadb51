"""The page in a real browser: it is drawn, filtered, sorted, read by keyboard, and printed."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.reports.html.browsing import NARROW
from tests.reports.shop import shop, trend

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.reports.html.browsing import Reader

OWNERS = len(shop().audited)
# Relative luminance and contrast ratio, as WCAG 2.2 defines them.
CONTRASTS = """() => {
    const probe = document.body.appendChild(document.createElement("i"));
    const light = (name) => {
        probe.style.color = `var(--${name})`;
        const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3);
        const [r, g, b] = parts.map((part) => {
            const value = part / 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const words = ["ink", "soft", "link", "refused", "warned", "not-checked", "noted", "excused",
                   "passes", "no-policy"];
    return Object.fromEntries(words.flatMap((word) => ["card", "sunk", "bg"].map(
        (behind) => [`${word} on ${behind}`, ratio(light(word), light(behind))])));
}"""


def names(page: Page) -> list[str]:
    """The owners in the table, from the top."""
    return page.locator("#owners tr.owner th [data-f=name]").all_inner_texts()


def column(page: Page, key: str) -> list[str]:
    return [text.strip() for text in page.locator(f"#owners tr.owner td.{key}").all_inner_texts()]


def test_charts_are_drawn_in_proportion(page: Page) -> None:
    bar = page.locator(".check", has_text="provenance").locator("svg")
    whole = bar.bounding_box()
    passes = bar.locator("rect.passes").bounding_box()

    assert whole is not None
    assert passes is not None
    assert passes["width"] / whole["width"] == pytest.approx(51 / 52, abs=0.01)
    refusals, failing = (page.locator("figure.chart polyline").nth(n) for n in (0, 1))
    for line in (refusals, failing):
        box = line.bounding_box()
        assert box is not None
        assert box["width"] > 300
        assert box["height"] > 50
    expect(page.locator("figure.chart:not(.counts)")).to_have_count(2)
    counts = page.locator("figure.counts").first.locator("tr", has_text="bookworm").locator("svg")
    drawn = counts.locator("rect.plain").bounding_box()
    scale = counts.bounding_box()
    images = int(page.locator(".scope").inner_text().split()[2])
    count = int(
        page.locator("figure.counts tr", has_text="bookworm").locator("td").first.inner_text()
    )
    assert drawn is not None
    assert scale is not None
    assert drawn["width"] / scale["width"] == pytest.approx(count / images, abs=0.02)
    expect(page.locator("#owners tr.owner")).to_have_count(OWNERS)


def test_every_part_of_the_bar_of_standings_is_as_wide_as_its_count(page: Page) -> None:
    widths = page.locator(".bar.wide rect:not(.empty)").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().width)"
    )
    whole = page.locator(".bar.wide").bounding_box()

    assert whole is not None
    assert sum(widths) == pytest.approx(whole["width"], abs=1.5)
    assert widths[0] / whole["width"] == pytest.approx(4 / OWNERS, abs=0.01)


def test_words_filter_by_anything_that_is_told_of_an_owner(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Search")

    search.fill("payments/ledger")
    assert names(page) == ["ledger"]
    search.fill("gitlab.com cart")
    assert names(page) == ["cart"]
    search.fill("PYTHON -M ledger")
    assert names(page) == ["ledger"]
    search.fill("no such thing")
    expect(page.get_by_role("status")).to_have_text(f"Nothing matches; there are {OWNERS} in all")
    search.fill("")
    expect(page.locator("#owners tr.owner")).to_have_count(OWNERS)


def test_standing_namespace_and_check_filter_together_and_are_cleared(page: Page) -> None:
    refused = page.get_by_role("button", name=re.compile(r"^refused 4$"))

    refused.click()
    expect(refused).to_have_attribute("aria-pressed", "true")
    assert names(page) == ["settle", "ledger", "notify", "web"]
    page.get_by_role("combobox", name="Namespace").select_option("shop")
    assert names(page) == ["notify", "web"]
    page.get_by_role("combobox", name="Fails").select_option("registry")
    assert names(page) == ["web"]
    expect(page.get_by_role("status")).to_have_text(f"1 of 1 shown, of {OWNERS} in all")
    page.get_by_role("button", name="Clear").click()
    expect(refused).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#owners tr.owner")).to_have_count(OWNERS)


def test_a_namespace_in_the_chart_leads_to_its_owners(page: Page) -> None:
    page.get_by_role("link", name="payments", exact=True).click()

    assert set(column(page, "namespace")) == {"payments"}
    expect(page.get_by_role("combobox", name="Namespace")).to_have_value("payments")


def test_every_column_sorts_and_sorts_back(page: Page) -> None:
    head = page.get_by_role("columnheader", name="Workload", exact=True)

    head.get_by_role("button").click()
    up = names(page)
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()

    expect(head).to_have_attribute("aria-sort", "descending")
    assert up[0] == "api-0"
    assert names(page)[0] == up[-1]
    assert up.index("stock-2") < up.index("stock-10")  # numbers as numbers
    page.get_by_role("columnheader", name="Pods").last.get_by_role("button").click()
    pods = [int(text) for text in column(page, "pods")]
    assert pods == sorted(pods, reverse=True)
    page.get_by_role("columnheader", name="Built").get_by_role("button").click()
    built = column(page, "built")
    assert built == sorted(built)
    expect(page.locator("#owners [aria-sort]")).to_have_count(1)


def test_an_owner_unfolds_and_tells_commit_build_pid_1_origin_and_fix(page: Page) -> None:
    page.get_by_role("searchbox").fill("ledger")
    line = page.get_by_role("button", name="StatefulSet ledger")

    line.click()

    expect(line).to_have_attribute("aria-expanded", "true")
    told = page.locator("#owners tr.details")
    link = told.get_by_role("link").first
    href = link.get_attribute("href")
    assert href is not None
    assert href.startswith("https://github.com/acme/ledger/commit/")
    assert link.inner_text() == href.rpartition("/")[2]
    for text in (
        "2026-11-20 08:00, 8 days before this audit",
        "program: python -m ledger",
        "registry.example.com/prod/ledger",
        "production",
        "Start it with tini or dumb-init",
    ):
        expect(told).to_contain_text(text)
    line.click()
    expect(told).to_have_count(0)


def test_digests_that_nodes_run_beside_the_one_that_is_meant_are_told(page: Page) -> None:
    page.get_by_role("searchbox").fill("indexer")
    page.get_by_role("button", name="Deployment indexer").click()

    expect(page.locator("#owners tr.details")).to_contain_text("Nodes run")


def test_a_keyboard_is_enough(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the table")).to_be_focused()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search")
    expect(search).to_be_focused()
    page.keyboard.type("web/")
    assert search.input_value() == "web/"  # while somebody writes it is a letter
    page.keyboard.press("Escape")
    expect(search).to_have_value("")
    expect(page.locator("#owners tr.owner")).to_have_count(OWNERS)
    page.get_by_role("columnheader", name="Namespace").last.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert column(page, "namespace") == sorted(column(page, "namespace"))
    page.locator("#owners .open").first.focus()
    page.keyboard.press("Space")
    expect(page.locator("#owners tr.details")).to_have_count(1)
    page.locator("#owners .open").nth(1).focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_everything_that_can_be_pressed_or_filled_has_a_name(page: Page) -> None:
    nameless = page.locator(
        "button:visible, input:visible, select:visible, a:visible"
    ).evaluate_all(
        """all => all.filter(one => !(one.innerText.trim() || one.ariaLabel || one.labels?.length))
                     .map(one => one.outerHTML)"""
    )

    assert nameless == []
    assert page.locator("svg[role=img]").evaluate_all(
        """all => all.every(one => one.ariaLabel
                                || document.getElementById(one.getAttribute("aria-labelledby")))"""
    )
    headings = page.locator("h1, h2, h3").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_dark_and_light_follow_the_system_and_the_button(reader: Reader) -> None:
    file = reader.write(shop(), trend())

    def brightness(page: Page) -> int:
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", color)[:3])

    light, dark = reader.open(file), reader.open(file, dark=True)

    assert brightness(light) > 650
    assert brightness(dark) < 100
    dark.get_by_role("button", name="Theme").click()
    dark.get_by_role("button", name="Theme: dark").click()
    assert brightness(dark) > 650


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_told_from_what_is_behind_it(reader: Reader, dark: bool) -> None:  # noqa: FBT001
    page = reader.open(reader.write(shop(), trend()), dark=dark)

    ratios = page.evaluate(CONTRASTS)

    # Success criterion 1.4.3: 4.5 to 1 for text.
    assert len(ratios) == 30
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def test_a_narrow_screen_scrolls_the_tables_and_not_the_page(reader: Reader) -> None:
    page = reader.open(reader.write(shop(), trend()), size=NARROW)

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    assert page.locator("#owners").evaluate("one => one.scrollWidth") > NARROW[0]


def test_paper_has_everything_that_fails_and_no_controls(page: Page) -> None:
    before = page.locator("details[open]").count()

    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.locator("details.first:not([open])")).to_have_count(0)
    assert page.locator("#owners tr.details").count() >= 10
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == before
    expect(page.locator("#owners tr.details")).to_have_count(0)
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    assert 5 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 20


def test_without_script_the_worst_hundred_are_there_unfolded(reader: Reader) -> None:
    page = reader.open(reader.write(shop(), trend()), script=False)

    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.locator("#owners tr.owner")).to_have_count(OWNERS)
    assert page.locator("#owners tr.details:visible").count() == OWNERS
    expect(page.locator("figure.chart polyline").first).to_be_visible()
