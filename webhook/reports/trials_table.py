"""Ended tests of policies for people: a line for each, and why it did not pass under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.trials import Status
from webhook.reports.wording import MAX_NAME, MAX_PATH, MAX_SENTENCE, many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webhook.reports.trials import Ended, TrialRun

_SIGNS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.ERROR: "!"}


def trial_lines(run: TrialRun, *, verbose: bool = False) -> Iterator[tuple[Status, str]]:
    """The lines of the table, each with what it is about; the last one is the sum.

    The findings are shown of what failed, and with `verbose` of everything.
    """
    for one in run.ended:
        yield one.status, f"{_SIGNS[one.status]} {_place(one)}: {_title(one)}"
        for problem in one.problems:
            yield one.status, f"    {printable(problem, MAX_SENTENCE)}"
        if verbose or one.status is Status.FAILED:
            for finding in one.findings:
                yield one.status, f"        {printable(finding, MAX_SENTENCE)}"
    yield worst(run), _sum(run)


def render_trials_table(run: TrialRun, *, verbose: bool = False) -> str:
    """Plain text, never wrapped and never cut."""
    return "".join(f"{line}\n" for _, line in trial_lines(run, verbose=verbose))


def worst(run: TrialRun) -> Status:
    """What the run as a whole is; one without any test is in error."""
    for status in (Status.ERROR, Status.FAILED):
        if run.count(status):
            return status
    return Status.PASSED if run.ended else Status.ERROR


def _place(one: Ended) -> str:
    file = printable(one.file, MAX_PATH)
    return f"{file}:{one.line}" if one.line else file


def _title(one: Ended) -> str:
    title = printable(one.title, 2 * MAX_NAME) or "no test could be run"
    return f"{title} ({many(one.objects, 'object')})" if one.objects else title


def _sum(run: TrialRun) -> str:
    parts = [f"{run.count(status)} {status}" for status in (Status.PASSED, Status.FAILED)]
    if errors := run.count(Status.ERROR):
        parts.append(many(errors, "error"))
    return f"{many(len(run.ended), 'test')}: {', '.join(parts)}"
