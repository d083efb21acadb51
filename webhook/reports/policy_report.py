"""What an audit found about one owner, as a PolicyReport or as a Report of OpenReports.

Readers know the fields of wgpolicyk8s.io/v1alpha2 and openreports.io/v1alpha1, and nothing of us:
one report for each owner, which goes when its owner goes. Never one for each Pod.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from webhook.core.printable import printable
from webhook.reports.report_result import (
    SOURCE,
    ReportResult,
    Result,
    Severity,
    identity,
    report_result,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from webhook.core.verdict import Finding
    from webhook.reports.audited import Audited, Owner, RunningImage

MANAGED_BY = "app.kubernetes.io/managed-by"
"""The label by which our reports are told from those of others; its value is `SOURCE`."""
PREFIX = "cocket-"
"""Of names: other engines name theirs by the bare UID of the owner."""
MAX_RESULTS = 1000
MAX_BYTES = 900_000
"""Of results as JSON. etcd takes 1.5 MiB with everything around them, and we promise 1 MB."""
_ORDER = {one: number for number, one in enumerate(Result)}


class ReportApi(StrEnum):
    """The two APIs; the value is what `apiVersion` says."""

    POLICY_REPORT = "wgpolicyk8s.io/v1alpha2"
    OPEN_REPORTS = "openreports.io/v1alpha1"

    @property
    def kind(self) -> str:
        """Of one report, about things in a namespace."""
        return "PolicyReport" if self is ReportApi.POLICY_REPORT else "Report"


def policy_report(audited: Audited, api: ReportApi, taken: datetime) -> dict[str, Any] | None:
    """The report as it is written; None where no policy asks anything of the owner.

    The same input gives the same bytes. The gravest results stand first, so what is too much for
    one report is what passes; the summary counts everything.

    Args:
        audited: the owner, with all findings.
        api: which of the two.
        taken: when it was judged; aware.
    """
    findings = _numbered(audited.verdict.findings)
    if not findings:
        return None
    owner = audited.owner
    results = list(_results(owner, findings, audited.images, taken))
    summary = {one.value: 0 for one in Result}
    for finding, _ in findings:
        summary[word(finding).value] += 1
    left_out = len(findings) - len(results)
    if left_out:
        results.append(_truncated(owner, left_out, taken))
        summary[Result.ERROR.value] += 1
    report: dict[str, Any] = {
        "apiVersion": api.value,
        "kind": api.kind,
        "metadata": _metadata(owner),
        "scope": object_reference(owner),
        "summary": summary,
        "results": results,
    }
    if api is ReportApi.OPEN_REPORTS:
        report["source"] = SOURCE
    return report


def report_name(owner: Owner) -> str:
    """Of the report about an owner; by its names where nobody knows its UID."""
    if owner.uid:
        return f"{PREFIX}{owner.uid}"
    return f"{PREFIX}{hashlib.sha256(owner.title.encode('utf-8', 'replace')).hexdigest()[:32]}"


def object_reference(owner: Owner) -> dict[str, str]:
    """The owner as a core/v1 ObjectReference."""
    said = {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "namespace": owner.namespace,
        "name": owner.name,
        "uid": owner.uid,
    }
    return {key: printable(text) for key, text in said.items() if text}


def fingerprint(report: Mapping[str, Any]) -> str:
    """A hash of what a report says, of ours as of what an API server gives back.

    When it was said does not count: what is still so is not written again.
    """
    found = report.get("results")
    results = [
        {key: value for key, value in one.items() if key != "timestamp"}
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict)
    ]
    metadata = report.get("metadata") or {}
    said = {
        "scope": report.get("scope"),
        "summary": report.get("summary"),
        "source": report.get("source"),
        "owners": metadata.get("ownerReferences"),
        "results": results,
    }
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


def _numbered(findings: Iterable[Finding]) -> list[tuple[Finding, int]]:
    """The gravest first; each with how many of its like come before it, whatever they say."""
    seen: dict[tuple[str, ...], int] = {}
    numbered: list[tuple[Finding, int]] = []
    for finding in sorted(findings, key=lambda one: (one.image, one.pointer, one.message)):
        place = (finding.policy, finding.rule, finding.role.value, finding.container)
        number = seen[place] = seen.get(place, -1) + 1
        numbered.append((finding, number))
    return sorted(numbered, key=_grave)


def _grave(numbered: tuple[Finding, int]) -> tuple[int, str, str, str, str, int]:
    finding, number = numbered
    grave = _ORDER[word(finding)]
    role = finding.role.value
    return (grave, finding.policy, finding.rule, role, finding.container, number)


def _results(
    owner: Owner,
    findings: Iterable[tuple[Finding, int]],
    images: Iterable[RunningImage],
    taken: datetime,
) -> Iterator[dict[str, Any]]:
    """As many as a report has room for."""
    running = {(one.use.role, one.use.container, one.use.image): one for one in images}
    size = 0
    for finding, number in islice(findings, MAX_RESULTS):
        image = running.get((finding.role, finding.container, finding.image))
        result = report_result(finding, image)
        found = _finished(result, identity(owner.title, finding, number), taken)
        size += len(msgspec.json.encode(found))
        if size > MAX_BYTES:
            return
        yield found


def _finished(result: ReportResult, number: str, taken: datetime) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(result)
    found["properties"] = {"resultID": number, **result.properties}
    found["timestamp"] = {"seconds": int(taken.timestamp()), "nanos": 0}
    return found


def _truncated(owner: Owner, left_out: int, taken: datetime) -> dict[str, Any]:
    result = ReportResult(
        policy=SOURCE,
        rule="report",
        category="Report",
        severity=Severity.HIGH,
        result=Result.ERROR,
        scored=False,
        source=SOURCE,
        message=f"Truncated: {left_out} results are left out, the gravest are shown.",
    )
    number = hashlib.sha256(f"{owner.title}\0truncated".encode("utf-8", "replace")).hexdigest()
    return _finished(result, number[:32], taken)


def _metadata(owner: Owner) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": report_name(owner),
        "namespace": printable(owner.namespace),
        "labels": {MANAGED_BY: SOURCE},
    }
    if owner.uid:
        # Without `blockOwnerDeletion`: that would need a right on the owner's finalizers.
        reference = {
            key: value for key, value in object_reference(owner).items() if key != "namespace"
        }
        metadata["ownerReferences"] = [reference]
    return metadata
