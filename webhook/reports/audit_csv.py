"""An audit for spreadsheets (RFC 4180): a row for every finding, passes and skips included."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.audit_json import said_of
from webhook.reports.wording import MAX_SENTENCE, effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webhook.core.verdict import Finding
    from webhook.reports.audited import Audit, Audited, RunningImage

COLUMNS = (
    *("namespace", "kind", "name", "pods"),
    *("container", "role", "image", "digest", "running", "environment"),
    *("commit", "source", "built", "pid1"),
    *("policy", "rule", "outcome", "reason", "mode", "effect", "message", "fix", "exception"),
)
# With these a spreadsheet begins a formula, and a formula can send what is in the other cells away
# (OWASP, «CSV Injection»). An image name or a label may begin with one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def render_audit_csv(audit: Audit) -> str:
    """A header, and a row for every finding; an image without any has one row without a rule."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in audit.audited:
        for row in _rows(one):
            writer.writerow([_cell(row.get(column, "")) for column in COLUMNS])
    return out.getvalue()


def _rows(one: Audited) -> Iterator[Mapping[str, object]]:
    owner = one.owner
    head = {
        "namespace": owner.namespace,
        "kind": owner.kind,
        "name": owner.name,
        "pods": one.pods,
    }
    images = {(image.use.pointer, image.use.image): image for image in one.images}
    without = dict(images)
    for finding in one.verdict.findings:
        key = (finding.pointer, finding.image)
        without.pop(key, None)
        image = images.get(key)
        yield head | ({} if image is None else _image(image)) | _finding(finding)
    for image in without.values():
        yield head | _image(image)


def _image(image: RunningImage) -> dict[str, object]:
    return {
        "container": image.use.container,
        "role": image.use.role.value,
        "image": image.use.image,
        "digest": image.digest,
        "running": " ".join(image.running),
        "environment": image.environment,
        **said_of(image),
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "policy": finding.policy,
        "rule": finding.rule,
        "outcome": finding.outcome.value,
        "reason": "" if finding.reason is None else finding.reason.value,
        "mode": finding.mode.value,
        "effect": effect(finding).value,
        "container": finding.container,
        "role": finding.role.value,
        "image": finding.image,
        "message": finding.message,
        "fix": finding.fix,
        "exception": finding.exception,
    }


def _cell(value: object) -> str:
    text = printable(str(value), MAX_SENTENCE)
    return f"'{text}" if text.startswith(_FORMULA) else text
