"""Lines of JSON pointers."""

from __future__ import annotations

import pytest

from webhook.manifests.lines import Lines

DATA = {"a/b": {"c~d": ["x", {"e": 1}]}, "short": {"known": 1, "added": 2}}
STARTS = {
    id(DATA): [1, 5],
    id(DATA["a/b"]): [2],
    id(DATA["a/b"]["c~d"]): [3, 4],  # type: ignore[index]
    id(DATA["short"]): [6],
}
LINES = Lines(DATA, 1, lambda: STARTS)


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/a~1b", 1),
        ("/a~1b/c~0d", 2),
        ("/a~1b/c~0d/0", 3),
        ("/a~1b/c~0d/1", 4),
        ("/a~1b/c~0d/1/e", 4),
        ("/short", 5),
        ("/short/known", 6),
        ("/short/added", 5),
    ],
)
def test_what_has_no_line_of_its_own_has_that_of_the_part_above(pointer: str, line: int) -> None:
    assert LINES[pointer] == line


@pytest.mark.parametrize(
    "pointer",
    [
        "a",
        "/b",
        "/",
        "/a~1b/c~0d/2",
        "/a~1b/c~0d/-1",
        "/a~1b/c~0d/x",
        "/a~1b/c~0d/٠",
        "/a~1b/c~0d/00",
        "/a~1b/c~0d/9999999999",
        "/short/known/x",
    ],
)
def test_what_is_not_there_has_no_line(pointer: str) -> None:
    assert LINES.get(pointer) is None


def test_it_is_a_mapping_of_every_pointer() -> None:
    assert set(LINES) == {
        "",
        "/a~1b",
        "/a~1b/c~0d",
        "/a~1b/c~0d/0",
        "/a~1b/c~0d/1",
        "/a~1b/c~0d/1/e",
        "/short",
        "/short/known",
        "/short/added",
    }
    assert len(LINES) == 9
