from __future__ import annotations

import shlex
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.entrypoints import CASES, Case
from tests.layers.stubs import ELF, tree_of
from webhook.core.inside import Ending
from webhook.core.process import look
from webhook.core.standing import Kind, Process
from webhook.layers.programs import Programs
from webhook.layers.script import MAX_STATES, ends_of
from webhook.layers.shell_parser import parse

PROGRAMS = (
    *("tini", "dumb-init", "s6-svscan", "app", "nginx", "httpd", "gosu", "su-exec", "setpriv"),
    *("env", "sh", "bash", "dash", "python3", "execlineb", "supervisord"),
)
WORDS: Mapping[Kind, str] = {
    Kind.INIT: "init",
    Kind.SUPERVISOR: "supervisor",
    Kind.SERVER: "server",
    Kind.PROGRAM: "program",
    Kind.STAYS: "stays",
    Kind.SHELL: "program",
    Kind.SCRIPT: "unknown",
    Kind.VARIABLE: "unknown",
    Kind.ABSENT: "absent",
}


def said(process: Process) -> str:
    deaf = process.kind is Kind.INIT and process.hears is False
    return "init-deaf" if deaf else WORDS[process.kind]


def judged(text: str, args: str) -> Process:
    files = {f"usr/bin/{name}": ELF for name in PROGRAMS}
    tree = tree_of(
        {
            "bin": "->usr/bin",
            **files,
            "e.sh": text,
            "lib.sh": "log() { echo; }\nlog\n",
            "ends.sh": "exec app\n",
        }
    )
    programs = Programs(tree, architecture="amd64", path="", folder="/", parse=parse)
    return look(("/e.sh", *shlex.split(args)), (), programs)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_script_makes_of_pid_1(case: Case) -> None:
    assert said(judged(case.text, case.args)) == case.kind


def test_there_is_a_script_for_each_way_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


def test_what_cannot_be_told_is_quoted() -> None:
    assert judged('#!/bin/sh\neval "$X"\nexec tini -- app\n', "").note == 'eval "$X"'


@pytest.mark.parametrize(
    "case",
    [one for one in CASES if one.kind == "init" and "shebang-init" not in one.name],
    ids=lambda case: case.name,
)
@pytest.mark.parametrize(
    "before", ['eval "$X"', ". /nowhere.sh", "alias exec=x", "exec() { x; }", "enable -n exec"]
)
def test_no_init_stays_one_behind_what_nobody_can_tell(case: Case, before: str) -> None:
    first, _, rest = case.text.partition("\n")

    assert said(judged(f"{first}\n{before}\n{rest}", case.args)) == "unknown"


def test_a_script_with_too_many_ways_is_not_walked_for_ever() -> None:
    text = "".join(f"if a; then X{n}=1; fi\n" for n in range(MAX_STATES)) + "exec tini -- app\n"

    assert [end.how for end in ends_of(text, lambda _: None, parse)] == [Ending.UNTOLD]


def test_functions_that_call_each_other_end() -> None:
    text = "a() { b; }\nb() { a; }\na\nexec tini -- app\n"

    assert Ending.UNTOLD in {end.how for end in ends_of(text, lambda _: None, parse)}


def test_files_that_read_each_other_end() -> None:
    ends = ends_of(". /x.sh\nexec tini\n", lambda _: ". /x.sh\n", parse)

    assert Ending.UNTOLD in {end.how for end in ends}


PIECES = st.sampled_from(
    (
        *(
            "exec",
            "tini",
            "--",
            '"$@"',
            "$@",
            "if",
            "then",
            "fi",
            "else",
            "while",
            "do",
            "done",
            "{",
        ),
        *("}", "(", ")", "&&", "||", ";", "\n", "&", "|", "'", '"', "$(", "`", "<<EOF", "EOF", "x"),
        *("set", "shift", "trap", "TERM", ". /x.sh", "eval", "case", "in", "esac", "*)", ";;", "="),
        *("return", "break", "exit", "function f", "f()", "A=1", "A+=(b)", '"${A[@]}"', "${B:-c}"),
    )
)


@given(st.lists(PIECES, max_size=30).map(" ".join))
def test_any_text_has_an_answer(text: str) -> None:
    ends = ends_of(text, lambda _: "exec x\n", parse)

    assert ends
    for end in ends:
        assert end.how is not Ending.EXEC or end.command("/e.sh", ("a", "b"))


@given(st.text(max_size=200))
def test_any_bytes_have_an_answer(text: str) -> None:
    assert ends_of(text, lambda _: None, parse)
