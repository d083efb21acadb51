"""Which words a container starts with."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.argv import ROOM, Unresolved, basename, effective, expand, show

WORDS = st.lists(st.text(max_size=8), max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("command", "args", "argv"),
    [
        ((), (), ("tini", "--", "/app")),
        ((), ("-x",), ("tini", "--", "-x")),
        (("/run",), (), ("/run",)),
        (("/run",), ("-x",), ("/run", "-x")),
    ],
    ids=["neither", "args keep the Entrypoint", "command drops both", "command and args"],
)
def test_image_and_pod_merge_by_the_table_of_the_runtimes(
    command: tuple[str, ...], args: tuple[str, ...], argv: tuple[str, ...]
) -> None:
    assert argv == effective(("tini", "--"), ("/app",), command, args)


def test_without_an_entrypoint_the_first_word_of_cmd_is_the_program() -> None:
    assert effective((), ("nginx", "-v"), (), ()) == ("nginx", "-v")


def test_an_empty_word_as_the_only_entrypoint_counts_as_none() -> None:
    assert effective(("",), ("dumb-init", "app"), (), ()) == ("dumb-init", "app")
    assert effective(("",), ("app",), (), ("other",)) == ("other",)
    assert effective(("", "x"), (), (), ()) == ("", "x")


@pytest.mark.parametrize(
    ("text", "expanded", "open_references"),
    [
        ("plain", "plain", False),
        ("$(A)", "tini", False),
        ("/$(A)/$(A)", "/tini/tini", False),
        ("$$(A)", "$(A)", False),
        ("$$$(A)", "$tini", False),
        ("$$$$(A)", "$$(A)", False),
        ("$(NOT)", "$(NOT)", True),
        ("$(A)$(NOT)", "tini$(NOT)", True),
        ("$()", "$()", True),
        ("$(A", "$(A", False),
        ("$($(A)", "$($(A)", True),
        ("$A", "$A", False),
        ("$A$(A)", "$Atini", False),
        ("${A}", "${A}", False),
        ("$", "$", False),
        ("a$", "a$", False),
        ("$(A)$", "tini$", False),
        ("$(A)$$", "tini$", False),
        ("$(A)$x$$y", "tini$x$y", False),
        ("$\n$(A)", "$\ntini", False),
    ],
)
def test_references_expand_as_the_kubelet_does_it(
    text: str, expanded: str, *, open_references: bool
) -> None:
    got = expand(text, {"A": "tini"})

    assert got == expanded
    assert isinstance(got, Unresolved) is open_references


def test_only_the_words_of_the_pod_are_expanded() -> None:
    env = (("A", "tini"),)

    assert effective(("$(A)",), ("$(A)",), (), (), env) == ("$(A)", "$(A)")
    assert effective(("$(A)",), (), (), ("$(A)",), env) == ("$(A)", "tini")


def test_variables_refer_to_those_before_them_and_the_last_of_a_name_wins() -> None:
    env = (("B", "$(A)"), ("A", "x"), ("A", "tini"), ("C", "/bin/$(A)"), ("D", "$(NOT)/$(C)"))

    argv = effective((), (), ("$(C)", "$(B)", "$(D)"), (), env)

    assert argv == ("/bin/tini", "$(A)", "$(NOT)//bin/tini")
    assert [isinstance(word, Unresolved) for word in argv] == [False, True, True]


def test_variables_that_double_each_other_stay_within_bounds() -> None:
    env = (
        ("A0", "x" * 1000),
        *((f"A{at}", f"$(A{at - 1})$(A{at - 1})") for at in range(1, 64)),
    )

    word = effective((), (), ("$(A63)",), (), env)[0]

    assert isinstance(word, Unresolved)
    assert len(word) < 2 * ROOM


def test_a_megabyte_of_open_references_is_read_in_no_time() -> None:
    began = time.process_time()
    expand("$(" * 500_000, {})
    expand("$(A" * 300_000 + ")", {})

    assert time.process_time() - began < 5


@given(
    st.text(st.sampled_from("$()ABx"), max_size=30), st.text(st.sampled_from("$()AB"), max_size=4)
)
def test_expansion_agrees_with_the_algorithm_of_kubernetes(text: str, value: str) -> None:
    values = {"A": value, "B": ""}

    assert expand(text, values) == _kubernetes(text, values)


def _kubernetes(text: str, values: dict[str, str]) -> str:
    """The documented behaviour, one character after the other."""
    out = ""
    at = 0
    while at < len(text):
        if text[at] != "$" or at + 1 == len(text):
            out, at = out + text[at], at + 1
        elif text[at + 1] == "$":
            out, at = out + "$", at + 2
        elif text[at + 1] == "(" and ")" in text[at:]:
            end = text.index(")", at)
            name = text[at + 2 : end]
            out, at = out + values.get(name, f"$({name})"), end + 1
        else:
            out, at = out + text[at : at + 2], at + 2
    return out


@pytest.mark.parametrize(
    ("word", "name"), [("tini", "tini"), ("/sbin/tini", "tini"), ("./x", "x"), ("a/", ""), ("", "")]
)
def test_the_basename_follows_the_last_slash(word: str, name: str) -> None:
    assert name == basename(word)


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("nginx", "-g", "daemon off;"), 'nginx -g "daemon off;"'),
        (("sh", "-c", 'echo "$X"'), "sh -c 'echo \"$X\"'"),
        (("sh", "-c", "it's"), 'sh -c "it\'s"'),
        (("",), "''"),
        (("a\nb",), '"a\\nb"'),
        ((), ""),
    ],
)
def test_an_argv_is_shown_as_one_would_type_it(argv: tuple[str, ...], shown: str) -> None:
    assert shown == show(argv)


@given(WORDS, st.integers(1, 60))
def test_what_is_shown_is_one_printable_line_within_the_limit(
    argv: tuple[str, ...], limit: int
) -> None:
    shown = show(argv, limit)

    assert shown.isprintable()
    assert len(shown) <= limit


def test_what_is_shown_of_megabytes_is_cut() -> None:
    assert len(show(("x" * 5_000_000, "y"))) == 160
    assert len(show(("'",) * 1_000_000)) == 160
    assert show(("x" * 200,)).endswith("…")
