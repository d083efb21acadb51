"""Complaints of the decoder, in words."""

from __future__ import annotations

import msgspec
import pytest

from webhook.core.shape_errors import described, shape_error


class Inner(msgspec.Struct):
    name: str | None = None


class Shape(msgspec.Struct):
    text: str = ""
    number: int = 0
    flag: bool = False
    free: dict[str, str | None] | None = None
    many: list[Inner | None] | None = None
    ratio: float = 0.0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (5, "the object: expected a mapping, got 5"),
        ([], "the object: expected a mapping, got a list"),
        ({"text": None}, "text: expected a string, got null"),
        ({"text": 1.5}, "text: expected a string, got 1.5"),
        ({"text": {}}, "text: expected a string, got a mapping"),
        ({"number": "5"}, 'number: expected a whole number, got "5"'),
        ({"number": 1.5}, "number: expected a whole number, got 1.5"),
        ({"flag": "yes\n"}, 'flag: expected true or false, got "yes\\n"'),
        ({"flag": 10**500}, "flag: expected true or false, got a huge number"),
        ({"ratio": True}, "ratio: expected a number, got true"),
        ({"free": {"a": "b", "c": 5}}, "free.c: expected a string, got 5"),
        ({"free": [1]}, "free: expected a mapping, got a list"),
        ({"many": {}}, "many: expected a list, got a mapping"),
        ({"many": [None, {"name": False}]}, "many[1].name: expected a string, got false"),
    ],
)
def test_the_message_names_the_place_and_the_value(data: object, message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(data, Shape)

    assert shape_error(raised.value, data) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"text": 5}, "text: expected a string, got a whole number"),
        ({"free": {"c": 5}}, "free.…: expected a string, got a whole number"),
        ({"many": [{"name": 5}]}, "many[0].name: expected a string, got a whole number"),
    ],
)
def test_without_the_data_the_message_names_the_kind_of_the_value(
    data: object, message: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(data, Shape)

    assert shape_error(raised.value, None) == message


def test_data_that_is_shaped_otherwise_than_the_complaint_is_not_shown() -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"many": [{"name": 5}]}, Shape)

    message = "many[0].name: expected a string, got a whole number"
    assert shape_error(raised.value, {"many": []}) == message
    assert shape_error(raised.value, {"many": {}}) == message


def test_other_complaints_keep_their_words() -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(b'{"number": 1' + b"0" * 5000 + b"}", type=Shape)

    assert shape_error(raised.value, None) == "number: Integer value out of range"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("a\x1b[0m", '"a\\x1b[0m"'),
        (-3, "-3"),
        (0.5, "0.5"),
        (float("inf"), "a huge number"),
        ({}, "a mapping"),
        ([], "a list"),
    ],
)
def test_values_are_shown_as_in_json(value: object, text: str) -> None:
    assert described(value) == text
