"""A table for a comment on a change."""

from __future__ import annotations

import html
import re

from hypothesis import given

from tests.reports.findings import checked, finding, hostile_results, result
from webhook.core.verdict import Mode, Outcome
from webhook.reports.checked import CheckResult
from webhook.reports.markdown import render_markdown


def test_each_bad_finding_is_a_row() -> None:
    text = render_markdown(
        result(
            checked(
                finding(),
                finding(mode=Mode.WARN, rule="init"),
                finding(Outcome.PASS),
            )
        )
    )

    head, _, columns, rule, *rows = text.splitlines()
    assert head == "**cocket check**: 1 object with 1 image, 0 allowed, 1 refused, 1 with warnings"
    assert columns.count("|") == rule.count("|") == 6
    place = '| <code>deploy/web.yaml:3</code> | <code>Pod shop/web</code><br>container "app"'
    words = "nginx:1.25 is a tag, and tags move. Write nginx@sha256:…."
    assert [html.unescape(row) for row in rows] == [
        f"{place} | digest | ❌ refuses | {words} |",
        f"{place} | init | ⚠️ warns | {words} |",
    ]


def test_without_findings_there_is_no_table() -> None:
    text = render_markdown(result(checked(finding(Outcome.PASS))))

    assert text == "**cocket check**: 1 object with 1 image, 1 allowed, 0 refused\n"


def test_nobody_is_mentioned_and_a_digest_can_be_copied() -> None:
    text = render_markdown(
        result(checked(finding(message="@acme/all wrote (@me) nginx@sha256", fix="")))
    )

    assert "<code>@</code>acme/all wrote (<code>@</code>me) nginx@sha256 |" in text


def test_a_finding_about_the_whole_object_has_no_container() -> None:
    text = render_markdown(result(checked(finding(container=""))))

    assert "| <code>Pod shop/web</code> |" in text


@given(hostile_results())
def test_strangers_write_text_and_nothing_else(hostile: CheckResult) -> None:
    lines = render_markdown(hostile).split("\n")

    rows = lines[4:-1]
    bad = [one for each in hostile.checked for one in each.verdict.findings if one.bad]
    assert len(rows) == len(bad)
    for row in rows:
        assert row.isprintable() or "⚠" in row
        assert row.count("|") == 6
        outside = re.sub(r"<code>[^<>]*</code>|<br>|&#\d+;", "", row).replace("|", "")
        assert not re.search(r"[<>`*_\[\]&\\!#]|://|(?<!\w)@(?=\w)", outside)
