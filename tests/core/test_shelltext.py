"""The last command of a shell's text."""

from __future__ import annotations

import shlex
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.shelltext import MAX_TEXT, MAX_TOKENS, CannotTell, Command, last_command

UNCLOSED = "a quote or a parenthesis in its text is not closed"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exec app", "exec app"),
        ("  exec\tapp  ", "exec app"),
        ("cd /x && exec app", "exec app"),
        ("a; b; exec app;", "exec app"),
        ("a\nb\nexec app\n\n", "exec app"),
        ("a &&\n\n exec app", "exec app"),
        ("a & exec app", "exec app"),
        ("exec app # not this; b", "exec app"),
        ("exec app\n# b", "exec app"),
        ("# b\nexec app", "exec app"),
        ("exec app#1 a#b", "exec app#1 a#b"),
        ("a;#b\nexec app", "exec app"),
        ("b; exec", "exec"),
        ("exec app; b", "exec app"),
        ("exec app; exec b", "exec app"),
        ("A=1 exec app || b", "A=1 exec app"),
        ("exec app &&", "exec app"),
        ("exec app\n(b", "exec app"),
        ("exec app )", ")"),
        ("exec > /log; b", "b"),
        ("A=1; exec b", "exec b"),
        ("a && exec app; exec b", "exec b"),
        ("exec app & exec b", "exec b"),
        ("(exec app); exec b", "exec b"),
        ("((exec app)); exec b", "exec b"),
        ("if a; then exec app; fi; exec b", "exec b"),
        ("if a; then c; exec app; fi; exec b", "exec b"),
        ("if a; then if c; then d; fi; exec app; fi; exec b", "exec b"),
        ("while a; do c; exec app; done; exec b", "exec b"),
        ("f() { a; exec app; }; exec b", "exec b"),
        ("case a in c) exec app;; esac; exec b", "exec b"),
        ("if a; then c; fi; exec app; b", "exec app"),
        ("(a); exec app; b", "exec app"),
        ("if a; then exec app; fi", "fi"),
        ("if a; then b; fi; exec app", "exec app"),
        ("{ exec app; }", "}"),
        ("(exec app)", ")"),
        ("(cd /x; a); exec app", "exec app"),
        ("case x in y) exec app;; esac", "esac"),
        ("exec app > /log 2>&1", "exec app"),
        ("2>/dev/null exec app", "exec app"),
        ("exec app &> /log", "exec app"),
        ("exec app >| x >> y <> z < in <<< here", "exec app"),
        ("exec app 2 x", "exec app 2 x"),
        ("exec \\\n app", "exec app"),
        ("exec a\\\npp", "exec app"),
        ("exec 'my app' \"a b\"", "exec 'my app' 'a b'"),
        ("exec 'a;b' \"c&&d\"", "exec 'a;b' 'c&&d'"),
        ("exec my\\ app", "exec 'my app'"),
        ('exec "a\\"b\\$c\\`d\\\\e\\f\\\ng"', "exec 'a\"b$c`d\\e\\fg'"),
        ("exec a\\", "exec 'a\\'"),
        ('exec $X ${Y:-a;b} "$Z;" `a;b`', "exec '$X' '${Y:-a;b}' '$Z;' '`a;b`'"),
        ("exec $(a; b) $((1+2))", "exec '$(a; b)' '$((1+2))'"),
        ('exec "$(a "x; exec y" \')\' \\) (b) `c`)"', None),
        ('a "$(b "; exec c")"', None),
        ("exec ${a:-$(b})} ${c:-'}'} ${d:-\"}\"} ${e:-${f}}", None),
        ("exec `a \\` b` c", "exec '`a \\` b`' c"),
        ("exec $ $1 $@ $$ $?", "exec '$' '$1' '$@' '$$' '$?'"),
        ("", ""),
        ("exec", "exec"),
        (";;; exec", "exec"),
        ("exec a; # b", "exec a"),
        ("exec a <(b)", ")"),
    ],
)
def test_the_words_of_the_last_command(text: str, words: str | None) -> None:
    command = last_command(text)

    assert isinstance(command, Command)
    if words is not None:
        assert list(command.words) == shlex.split(words)
    else:
        assert command.words[0] == text.split(maxsplit=1)[0]
        assert command.after == ""


