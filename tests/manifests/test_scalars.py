"""Plain scalars mean what they mean to kubectl."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.manifests.scalars import NoScalarError, plain, tagged

CORE = "tag:yaml.org,2002:"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("yes", True),
        ("On", True),
        ("y", True),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("no", False),
        ("off", False),
        ("N", False),
        ("nginx", "nginx"),
        ("0", 0),
        ("8080", 8080),
        ("-1", -1),
        ("+1", 1),
        ("1_000", 1000),
        ("010", 8),
        ("0o10", 8),
        ("0x1F", 31),
        ("-0b101", -5),
        ("08", 8.0),
        ("1.25", 1.25),
        (".5", 0.5),
        ("1e3", "1e3"),
        ("1e+3", 1000.0),
        ("1.e+3", "1.e+3"),
        (".5e3", 500.0),
        (".", "."),
        ("-", "-"),
        ("--", "--"),
        ("...", "..."),
        ("1.2.3", "1.2.3"),
        ("1:30", "1:30"),
        ("0x", "0x"),
        ("0xZ", "0xZ"),
        ("0b2", "0b2"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("1Gi", "1Gi"),
        ("500m", "500m"),
        ("١", "١"),
        ("9" * 401, "9" * 401),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_a_plain_scalar(text: str, value: object) -> None:
    found = plain(text)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".inf", "-.Inf", "+.INF", "9" * 350 + ".0"])
def test_what_json_cannot_say_is_an_error(text: str) -> None:
    with pytest.raises(NoScalarError):
        plain(text)


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("5", "str", "5"),
        ("", "str", ""),
        ("5", "int", 5),
        ("yes", "bool", True),
        ("off", "bool", False),
        ("~", "null", None),
        ("", "null", None),
        ("5", "float", 5.0),
        ("1.5", "float", 1.5),
    ],
)
def test_a_tag_says_what_the_text_is(text: str, tag: str, value: object) -> None:
    found = tagged(text, CORE + tag)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("x", CORE + "int"),
        ("1.5", CORE + "int"),
        ("yes", CORE + "int"),
        ("yes", CORE + "float"),
        ("5", CORE + "bool"),
        ("5", CORE + "null"),
        ("2024-01-01", CORE + "timestamp"),
        ("aGk=", CORE + "binary"),
        ("os.system", CORE + "python/name"),
        ("x", "!Ref"),
    ],
)
def test_other_tags_are_errors(text: str, tag: str) -> None:
    with pytest.raises(NoScalarError, match="cannot be read"):
        tagged(text, tag)


@given(text=st.text(max_size=12) | st.from_regex(r"[-+.0-9_xobeEinfa]{1,12}", fullmatch=True))
def test_any_text_is_a_value_that_json_has(text: str) -> None:
    try:
        value = plain(text)
    except NoScalarError:
        return
    assert value is None or isinstance(value, str | int | float)
    assert not isinstance(value, float) or math.isfinite(value)
    assert not isinstance(value, str) or value == text
