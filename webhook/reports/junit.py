"""Verdicts as JUnit XML: one test case for every file, object and rule.

Elements as CI servers read them: `failure` for what refuses, `error` for what could not be checked,
`skipped`; JUnit has no word for a warning, so it goes to `system-out` of a case that passes.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.core.verdict import Outcome
from webhook.reports.checked import undecided
from webhook.reports.wording import MAX_PATH, Effect, effect, placed_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.verdict import Finding
    from webhook.reports.checked import Checked, CheckResult


class _Case(msgspec.Struct, frozen=True):
    """One test case as text, and the sum of its suite that it belongs to."""

    element: str
    text: str


def render_junit(result: CheckResult) -> str:
    """A `testsuites` document with one suite a file."""
    files: dict[str, list[_Case]] = {}
    for one in result.checked:
        files.setdefault(one.object.file, []).extend(_cases(one))
    every = [case for cases in files.values() for case in cases]
    suites = "".join(
        f"  <testsuite name={attribute(file)} {_sums(cases)}>\n"
        + "".join(case.text for case in cases)
        + "  </testsuite>\n"
        for file, cases in files.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuites name={attribute(result.command)} {_sums(every)}>\n{suites}</testsuites>\n"
    )


def _cases(one: Checked) -> Sequence[_Case]:
    by_rule: dict[str, list[Finding]] = {}
    for finding in one.verdict.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    return [_case(one, rule, findings) for rule, findings in by_rule.items()]


def _case(one: Checked, rule: str, findings: Sequence[Finding]) -> _Case:
    element = _element(findings)
    lines = [placed_sentence(finding) for finding in findings if finding.bad]
    text = escape("\n".join(lines), quote=False)
    place = one.object
    head = (
        f"    <testcase classname={attribute(place.title)} name={attribute(rule)}"
        f' file={attribute(place.file)} line="{place.line}"'
    )
    match element:
        case "failure" | "error":
            first = next(finding for finding in findings if finding.bad)
            body = f"<{element} message={attribute(placed_sentence(first))}>{text}</{element}>"
        case "skipped":
            body = f"<skipped message={attribute(placed_sentence(findings[0]))}/>"
        case _ if lines:
            body = f"<system-out>{text}</system-out>"
        case _:
            return _Case(element, f"{head}/>\n")
    return _Case(element, f"{head}>{body}</testcase>\n")


def _element(findings: Sequence[Finding]) -> str:
    if any(effect(finding) is Effect.REFUSES and not undecided(finding) for finding in findings):
        return "failure"
    if any(undecided(finding) for finding in findings):
        return "error"
    if all(finding.outcome is Outcome.SKIP for finding in findings):
        return "skipped"
    return "passed"


def _sums(cases: Sequence[_Case]) -> str:
    counts = {"failure": 0, "error": 0, "skipped": 0, "passed": 0}
    for case in cases:
        counts[case.element] += 1
    return (
        f'tests="{len(cases)}" failures="{counts["failure"]}" '
        f'errors="{counts["error"]}" skipped="{counts["skipped"]}"'
    )


def attribute(text: str) -> str:
    """A text of strangers as the value of an XML attribute, with its quotes."""
    # XML 1.0 section 2.2 has no way to write most control characters: escape them as text first.
    return f'"{escape(printable(text, MAX_PATH))}"'
