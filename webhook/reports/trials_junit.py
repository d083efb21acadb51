"""Ended tests of policies as JUnit XML, in the elements that CI servers read."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.junit import attribute
from webhook.reports.trials import Ended, Status, TrialRun
from webhook.reports.wording import MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

_ELEMENTS = {Status.FAILED: "failure", Status.ERROR: "error"}


def render_trials_junit(run: TrialRun) -> str:
    """A `testsuites` document with one suite a file."""
    files: dict[str, list[Ended]] = {}
    for one in run.ended:
        files.setdefault(one.file, []).append(one)
    suites = "".join(
        f"  <testsuite name={attribute(file)} {_sums(ended)}>\n"
        + "".join(map(_case, ended))
        + "  </testsuite>\n"
        for file, ended in files.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="cocket test" {_sums(run.ended)}>\n{suites}</testsuites>\n'
    )


def _case(one: Ended) -> str:
    head = (
        f"    <testcase classname={attribute(one.suite or one.file)}"
        f" name={attribute(one.name or 'the document')}"
        f' file={attribute(one.file)} line="{one.line}"'
    )
    element = _ELEMENTS.get(one.status)
    if element is None:
        return f"{head}/>\n"
    lines = [printable(line, MAX_SENTENCE) for line in (*one.problems, *one.findings)]
    text = escape("\n".join(lines), quote=False)
    first = attribute(one.problems[0])
    return f"{head}><{element} message={first}>{text}</{element}></testcase>\n"


def _sums(ended: Sequence[Ended]) -> str:
    run = TrialRun(tuple(ended))
    return (
        f'tests="{len(ended)}" failures="{run.count(Status.FAILED)}" '
        f'errors="{run.count(Status.ERROR)}" skipped="0"'
    )
