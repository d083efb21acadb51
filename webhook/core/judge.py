"""The judgement: a workload, what was learned about its images, and the policies give a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.policy import OnUnknown, Templates
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Answer, Finding, Mode, Outcome, Verdict, weaker
from webhook.core.workload import ImageUse, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from webhook.core.policy import ActiveRule, Policy
    from webhook.core.workload import Workload

MAX_IMAGES = 64
"""Distinct images in one object. One accepted Pod can name 7,000, each in another registry."""

_TEMPLATE_MODE = {
    Templates.ENFORCE: Mode.ENFORCE,
    Templates.WARN: Mode.WARN,
    Templates.OFF: Mode.AUDIT,
}
_WHOLE = ImageUse(container="", role=Role.CONTAINER, pointer="", image="")


class InvalidImage(msgspec.Struct, frozen=True, gc=False):
    """A text in the place of an image that is no image reference."""

    message: str


def judge(
    workload: Workload,
    images: Mapping[str, Image | InvalidImage],
    policies: Sequence[Policy],
    now: datetime,
    *,
    namespace_labels_known: bool = True,
) -> Verdict:
    """Ask every rule of every policy about every place where the workload names an image.

    Args:
        workload: what is to run.
        images: by the text that stands in the object; holds every image of the workload, unless
            `crowded(workload)`.
        policies: those that cover the workload.
        now: aware time of the judgement.
        namespace_labels_known: false where a policy may hold only because nobody could tell.
    """
    too_many = crowded(workload)
    unchanged = workload.unchanged
    findings: list[Finding] = []
    for policy in policies:
        note = ""
        if policy.namespaces.requirements and not namespace_labels_known:
            note = _labels_unknown(workload.namespace)
        for active in policy.rules:
            mode = active.mode
            if workload.template:
                mode = weaker(mode, _TEMPLATE_MODE[policy.templates])
            if too_many:
                kept = len(unchanged) == len(workload.images)
                answer = _crowd(workload)
                findings.append(_finding(_WHOLE, answer, policy, active, mode, note, kept=kept))
                continue
            for use in workload.images:
                answer = _answer(use, workload, images[use.image], active, now)
                if answer.reason is Reason.NOT_CONFIGURED:
                    answer = _not_configured(answer, policy, active)
                kept = use.pointer in unchanged
                findings.append(_finding(use, answer, policy, active, mode, note, kept=kept))
    return Verdict(tuple(findings))


def crowded(workload: Workload) -> bool:
    """True when the object names more images than anybody looks up for one object."""
    uses = workload.images
    return len(uses) > MAX_IMAGES and len({use.image for use in uses}) > MAX_IMAGES


def _answer(
    use: ImageUse,
    workload: Workload,
    image: Image | InvalidImage,
    active: ActiveRule,
    now: datetime,
) -> Answer:
    if isinstance(image, InvalidImage):
        return Answer(Outcome.FAIL, image.message, "Write registry/repository@sha256:….")
    return active.rule.check(use, workload, image, now)


def _finding(  # noqa: PLR0913 - the parts of one line of the verdict
    use: ImageUse,
    answer: Answer,
    policy: Policy,
    active: ActiveRule,
    mode: Mode,
    note: str,
    *,
    kept: bool,
) -> Finding:
    outcome = answer.outcome
    message = answer.message
    if outcome is Outcome.FAIL or outcome is Outcome.UNKNOWN:
        mode = weaker(mode, answer.at_most)
        # allowKnown equals deny here: what is in use is known to a cluster only.
        if kept or (outcome is Outcome.UNKNOWN and policy.on_unknown is OnUnknown.WARN):
            mode = weaker(mode, Mode.WARN)
        if note:
            message = f"{message} {note}"
    return Finding(
        policy=policy.name,
        rule=active.rule.name,
        outcome=outcome,
        reason=answer.reason,
        mode=mode,
        container=use.container,
        role=use.role,
        pointer=use.pointer,
        image=use.image,
        message=message,
        fix=answer.fix,
    )


def _not_configured(answer: Answer, policy: Policy, active: ActiveRule) -> Answer:
    """A rule that saw nothing steps aside for rule `registry`, which refuses the same image.

    Only if `registry` is at least as strict: under a milder one the image would get in unseen.
    """
    for other in policy.rules:
        if other.rule.name == "registry" and weaker(active.mode, other.mode) is active.mode:
            return Answer(Outcome.SKIP, "not looked up: its registry is not configured")
    return answer


def _crowd(workload: Workload) -> Answer:
    count = len({use.image for use in workload.images})
    return Answer(
        Outcome.FAIL,
        f"it names {count} different images; up to {MAX_IMAGES} are looked up for one object.",
        "Split the Pod.",
    )


def _labels_unknown(namespace: str) -> str:
    where = f"namespace {namespace}" if namespace else "its namespace"
    return f"(The labels of {where} are not known here, so every policy covers it.)"
