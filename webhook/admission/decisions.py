"""What is logged of each decision. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.core.verdict import Outcome

if TYPE_CHECKING:
    from webhook.admission.answer import Answer
    from webhook.admission.review import Asked
    from webhook.core.verdict import Finding

_MAX_NAME = 300
_MAX_REFUSED = 20


class Refused(msgspec.Struct, frozen=True, gc=False):
    """What one finding refused."""

    policy: str
    rule: str
    container: str
    image: str


class Decision(
    msgspec.Struct,
    frozen=True,
    gc=False,
    omit_defaults=True,
    rename="camel",
    tag_field="event",
    tag="decision",
):
    """What was asked, and what was answered. `failed` and `unknown` count findings."""

    time: datetime
    uid: str
    decision: str
    """`allowed`, `warned` or `denied`."""
    allowed: bool
    ms: float
    kind: str = ""
    namespace: str = ""
    name: str = ""
    operation: str = ""
    sub_resource: str = ""
    user: str = ""
    dry_run: bool = False
    images: int = 0
    failed: int = 0
    unknown: int = 0
    refused: Sequence[Refused] = ()
    cause: str = ""
    """Why nothing was judged, where nothing was."""


def refused_by(denials: Sequence[Finding]) -> tuple[Refused, ...]:
    """The refusing findings in the order of the verdict, as many as a line can bear."""
    return tuple(
        Refused(
            finding.policy,
            finding.rule,
            printable(finding.container, _MAX_NAME),
            printable(finding.image, _MAX_NAME),
        )
        for finding in denials[:_MAX_REFUSED]
    )


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A verdict that was answered, as it is kept until it is logged."""

    time: datetime
    asked: Asked
    answer: Answer
    bad: Sequence[Finding]
    """The findings with outcome fail or unknown."""
    seconds: float


def decision_of(judged: Judged) -> Decision:
    """The line for a verdict; what strangers wrote is made safe to show."""
    asked, answer, bad = judged.asked, judged.answer, judged.bad
    unknown = sum(finding.outcome is Outcome.UNKNOWN for finding in bad)
    workload = asked.workload
    return Decision(
        time=judged.time,
        uid=printable(asked.uid, _MAX_NAME),
        decision=answer.decision,
        allowed=answer.decision != "denied",
        ms=round(judged.seconds * 1000, 3),
        kind=printable(asked.kind, _MAX_NAME),
        namespace=printable(asked.namespace, _MAX_NAME),
        name=printable(asked.name, _MAX_NAME),
        operation=printable(asked.operation, _MAX_NAME),
        sub_resource=printable(asked.sub_resource, _MAX_NAME),
        user=printable(asked.user, _MAX_NAME),
        dry_run=asked.dry_run,
        images=len(workload.images) if workload is not None else 0,
        failed=len(bad) - unknown,
        unknown=unknown,
        refused=refused_by(answer.denials),
    )


def unjudged_decision(time: datetime, uid: str, cause: str, answer: Answer) -> Decision:
    """The line for what could not be judged."""
    return Decision(
        time=time,
        uid=printable(uid, _MAX_NAME),
        decision=answer.decision,
        allowed=answer.decision != "denied",
        ms=0.0,
        cause=cause,
    )
