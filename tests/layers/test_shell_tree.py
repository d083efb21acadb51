"""Scripts are parsed in a process that may die of it."""

from __future__ import annotations

import subprocess

import pytest

from webhook.core.inside import Ending
from webhook.layers.script import ends_of
from webhook.layers.shell_parser import MAX_NODES, parse
from webhook.layers.shell_tree import ERROR, apart, tree_of


def test_another_process_says_the_same() -> None:
    text = 'if a; then exec tini -- "$@"; fi\nexec app\n'

    assert ends_of(text, lambda _: None) == ends_of(text, lambda _: None, parse)


def test_a_parser_that_dies_tells_nothing() -> None:
    def dies(_: bytes) -> object:
        raise subprocess.CalledProcessError(-11, "parser")

    assert tree_of("exec tini", dies) is None
    (end,) = ends_of("exec tini", lambda _: None, dies)
    assert (end.how, end.line) == (Ending.UNTOLD, "it cannot be parsed")


@pytest.mark.parametrize("answer", [None, [], ["x"], {"kind": "program"}, ["p", 1, 2, 3, 4, 5]])
def test_a_parser_that_answers_rubbish_tells_nothing(answer: object) -> None:
    assert tree_of("exec tini", lambda _: answer) is None


def test_a_script_that_is_nested_beyond_sense_tells_nothing() -> None:
    assert tree_of("(" * 4000, parse) is None
    assert ends_of("{ " * 400 + "exec tini" + "; }" * 400, lambda _: None)[0].how is Ending.UNTOLD


def test_a_script_with_more_parts_than_any_tells_nothing() -> None:
    assert tree_of("a;" * (MAX_NODES // 2), parse) is None


def test_what_is_no_ascii_never_reaches_the_parser() -> None:
    seen: list[bytes] = []

    def note(source: bytes) -> object:
        seen.append(source)
        return parse(source)

    tree = tree_of("échø\0\U000e0000\n", note)

    assert seen == [b"?ch???\n"]
    assert tree is not None
    assert tree.type != ERROR


def test_where_a_script_breaks_is_told() -> None:
    tree = tree_of("if a; then\n", apart)

    assert tree is not None
    assert tree.type == ERROR
