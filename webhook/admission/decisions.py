"""What is logged of each decision. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.core.verdict import Mode, Outcome

if TYPE_CHECKING:
    from webhook.admission.answer import Answer
    from webhook.admission.review import Asked
    from webhook.core.verdict import Finding

_MAX_NAME = 300
_MAX_LOGGED = 20


class Logged(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One finding that failed or could not be checked, and what it did."""

    policy: str
    rule: str
    outcome: Outcome
    mode: Mode
    container: str
    image: str
    message: str
    reason: Reason | None = None
    exception: str = ""
    """Without which it would have refused."""


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
    findings: Sequence[Logged] = ()
    """Those that refused come first."""
    old_tags: Sequence[str] = ()
    """About images that were judged by what their tag pointed to before."""
    cause: str = ""
    """Why nothing was judged, where nothing was."""


def logged(bad: Sequence[Finding]) -> tuple[Logged, ...]:
    """The findings for a line, as many as it can bear; audit and warn are begun with from these."""
    refusing_first = sorted(bad, key=lambda finding: not finding.denies)
    return tuple(
        Logged(
            policy=finding.policy,
            rule=finding.rule,
            outcome=finding.outcome,
            mode=finding.mode,
            container=printable(finding.container, _MAX_NAME),
            image=printable(finding.image, _MAX_NAME),
            message=printable(finding.message, _MAX_NAME),
            reason=finding.reason,
            exception=finding.exception,
        )
        for finding in refusing_first[:_MAX_LOGGED]
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
    unknown = sum(finding.outcome is Outcome.UNKNOWN for finding in bad) if bad else 0
    workload = asked.workload
    uid, kind, namespace, name, operation, sub_resource, user = _safe(
        asked.uid,
        asked.kind,
        asked.namespace,
        asked.name,
        asked.operation,
        asked.sub_resource,
        asked.user,
    )
    return Decision(
        time=judged.time,
        uid=uid,
        decision=answer.decision,
        allowed=answer.decision != "denied",
        ms=round(judged.seconds * 1000, 3),
        kind=kind,
        namespace=namespace,
        name=name,
        operation=operation,
        sub_resource=sub_resource,
        user=user,
        dry_run=asked.dry_run,
        images=len(workload.images) if workload is not None else 0,
        failed=len(bad) - unknown,
        unknown=unknown,
        findings=logged(bad) if bad else (),
        old_tags=[printable(one, _MAX_NAME) for one in answer.old_tags] if answer.old_tags else (),
    )


def _safe(*texts: str) -> Sequence[str]:
    """The texts, made safe to show. Nearly always they are so: one look at all is enough."""
    together = "".join(texts)
    if len(together) <= _MAX_NAME and together.isprintable():
        return texts
    return [printable(text, _MAX_NAME) for text in texts]


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
