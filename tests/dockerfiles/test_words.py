"""Words, quotes and variables of Dockerfiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.dockerfiles.words import MAX_VALUE, Value, expand, json_words, pairs, words

KNOWN = {"a": Value("1"), "empty": Value(""), "later": Value("${later}", frozenset({"later"}))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$a", "1"),
        ("${a}b", "1b"),
        ("$ab", ""),
        ("\\$a", "$a"),
        ("'$a'", "$a"),
        ('"$a \\" \\x"', '1 " \\x'),
        ("\\x", "x"),
        ("${a:-2}", "1"),
        ("${empty:-2}", "2"),
        ("${empty-2}", ""),
        ("${none-2}", "2"),
        ("${none:-$a}", "1"),
        ("${a:+2}", "2"),
        ("${none:+2}", ""),
        ("${a:?why}", "1"),
        ("${later:-2}", "2"),
        ("$", "$"),
        ("$1", "$1"),
        ("${", "${"),
        ("end\\", "end\\"),
    ],
)
def test_variables_become_their_values(text: str, expected: str) -> None:
    assert expand(text, KNOWN) == Value(expected)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("$later", {"later"}),
        ("x-${later}", {"later"}),
        ("${later:+x}", {"later"}),
        ("${later:?x}", {"later"}),
        ("${a#1}", {"a"}),
        ("${!x}", {"{!x}"}),
    ],
)
def test_what_only_a_build_knows_is_missing(text: str, missing: set[str]) -> None:
    value = expand(text, KNOWN)

    assert value.missing == missing
    assert not value.known


def test_a_value_that_doubles_itself_is_cut() -> None:
    value = Value("x")
    for _ in range(64):
        value = expand("$a$a$a", {"a": value})

    assert len(value.text) <= 3 * (3 * MAX_VALUE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b", ["a", "b"]),
        ("a='x y' b=\"c d\"", ["a='x y'", 'b="c d"']),
        ("a\\ b c", ["a\\ b", "c"]),
        ("'a\\' b", ["'a\\'", "b"]),
        ("", []),
    ],
)
def test_words_end_at_blanks_outside_of_quotes(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=1 b='2 3'", [("a", "1"), ("b", "'2 3'")]),
        ("a the old form", [("a", "the old form")]),
        ("a=", [("a", "")]),
        ("", []),
    ],
)
def test_pairs_are_read_in_both_forms(text: str, found: list[tuple[str, str]]) -> None:
    assert list(pairs(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('["a", "b c"]', ("a", "b c")),
        ("[]", ()),
        ("['a']", None),
        ('["a"', None),
        ('["a", 1]', None),
        ("a b", None),
        ("[" * 100_000, None),
    ],
)
def test_only_a_list_of_texts_is_the_json_form(text: str, found: tuple[str, ...] | None) -> None:
    assert json_words(text) == found


@given(st.text(st.sampled_from("a${}:-+?'\"\\ `#"), max_size=80))
def test_any_text_is_expanded(text: str) -> None:
    assert isinstance(expand(text, KNOWN).text, str)
    assert "".join(words(text)) == "".join(words(text, "\\"))
