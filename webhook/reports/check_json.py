"""Verdicts as one JSON document, or as one JSON object a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.verdict import Outcome
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.core.verdict import Finding
    from webhook.reports.checked import Checked, CheckResult, Summary

API_VERSION = "cocket.dev/v1alpha1"


def render_json(result: CheckResult) -> str:
    """A `CheckResult` document; one verdict a line inside it, so that it can be compared."""
    verdicts = ",\n".join(to_json(_verdict(one)) for one in result.checked)
    summary = to_json(summary_data(result.summary()))
    return (
        f'{{"apiVersion":"{API_VERSION}","kind":"CheckResult","summary":{summary},'
        f'"verdicts":[\n{verdicts}\n]}}\n'
    )


def render_jsonl(result: CheckResult) -> str:
    """The verdicts alone, one a line, each as in the document."""
    return "".join(f"{to_json(_verdict(one))}\n" for one in result.checked)


def summary_data(summary: Summary) -> Mapping[str, object]:
    """The sums, as every JSON of ours has them."""
    return {
        "objects": summary.objects,
        "withoutImages": summary.without_images,
        "allowed": summary.allowed,
        "refused": summary.refused,
        "warned": summary.warned,
        "unknown": summary.unknown,
        "images": summary.images,
        "rules": {
            rule: {
                Outcome.PASS.value: count.passed,
                Outcome.FAIL.value: count.failed,
                Outcome.UNKNOWN.value: count.unknown,
                Outcome.SKIP.value: count.skipped,
            }
            for rule, count in sorted(summary.rules.items())
        },
    }


def _verdict(one: Checked) -> Mapping[str, object]:
    place = one.object
    return {
        "object": {
            "kind": place.kind,
            "namespace": place.namespace,
            "name": place.name,
            "file": place.file,
            "line": place.line,
        },
        "allowed": one.verdict.allowed,
        "findings": [finding_data(finding) for finding in one.verdict.findings],
    }


def finding_data(finding: Finding) -> Mapping[str, object]:
    """One finding, as every JSON of ours has it."""
    return {
        "policy": finding.policy,
        "rule": finding.rule,
        "outcome": finding.outcome.value,
        "reason": None if finding.reason is None else finding.reason.value,
        "mode": finding.mode.value,
        "container": finding.container,
        "role": finding.role.value,
        "pointer": finding.pointer,
        "image": finding.image,
        "message": finding.message,
        "fix": finding.fix,
        # Only where there is one: without exceptions the document is what it was before them.
        **({"exception": finding.exception} if finding.exception else {}),
    }
