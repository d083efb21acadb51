"""Variables of Compose files."""

from __future__ import annotations

import pytest

from webhook.composefiles.variables import Text, interpolate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx:1", Text("nginx:1")),
        ("a:${T:-1}", Text("a:1")),
        ("a:${T-1}", Text("a:1")),
        ("a:${T:-}", Text("a:")),
        ("a:$T", Text("a:$T", ("T",))),
        ("${R}/a:${T}", Text("${R}/a:${T}", ("R", "T"))),
        ("a:${T:?why}", Text("a:${T:?why}", ("T",))),
        ("a:${T:+1}", Text("a:${T:+1}", ("T",))),
        ("$$T", Text("$T")),
        ("$1 ${", Text("$1 ${")),
    ],
)
def test_defaults_are_put_in_and_the_rest_is_missing(text: str, expected: Text) -> None:
    assert interpolate(text) == expected
