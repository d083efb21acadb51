"""Strict reading of fields."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest

from webhook.core.document import Document
from webhook.core.resource_fields import Fields, is_name
from webhook.errors import InvalidPolicyError


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


def fields(data: object) -> Fields:
    lines = {"/spec": 2, "/spec/a": 3, "/spec/list/1": 5}
    return Fields(Document("p.yaml", 1, {}, lines), "Thing x", data, ("spec",))


def problem(read: Callable[[Fields], object], data: dict[str, Any]) -> str:
    with pytest.raises(InvalidPolicyError) as raised:
        read(fields(data))
    return str(raised.value)


def test_values_of_the_right_type_are_returned() -> None:
    found = fields(
        {
            "text": "a",
            "flag": True,
            "number": 7,
            "word": "large",
            "texts": ["a", "b"],
            "words": ["large", "small"],
            "pairs": {"k": "v", "empty": ""},
            "section": {"inner": "x"},
            "sections": [{"inner": "y"}],
        }
    )

    assert found.text("text") == "a"
    assert found.flag("flag", default=False) is True
    assert found.number("number", 1, least=7, most=7) == 7
    assert found.word("word", Size.SMALL) is Size.LARGE
    assert found.one_of("word", Size) is Size.LARGE
    assert found.texts("texts", ()) == ("a", "b")
    assert found.words("words", (Size.SMALL,)) == (Size.LARGE, Size.SMALL)
    assert found.pairs("pairs") == {"k": "v", "empty": ""}
    assert found.section("section").text("inner") == "x"
    assert [one.text("inner") for one in found.sections("sections")] == ["y"]
    found.end()


def test_defaults_stand_for_what_is_absent() -> None:
    found = fields({})

    assert found.text("text", "b") == "b"
    assert found.flag("flag", default=True) is True
    assert found.number("number", 1, least=0, most=9) == 1
    assert found.word("word", Size.SMALL) is Size.SMALL
    assert found.texts("texts", ("c",)) == ("c",)
    assert found.words("words", (Size.SMALL,)) == (Size.SMALL,)
    assert found.pairs("pairs") == {}
    assert found.section("section").text("inner", "d") == "d"
    assert found.sections("sections") == []
    assert not found.has("text")
    found.end()


@pytest.mark.parametrize(
    ("read", "data", "message"),
    [
        (lambda f: f.text("a"), {}, "spec: a is missing"),
        (lambda f: f.text("host"), {"hots": 1}, "spec: host is missing; did you mean it by hots?"),
        (lambda f: f.text("a"), {"a": 5}, "spec.a: expected a string, got 5"),
        (lambda f: f.text("a", ""), {"a": []}, "spec.a: expected a string, got a list"),
        (lambda f: f.text("a"), {"a": " "}, "spec.a: it is empty"),
        (lambda f: f.text("a", limit=3), {"a": "four"}, "spec.a: it is longer than 3 characters"),
        (
            lambda f: f.text("a", ""),
            {"a": None},
            "spec.a: it has no value: write one, or leave the line out",
        ),
        (
            lambda f: f.flag("a", default=False),
            {"a": "no"},
            'spec.a: expected true or false, got "no"',
        ),
        (
            lambda f: f.number("a", 1, least=0, most=9),
            {"a": True},
            "spec.a: expected a whole number, got true",
        ),
        (
            lambda f: f.number("a", 1, least=0, most=9),
            {"a": 10},
            "spec.a: expected a number from 0 to 9",
        ),
        (
            lambda f: f.word("a", Size.SMALL),
            {"a": "huge"},
            'spec.a: expected one of small, large; got "huge"',
        ),
        (
            lambda f: f.word("a", Size.SMALL),
            {"a": False},
            "spec.a: expected one of small, large; got false",
        ),
        (lambda f: f.one_of("a", Size), {}, "spec: a is missing"),
        (lambda f: f.texts("a", ()), {"a": "x"}, 'spec.a: expected a list, got "x"'),
        (
            lambda f: f.texts("a", ("b",)),
            {"a": []},
            "spec.a: the list is empty, so nothing could pass",
        ),
        (
            lambda f: f.texts("a", ()),
            {"a": ["x", 5]},
            "spec.a[1]: expected a string, got 5",
        ),
        (lambda f: f.texts("a", ()), {"a": [""]}, "spec.a[0]: it is empty"),
        (
            lambda f: f.texts("a", ()),
            {"a": ["x" * 5000]},
            "spec.a[0]: it is longer than 4096 characters",
        ),
        (
            lambda f: f.texts("a", ()),
            {"a": ["x"] * 1001},
            "spec.a: the list has more than 1000 entries",
        ),
        (
            lambda f: f.words("a", (Size.SMALL,)),
            {"a": []},
            "spec.a: the list is empty, so nothing would be asked",
        ),
        (
            lambda f: f.words("a", (Size.SMALL,)),
            {"a": ["small", "tiny"]},
            'spec.a[1]: expected one of small, large; got "tiny"',
        ),
        (lambda f: f.pairs("a"), {"a": {"k": 5}}, "spec.a.k: expected a string, got 5"),
        (
            lambda f: f.section("a"),
            {"a": None},
            "spec.a: it has no value: write {}, or leave the line out",
        ),
        (lambda f: f.section("a"), {"a": []}, "spec.a: expected a mapping, got a list"),
        (lambda f: f.section("a"), {"a": {5: 6}}, "spec.a: expected a string for a key, got 5"),
        (lambda f: f.sections("a"), {"a": [5]}, "spec.a[0]: expected a mapping, got 5"),
    ],
)
def test_everything_else_is_an_error_that_names_place_and_document(
    read: Callable[[Fields], object], data: dict[str, Any], message: str
) -> None:
    line = 3 if message.startswith("spec.a") else 2

    assert problem(read, data) == f"p.yaml:{line}: Thing x: {message}"


def test_an_entry_of_a_list_has_its_own_line() -> None:
    message = problem(lambda f: f.texts("list", ()), {"list": ["x", ""]})

    assert message == "p.yaml:5: Thing x: spec.list[1]: it is empty"


def test_off_without_quotes_is_meant_as_a_word_where_the_word_is_known() -> None:
    assert fields({"a": False}).word("a", Switch.ON) is Switch.OFF


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("enviroments", "did you mean environments?"),
        ("xyz", "known: environments, mode"),
    ],
)
def test_what_was_not_asked_for_is_an_error_with_a_hint(name: str, hint: str) -> None:
    def read(found: Fields) -> None:
        found.texts("environments", ())
        found.allow("mode")
        found.end()

    assert problem(read, {name: []}).endswith(f": spec.{name}: unknown field; {hint}")


def test_hostile_names_are_made_printable() -> None:
    assert "\x1b" not in problem(lambda f: f.end(), {"\x1b[0m" * 1000: 1})


def test_what_is_no_mapping_is_an_error_without_a_file_too() -> None:
    with pytest.raises(InvalidPolicyError, match=r'^expected a mapping, got "x"$'):
        Fields(Document("", 0, "x"), "", "x")


@pytest.mark.parametrize("name", ["a", "a-b.c1", "1", "x" * 253])
def test_a_name_is_a_dns_subdomain(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a..b", ".a", "a\n", "ä", "x" * 254])
def test_another_text_is_no_name(name: str) -> None:
    assert not is_name(name)


def test_a_mapping_says_where_it_begins() -> None:
    inner = fields({"a": {}, "list": [{}, {}], "b": {}})
    first, second = inner.sections("list")

    assert (inner.line, inner.section("a").line, second.line) == (2, 3, 5)
    # The document's own line, where nothing better is known.
    assert (first.line, inner.section("b").line) == (1, 1)


def test_a_mapping_can_be_left_to_another_reader() -> None:
    found = fields({"plain": {"any": [1, None]}, "text": "x"})

    assert found.plain("plain") == {"any": [1, None]}
    assert found.plain("absent") == {}
    assert problem(lambda one: one.plain("text"), {"text": "x"}).endswith(
        'spec.text: expected a mapping, got "x"'
    )
