"""The pages that people read: links lead somewhere, and what the README shows is what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crds import ROOT, schema, version

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REGISTRIES = (ROOT / "docs" / "registries.md").read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Where a link into the page may lead, as GitHub names headings."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
    return named | set(re.findall('<a id="([^"]+)">', text))


def broken(page: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if path.startswith(("http://", "https://")):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_the_readme_shows_the_columns_that_there_are() -> None:
    [shown] = re.findall(r"^NAME +IMAGE .+$", README, re.MULTILINE)
    # Those of another priority than 0 are shown by `-o wide`.
    columns = [
        one["name"].upper()
        for one in version("ImageFacts")["additionalPrinterColumns"]
        if not one.get("priority")
    ]

    assert re.split(" {2,}", shown.strip()) == ["NAME", *columns]


def test_every_field_of_a_registry_is_explained() -> None:
    table = REGISTRIES.partition("| field of `spec` |")[2].partition("\n\n")[0]

    fields = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(fields) == sorted(schema("Registry")["properties"]["spec"]["properties"])
