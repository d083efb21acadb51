"""JSON that is safe on a terminal and readable by strict parsers."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.reports.strict_json import to_json


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", '"plain"'),
        ("café …", '"café …"'),
        ("\x1b[2J", '"\\u001b[2J"'),
        ("\x9b2J", '"\\u009b2J"'),
        ("\x7f", '"\\u007f"'),
        ("a\u202eb", '"a\\u202eb"'),
        ("\u2028", '"\\u2028"'),
        ("\U000e0001", '"\\udb40\\udc01"'),
        ("\U0001f600", '"\U0001f600"'),
        ("\ud800", '"\\ufffd"'),
    ],
)
def test_what_is_not_printable_is_escaped(text: str, expected: str) -> None:
    assert to_json(text) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_strict_parser_reads_back_what_was_written(text: str) -> None:
    shown = to_json({text: [text]})

    assert json.loads(shown) == {text: [text]}
    assert msgspec.json.decode(shown) == {text: [text]}
    assert shown.isprintable()


@given(st.text(st.characters()))
def test_any_text_gives_one_printable_line_that_strict_parsers_take(text: str) -> None:
    shown = to_json([text])

    assert shown.isprintable()
    assert len(msgspec.json.decode(shown)) == 1
