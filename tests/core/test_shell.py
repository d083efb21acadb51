"""What a shell runs, and what takes its place."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.argv import Unresolved
from webhook.core.shell import File, Interactive, Text, exec_argv, invocation
from webhook.core.shelltext import CannotTell

NO_EXEC = "its last command is not `exec`"
HIDDEN = "what it starts with `exec` is known only when it runs"
NOTHING = "its `exec` starts no program"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sh -c 'a b'", Text("a b")),
        ("/bin/bash -lc 'a b' zero one", Text("a b", ("zero", "one"))),
        ("sh -ec a", Text("a")),
        ("bash -euo pipefail -c a", Text("a")),
        ("bash -ceuo pipefail a", Text("a")),
        ("bash -o pipefail -o errexit -c a", Text("a")),
        ("bash +o posix -O extglob -c a", Text("a")),
        ("bash -c -e a", Text("a")),
        ("bash -c -- a", Text("a")),
        ("bash --login -c a", Text("a")),
        ("bash --rcfile /x -c a", Text("a")),
        ("sh -c", Text("")),
        ("sh -sc a", Text("a")),
        ("sh /start.sh a", File(("/start.sh", "a"))),
        ("bash -e /start.sh -c a", File(("/start.sh", "-c", "a"))),
        ("sh -- /start.sh", File(("/start.sh",))),
        ("sh - /start.sh", File(("/start.sh",))),
        ("sh +c a", File(("a",))),
        ("sh ''", File(("",))),
        ("sh", Interactive()),
        ("bash -i", Interactive()),
        ("bash --login", Interactive()),
        ("bash -o", Interactive()),
        ("sh -s a", Interactive()),
        ("pwsh", Interactive()),
        ("pwsh -NoLogo", Interactive()),
        ("pwsh -File /a.ps1", File(("-File", "/a.ps1"))),
        ("pwsh /A.PS1", File(("/A.PS1",))),
        ("pwsh -Command Get-X", Text("")),
        ("cmd /c a", Text("")),
    ],
)
def test_how_a_shell_is_called(words: str, expected: Text | File | Interactive) -> None:
    assert expected == invocation(tuple(shlex.split(words)))


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("exec app", "app"),
        ("exec /bin/app -x 'a b'", "/bin/app -x 'a b'"),
        ("cd /x && exec app", "app"),
        ("a; exec app;", "app"),
        ("set -e\nexec app\n", "app"),
        ("A=1 B=$C exec app", "app"),
        ("exec -a name app", "app"),
        ("exec -cl -a name -- app", "app"),
        ("exec -- app", "app"),
        ("exec app > /log 2>&1", "app"),
        ("exec app; exec tini other", "app"),
        ("exec $HOME/bin/app -x", "'$HOME/bin/app' -x"),
        ("exec app $0 $@", "app zero one two"),
        ('exec app "$@" x', "app one two x"),
        ('exec "$@"', "one two"),
        ('exec "$0" "$@"', "zero one two"),
        ("exec ${0} ${@}", "zero one two"),
        ("exec app '$@' $*", "app '$@' one two"),
        ("exec gosu x nginx", "gosu x nginx"),
    ],
)
def test_what_is_behind_the_last_exec_takes_its_place(text: str, argv: str) -> None:
    got = exec_argv(text, ("zero", "one", "two"))

    assert got == tuple(shlex.split(argv))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", NO_EXEC),
        ("app", NO_EXEC),
        ("A=1", NO_EXEC),
        ("a && exec app; b", NO_EXEC),
        ("'exec ' app", NO_EXEC),
        ("echo exec app", NO_EXEC),
        ("if a; then exec b; fi", NO_EXEC),
        ("(exec app)", NO_EXEC),
        ("exec a | b", NO_EXEC),
        ("exec", NOTHING),
        ("exec > /log", NOTHING),
        ("exec -a name", NOTHING),
        ('exec "$@"', NOTHING),
        ("exec app &", "its `exec` runs in the background"),
        ("a && exec app &", "its `exec` runs in the background"),
        ("a | exec app", "its `exec` is part of a pipe"),
        ("a |& exec app", "its `exec` is part of a pipe"),
        ("a || exec app", "its `exec` runs only if the command before it fails"),
        ("exec $APP", HIDDEN),
        ('exec "$(which app)"', HIDDEN),
        ("exec `which app`", HIDDEN),
        ("exec /bin/$APP", HIDDEN),
        ("exec 'app", "a quote or a parenthesis in its text is not closed"),
    ],
)
def test_otherwise_nobody_can_tell_and_it_says_why(text: str, why: str) -> None:
    assert exec_argv(text) == CannotTell(why)


@pytest.mark.parametrize(
    "text", ["exec $(APP)", "cd /x && exec $(APP) -x", "$(SCRIPT)", "a; $(SCRIPT)", "exec /$(APP)"]
)
def test_a_reference_of_the_pod_in_place_of_the_program_stays_open(text: str) -> None:
    argv = exec_argv(Unresolved(text))

    assert isinstance(argv, tuple)
    assert isinstance(argv[0], Unresolved)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exec app $(OPTIONS)", ("app", "$(OPTIONS)")),
        ("exec $(which app) $(X)", CannotTell(HIDDEN)),
        ("app $(OPTIONS)", CannotTell(NO_EXEC)),
        ("exec > $(LOG)", CannotTell(NOTHING)),
        ("X=$(X)", CannotTell(NO_EXEC)),
        ("exec '$(APP)'", ("$(APP)",)),
    ],
)
def test_elsewhere_it_does_not_matter(text: str, expected: tuple[str, ...] | CannotTell) -> None:
    argv = exec_argv(Unresolved(text))

    assert argv == expected


@given(st.text(max_size=30), st.lists(st.text(max_size=5), max_size=4))
def test_exec_in_front_of_any_text_never_fails(text: str, arguments: list[str]) -> None:
    argv = exec_argv(f"exec {text}", arguments)

    assert isinstance(argv, CannotTell) or len(argv) > 0


@given(st.lists(st.sampled_from(["-c", "-eo", "-", "--", "+x", "--rcfile", "a", ""]), max_size=6))
def test_any_call_of_a_shell_is_read(words: list[str]) -> None:
    match invocation(("sh", *words)):
        case File(rest):
            assert rest == tuple(words[len(words) - len(rest) :])
        case Text(text, arguments):
            assert any("c" in word for word in words)
            assert text in {*words, ""}
            assert len(arguments) < len(words)
        case Interactive():
            pass
