"""The pictures in docs/images are of this page, and this page is worth a look.

Fonts differ from machine to machine, so no pixel is compared. `WRITE_IMAGES=1` puts what was taken
into docs/images; whoever does looks at it.
"""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reports.html.browsing import NARROW, WIDE
from tests.reports.shop import shop, trend

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

    from tests.reports.html.browsing import Reader

IMAGES = Path(__file__).parents[3] / "docs" / "images"
_MARGIN = 20
_SAME = 0.25
"""By how much a height may differ: text is wider in another font."""


def _whole(page: Page) -> str:
    """Fold what would hide the rest; gives what comes below."""
    page.locator("details.first").nth(1).evaluate("one => { one.open = false; }")
    return "#workloads"


def _table(page: Page) -> None:
    page.get_by_role("searchbox").fill("indexer")
    page.get_by_role("button", name="Deployment indexer").click()
    page.get_by_role("searchbox").blur()


PICTURES = {
    "report": (WIDE, False),
    "report-dark": (WIDE, True),
    "report-narrow": (NARROW, False),
    "report-table": (WIDE, False),
}


_SHOWS = {"report-table": "tr.details:visible"}
"""What must be on a picture, whole: else it is a picture of something else."""


def _box(page: Page, one: Locator) -> FloatRect:
    """Where it is on the page, in pixels; a bounding box is where it is in the window."""
    page.evaluate("window.scrollTo({top: 0, behavior: 'instant'})")
    box = one.bounding_box()
    assert box is not None
    return box


def _holds(area: FloatRect, box: FloatRect) -> bool:
    right, bottom = area["x"] + area["width"], area["y"] + area["height"]
    return (
        area["x"] <= box["x"]
        and area["y"] <= box["y"]
        and box["x"] + box["width"] <= right
        and box["y"] + box["height"] <= bottom
    )


def size(picture: bytes) -> tuple[int, int]:
    """Width and height of a PNG (its specification, 11.2.1)."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_in_the_docs_is_of_this_page(reader: Reader, name: str) -> None:
    (width, height), dark = PICTURES[name]
    page = reader.open(reader.write(shop(), trend()), size=(width, height), dark=dark)
    target = reader.folder / f"{name}.png"

    if name == "report-table":
        _table(page)
        first, last = page.locator("section.all"), page.locator("footer")
    else:
        # Down to the table, which goes on and on.
        first, last = page.locator("header"), page.locator(_whole(page))
    top = max(0, round(_box(page, first)["y"]) - _MARGIN)
    high = round(_box(page, last)["y"]) - _MARGIN - top
    area: FloatRect = {"x": 0, "y": top, "width": width, "height": high}
    shows = page.locator(_SHOWS.get(name, "details.first")).first
    assert _holds(area, _box(page, shows)), f"{name} does not show {shows}"
    page.screenshot(path=target, full_page=True, clip=area)

    if os.environ.get("WRITE_IMAGES"):
        IMAGES.mkdir(exist_ok=True)
        shutil.copy(target, IMAGES)
    taken, shown = size(target.read_bytes()), size((IMAGES / target.name).read_bytes())
    assert taken[0] == pytest.approx(shown[0], rel=0.02)
    assert taken[1] == pytest.approx(shown[1], rel=_SAME)
