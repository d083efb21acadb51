"""Annotations on the lines of a change."""

from __future__ import annotations

import re
from urllib.parse import unquote

from hypothesis import given

from tests.reports.findings import checked, finding, hostile_results, result
from webhook.core.verdict import Mode, Outcome
from webhook.reports.checked import CheckResult
from webhook.reports.github import render_github


def test_each_effect_has_its_command() -> None:
    text = render_github(
        result(
            checked(
                finding(),
                finding(mode=Mode.WARN),
                finding(mode=Mode.AUDIT),
                finding(Outcome.PASS),
                finding(Outcome.SKIP),
            )
        )
    )

    assert [line.split(" ")[0] for line in text.splitlines()] == [
        "::error",
        "::warning",
        "::notice",
        "cocket:",
    ]


def test_the_annotation_stands_at_the_line_of_the_image() -> None:
    text = render_github(result(checked(finding(), lines={"/spec/containers/0/image": 9})))

    assert text.splitlines()[0] == (
        "::error file=deploy/web.yaml,line=9,title=digest%3A Pod shop/web::"
        'container "app": nginx:1.25 is a tag, and tags move. Write nginx@sha256:….'
    )


def test_what_a_runner_would_read_as_syntax_is_escaped() -> None:
    text = render_github(
        result(checked(finding(message="100 %\n::x::", fix=""), file="a,b:c%.yaml", line=0))
    )

    assert text.splitlines()[0] == (
        "::error file=a%2Cb%3Ac%25.yaml,title=digest%3A Pod shop/web::"
        'container "app": 100 %25\\n::x::'
    )


@given(hostile_results())
def test_strangers_issue_no_commands(hostile: CheckResult) -> None:
    *commands, last, empty = render_github(hostile).split("\n")

    bad = [one for each in hostile.checked for one in each.verdict.findings if one.bad]
    assert len(commands) == len(bad)
    assert last.startswith("cocket: ")
    assert empty == ""
    for command in commands:
        match = re.fullmatch(
            r"::(error|warning|notice) file=([^:,]*)(,line=\d+)?,title=([^:,]*)::(.*)", command
        )
        assert match is not None
        assert all(unquote(part).isprintable() for part in match.groups("") if part)
        assert command.isprintable()
