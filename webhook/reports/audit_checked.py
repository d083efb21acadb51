"""An audit in the shape of a check, for the formats that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.reports.checked import Checked, CheckResult, Place

if TYPE_CHECKING:
    from webhook.reports.audited import Audit, Owner

COMMAND = "cocket audit"


def check_result(audit: Audit) -> CheckResult:
    """The same verdicts, about owners in place of files."""
    return CheckResult(
        tuple(
            Checked(
                place_of(one.owner),
                one.verdict,
                images=frozenset(image.use.image for image in one.images),
            )
            for one in audit.audited
        ),
        version=audit.version,
        command=COMMAND,
    )


def place_of(owner: Owner) -> Place:
    """Where an owner is: `namespace/Kind/name` stands for the file, and there is no line."""
    path = "/".join(filter(None, (owner.namespace, owner.kind, owner.name)))
    return Place(owner.kind, owner.namespace, owner.name, path, 0)
