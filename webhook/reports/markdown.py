"""Verdicts as a Markdown table, for a comment on a change or a step summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.wording import (
    MAX_NAME,
    Effect,
    effect,
    sentence,
    summary_line,
    where,
)

if TYPE_CHECKING:
    from webhook.core.verdict import Finding
    from webhook.reports.checked import Checked, CheckResult

_EFFECTS = {
    Effect.REFUSES: "❌ refuses",
    Effect.WARNS: "⚠️ warns",
    Effect.NOTED: "noted",
}
# Everything that Markdown or HTML reads as more than text. As a character reference it has no
# meaning left (CommonMark 0.31 section 2.5), also not `|` in a table cell.
_ACTIVE = re.compile(r"[!\"#$&'*+:;<=>\[\\\]_`{|}~]|://|www\.")
# `@name` at the start of a word notifies people and teams; in <code> it does not.
_MENTION = re.compile(r"(?<![A-Za-z0-9_])@")


def render_markdown(result: CheckResult) -> str:
    """A table of every finding that refuses, warns or is noted, under the sums."""
    rows = [
        _row(one, finding)
        for one in result.checked
        for finding in one.verdict.findings
        if finding.bad
    ]
    head = f"**{result.command}**: {summary_line(result.summary())}\n"
    if not rows:
        return head
    table = "| where | object | rule | | finding |\n|---|---|---|---|---|\n" + "".join(rows)
    return f"{head}\n{table}"


def _row(one: Checked, finding: Finding) -> str:
    place = one.object
    container = where(finding)
    cells = (
        code(place.at(one.line_of(finding))),
        code(place.title) + (f"<br>{text(container)}" if container else ""),
        text(finding.rule),
        _EFFECTS[effect(finding)],
        text(sentence(finding)),
    )
    return f"| {' | '.join(cells)} |\n"


def code(name: str) -> str:
    """A name as code, of which nothing is Markdown or HTML."""
    return f"<code>{_quiet(printable(name, MAX_NAME))}</code>"


def text(words: str) -> str:
    """A sentence of which nothing is Markdown or HTML, and which notifies nobody."""
    return _MENTION.sub("<code>@</code>", _quiet(printable(words, MAX_NAME * 10)))


def _quiet(text: str) -> str:
    return _ACTIVE.sub(_references, text)


def _references(match: re.Match[str]) -> str:
    return "".join(f"&#{ord(char)};" for char in match.group())
