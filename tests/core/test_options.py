"""Where the options of a program end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.options import Grammar, options, read

GRAMMAR = Grammar(options("-a -b --all -", "-verbose"), options("-n --name -main"))


@pytest.mark.parametrize(
    ("words", "end", "given_options"),
    [
        ("x", 1, ""),
        ("x app", 1, ""),
        ("x -a app -b", 2, "-a="),
        ("x -- -a", 2, ""),
        ("x -a -- app", 3, "-a="),
        ("x -ab app", 2, "-a= -b="),
        ("x -n 3 app", 3, "-n=3"),
        ("x -n3 app", 2, "-n=3"),
        ("x -an3 app", 2, "-a= -n=3"),
        ("x -an 3 app", 3, "-a= -n=3"),
        ("x --name y app", 3, "--name=y"),
        ("x --name=y app", 2, "--name=y"),
        ("x --all=y app", 2, "--all=y"),
        ("x -main y app", 3, "-main=y"),
        ("x -verbose app", 2, "-verbose="),
        ("x - app", 2, "-="),
        ("x -n", 2, "-n="),
    ],
)
def test_options_end_at_the_first_word_that_is_none(
    words: str, end: int, given_options: str
) -> None:
    found = read(words.split(), GRAMMAR)

    assert found.end == end
    assert not found.unknown
    assert " ".join(f"{name}={value}" for name, value in found.given) == given_options


@pytest.mark.parametrize("word", ["-z", "-az", "--zero", "--zero=1", "-10"])
def test_an_unknown_option_ends_the_reading_and_is_named(word: str) -> None:
    found = read(("x", "-a", word, "app"), GRAMMAR)

    assert (found.end, found.unknown) == (2, word)
    assert found.has("-a")
    assert not found.has("-z", "-b")


def test_a_lenient_grammar_takes_unknown_options_for_flags() -> None:
    assert read(("x", "-z", "--zero", "app"), Grammar(lenient=True)).end == 3


@pytest.mark.parametrize("word", ["-10", "--10"])
def test_numbers_are_options_where_the_grammar_says_so(word: str) -> None:
    assert read(("nice", word, "app"), Grammar(numeric=True)).end == 2


def test_behind_some_options_no_other_is_read() -> None:
    grammar = Grammar(options("-i"), options("-S"), options("-S"))

    assert read(("env", "-iS", "text", "-x"), grammar).end == 3
    assert read(("env", "-Stext", "-i"), grammar).end == 2


def test_a_lone_dash_is_an_operand_where_the_grammar_does_not_know_it() -> None:
    assert read(("x", "-", "app"), Grammar()).end == 1


@given(words=st.lists(st.text(st.sampled_from("-abnz=1"), max_size=4)), lenient=st.booleans())
def test_reading_ends_within_the_words(words: list[str], *, lenient: bool) -> None:
    grammar = Grammar(GRAMMAR.flags, GRAMMAR.valued, lenient=lenient)

    assert 0 <= read(words, grammar, 0).end <= len(words)
