"""Names from the command line and from standard input."""

from __future__ import annotations

import io
from typing import BinaryIO

import pytest

from webhook.cli.names import MAX_LINE, names


def read(text: bytes, *arguments: str) -> list[str]:
    return list(names(arguments, lambda: io.BytesIO(text)))


def nobody() -> BinaryIO:
    raise AssertionError("standard input was asked for")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\nb", ["a", "b"]),
        (b"\n \na\n\n", ["", " ", "a", ""]),
        (b" a\n", [" a"]),
        (b"\xff\n", ["�"]),
    ],
)
def test_each_line_is_a_name_also_an_empty_one(text: bytes, expected: list[str]) -> None:
    assert read(text, "-") == expected


def test_arguments_are_names_and_a_dash_is_standard_input() -> None:
    assert read(b"b\n", "a", "-", "c") == ["a", "b", "c"]


def test_standard_input_is_left_alone_unless_it_is_named() -> None:
    assert list(names(["a"], nobody)) == ["a"]


@pytest.mark.parametrize("length", [MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, MAX_LINE * 3])
def test_a_line_without_end_is_one_name_and_is_not_kept_whole(length: int) -> None:
    first, second = read(b"x" * length + b"\nnginx\n", "-")

    assert len(first) == min(length, MAX_LINE)
    assert second == "nginx"
