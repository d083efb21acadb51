"""Verdicts for people: a line for every object, and under it one for every finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.core.verdict import Outcome
from webhook.reports.checked import undecided, warns
from webhook.reports.wording import (
    MAX_NAME,
    MAX_PATH,
    Effect,
    effect,
    placed_sentence,
    summary_line,
)

if TYPE_CHECKING:
    from webhook.core.verdict import Finding
    from webhook.reports.checked import Checked, CheckResult


class Line(msgspec.Struct, frozen=True):
    """One finding: a sign of one column, the rule, and all the words."""

    sign: str
    rule: str
    text: str
    effect: Effect


class Block(msgspec.Struct, frozen=True):
    """One object: where it is, what became of it, and the findings to show."""

    sign: str
    place: str
    """`file:line`, as editors and `grep -n` write it."""
    title: str
    verdict: str
    effect: Effect
    lines: tuple[Line, ...]


def render_table(result: CheckResult, *, verbose: bool = False) -> str:
    """Plain text, never wrapped and never cut: for pipes, `grep` and log files."""
    out: list[str] = []
    for block in blocks(result, verbose=verbose):
        out.append(f"{block.sign} {block.place}: {block.title}: {block.verdict}")
        out.extend(f"    {line.sign} {line.rule}: {line.text}" for line in block.lines)
    out.append(summary_line(result.summary()))
    return "\n".join(out) + "\n"


def blocks(result: CheckResult, *, verbose: bool) -> list[Block]:
    """What the table shows; findings that passed or were skipped only if `verbose`."""
    several = (
        len({finding.policy for one in result.checked for finding in one.verdict.findings} - {""})
        > 1
    )
    return [block_of(one, verbose=verbose, several=several) for one in result.checked]


def block_of(one: Checked, *, verbose: bool, several: bool) -> Block:
    """One object, and the findings that are shown of it."""
    place = one.object
    findings = one.verdict.findings
    if not one.verdict.allowed:
        sign, verdict, worst = "✗", "refused", Effect.REFUSES
    elif any(warns(finding) for finding in findings):
        sign, verdict, worst = "!", "allowed, with warnings", Effect.WARNS
    elif any(undecided(finding) for finding in findings):
        sign, verdict, worst = "?", "allowed, not fully checked", Effect.WARNS
    elif any(finding.bad for finding in findings):
        sign, verdict, worst = "·", "allowed, noted by audit", Effect.NOTED
    elif findings:
        sign, verdict, worst = "✓", "allowed", Effect.NONE
    else:
        sign, verdict, worst = "✓", "allowed: no policy covers it", Effect.NONE
    return Block(
        sign=sign,
        place=printable(place.at(place.line), MAX_PATH),
        title=printable(place.title, MAX_NAME * 2),
        verdict=verdict,
        effect=worst,
        lines=tuple(
            _line(finding, several=several) for finding in findings if finding.bad or verbose
        ),
    )


def _line(finding: Finding, *, several: bool) -> Line:
    rule = printable(finding.rule, MAX_NAME)
    if several and finding.policy:
        rule = f"{rule} (policy {printable(finding.policy, MAX_NAME)})"
    return Line(_sign(finding), rule, placed_sentence(finding), effect(finding))


def _sign(finding: Finding) -> str:
    match finding.outcome:
        case Outcome.PASS:
            return "✓"
        case Outcome.SKIP:
            return "-"
        case Outcome.UNKNOWN if not finding.denies:
            return "?"
        case _:
            return {Effect.REFUSES: "✗", Effect.WARNS: "!"}.get(effect(finding), "·")
