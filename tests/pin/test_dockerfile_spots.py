"""Names in Dockerfiles, where they stand."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from tests.pin.pinning import left, pin

AT = f"@{DIGEST}"
FILE = "web.Dockerfile"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM a:1\n", f"FROM a:1{AT}\n"),
        ("from a as b\nFROM b", f"from a{AT} as b\nFROM b"),
        (
            "FROM --platform=x \\\n  # why\n  a:1 AS b\n",
            f"FROM --platform=x \\\n  # why\n  a:1{AT} AS b\n",
        ),
        ("\ufeffFROM a:1\r\nRUN x\r\n", f"\ufeffFROM a:1{AT}\r\nRUN x\r\n"),
        ("FROM scratch\nCOPY --from=a:1 x y\n", f"FROM scratch\nCOPY --from=a:1{AT} x y\n"),
        (
            "FROM scratch\nRUN --mount=from=a:1,target=/x y\n",
            f"FROM scratch\nRUN --mount=from=a:1{AT},target=/x y\n",
        ),
        ("ARG B=a:1\nFROM ${B} AS c\nFROM $B\n", f"ARG B=a:1{AT}\nFROM ${{B}} AS c\nFROM $B\n"),
        ("RUN <<E\nE\n", ""),
        (f"FROM a{AT}\n", ""),
        ("ARG B\nFROM $B\n", ""),
        ("FROM scratch\n", ""),
    ],
)
def test_only_the_name_changes(before: str, after: str) -> None:
    if before.startswith("RUN"):
        before = f"FROM scratch\n{before}"
    assert pin(before, FILE) == (after or before)
    assert left(before, FILE) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ARG V=1\nFROM a:$V\n", "a variable is part of it"),
        ("ARG V\nFROM a:$V\n", "its tag comes with the build"),
        ("ARG V='a:1'\nFROM $V\n", "a variable is part of it"),
        ("FROM ${B:-a:1}\n", "a variable is part of it"),
        ("FROM a\\\n:1\n", "it is not written on one line"),
    ],
)
def test_what_cannot_be_edited_is_told(text: str, why: str) -> None:
    ((_, _, said),) = left(text, FILE)

    assert why in said
    assert pin(text, FILE) == text