@pytest.mark.parametrize(
    ("text", "after", "background"),
    [
        ("exec a", "", False),
        ("a && exec a", "&&", False),
        ("a || exec a", "||", False),
        ("a | exec a", "|", False),
        ("a |& exec a", "|&", False),
        ("a; exec a", ";", False),
        ("a\nexec a", "\n", False),
        ("a ||\n\nexec a", "||", False),
        ("a\n|| exec a", "||", False),
        ("exec a &", "", True),
        ("a && exec a &", "&&", True),
        ("exec a & # b", "", True),
        ("a & exec a", "&", False),
    ],
)
def test_what_stands_in_front_of_it_and_behind(text: str, after: str, *, background: bool) -> None:
    command = last_command(text)

    assert isinstance(command, Command)
    assert command.words == ("exec", "a")
    assert (command.after, command.background) == (after, background)


def test_words_in_which_the_shell_replaces_something_are_marked() -> None:
    command = last_command('X=$Y exec a$B \'c$d\' "$e" `f` "`g`" \\$h "${i}"')

    assert isinstance(command, Command)
    assert command.dynamic == {0, 2, 4, 5, 6, 8}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exec 'a", UNCLOSED),
        ('exec "a', UNCLOSED),
        ('exec "a\\"', UNCLOSED),
        ('exec "$(a"', UNCLOSED),
        ("exec $(a", UNCLOSED),
        ("exec $(a 'b)", UNCLOSED),
        ("exec ${a", UNCLOSED),
        ("exec `a", UNCLOSED),
        ("exec $'a'", UNCLOSED),
        ("exec a > 'b", UNCLOSED),
        ("cat <<E\nexec a\nE", "its text holds a here-document"),
        ("cat <<-E\nexec a", "its text holds a here-document"),
        ("cat 3<<E\nexec a", "its text holds a here-document"),
        ("a && exec a &&", "its text ends in `&&`"),
        ("exec a |\n", "its text ends in `|`"),
        ("exec; (", "its text ends in `(`"),
        ("x" * (MAX_TEXT + 1), f"its text has more than {MAX_TEXT} characters"),
    ],
)
def test_what_cannot_be_told_says_why(text: str, why: str) -> None:
    assert last_command(text) == CannotTell(why)


@given(st.text(st.sampled_from("exec aX=$(){}`'\"\\;&|<>#\n2@-"), max_size=40))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(last_command(text + "exec"), Command | CannotTell)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=5))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    command = last_command("exec " + shlex.join(words))

    assert command == Command(("exec", *words))


@pytest.mark.parametrize("piece", ["$(", '"$(', "${", "a;", "a ", "\\", "#\n", "'a'", "$((", ">a "])
def test_the_time_grows_with_the_length_only(piece: str) -> None:
    text = ("exec " + piece * MAX_TEXT)[:MAX_TEXT]
    began = time.process_time()
    last_command(text)

    assert time.process_time() - began < 1


def test_a_text_of_too_many_words_cannot_be_told() -> None:
    """Two hundred of these in one Pod would keep all other reviews waiting for half a minute."""
    ends = last_command("; " * (MAX_TOKENS - 2) + "exec app")
    assert isinstance(ends, Command)
    assert ends.words == ("exec", "app")

    assert last_command("; " * (MAX_TOKENS - 1) + "exec app") == CannotTell(
        "its text has more than 1024 words"
    )
    assert last_command("exec tini " + "1>" * 8000) == CannotTell(
        "its text has more than 1024 words"
    )
