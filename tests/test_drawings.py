"""The drawings of the docs: they can be read in the dark, aloud, and without anything else."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.reports.html.browsing import chromium

ROOT = Path(__file__).parents[1]
DRAWINGS = sorted((ROOT / "docs" / "images").glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"
_DARK = "@media (prefers-color-scheme: dark)"
_SMALL = 8 * 1024
_WHERE = """() => [...document.querySelectorAll("text")].map((one) => {
    const {x, y, width, height} = one.getBoundingClientRect();
    return {text: one.textContent, x, y, right: x + width, below: y + height};
})"""


def root_of(file: Path) -> ET.Element:
    return ET.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - our own file


@pytest.fixture(params=DRAWINGS, ids=lambda file: file.stem)
def drawing(request: pytest.FixtureRequest) -> Path:
    file: Path = request.param
    return file


def test_there_are_drawings() -> None:
    assert {"pid1", "pipeline"} <= {file.stem for file in DRAWINGS}


def test_it_is_small_and_needs_nothing_else(drawing: Path) -> None:
    root = root_of(drawing)

    assert drawing.stat().st_size < _SMALL
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        *("svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan", "circle")
    }
    assert not re.search(r"url\(|@import|href", drawing.read_text(encoding="utf-8"))


def test_it_is_told_to_whoever_does_not_see_it(drawing: Path) -> None:
    root = root_of(drawing)
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    assert title is not None
    assert title.text
    assert desc is not None
    assert desc.text
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = rf"!\[([^\]]{{40,}})\]\((?:docs/)?images/{drawing.name}\)"
    assert any(re.search(shown, page.read_text(encoding="utf-8")) for page in pages)


def test_every_colour_has_one_for_the_dark(drawing: Path) -> None:
    style = root_of(drawing).find(f"{SVG}style")
    assert style is not None
    light, _, dark = (style.text or "").partition(_DARK)
    coloured = re.findall(r"\.(\w+) {[^}]*#[0-9a-f]{6}", light)

    assert coloured
    assert set(coloured) == set(re.findall(r"\.(\w+) {[^}]*#[0-9a-f]{6}", dark))
    outside = re.sub(r"<style>.*</style>", "", drawing.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "#" not in outside


@pytest.mark.tool("chromium")
def test_no_word_lies_over_another_or_outside() -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 1000})
        for file in DRAWINGS:
            page.goto(file.as_uri())
            found: list[dict[str, Any]] = page.evaluate(_WHERE)
            assert found
            for one in found:
                assert one["x"] >= 0, one
                assert one["right"] <= 1000, one
            for one, other in combinations(found, 2):
                apart = one["right"] <= other["x"] or other["right"] <= one["x"]
                # Lines of one paragraph: their boxes hold room above and below the letters.
                middle = abs(one["y"] + one["below"] - other["y"] - other["below"]) / 2
                assert apart or middle >= 12, (file.name, one["text"], other["text"])
