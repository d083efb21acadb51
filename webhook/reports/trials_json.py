"""Ended tests of policies as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.reports.check_json import API_VERSION
from webhook.reports.strict_json import to_json
from webhook.reports.trials import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.reports.trials import Ended, TrialRun


def render_trials_json(run: TrialRun) -> str:
    """A `PolicyTestResult` document; one test a line inside it, so that it can be compared."""
    summary = to_json({"tests": len(run.ended)} | {one.value: run.count(one) for one in Status})
    tests = ",\n".join(to_json(_test(one)) for one in run.ended)
    return (
        f'{{"apiVersion":"{API_VERSION}","kind":"PolicyTestResult","summary":{summary},'
        f'"tests":[\n{tests}\n]}}\n'
    )


def _test(one: Ended) -> Mapping[str, object]:
    return {
        "suite": one.suite,
        "name": one.name,
        "file": one.file,
        "line": one.line,
        "status": one.status.value,
        "objects": one.objects,
        "problems": list(one.problems),
        "findings": list(one.findings),
    }
