"""The judgement: a workload, what was learned about its images, and the policies give a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

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
# Looked up twelve times a Pod: a member of an enumeration takes longer than a name.
_FAIL = Outcome.FAIL
_UNKNOWN = Outcome.UNKNOWN
_WHOLE = ImageUse(container="", role=Role.CONTAINER, pointer="", image="")


class InvalidImage(msgspec.Struct, frozen=True, gc=False):
    """What stands in the place of an image and cannot be asked about; it fails every rule."""

    message: str
    fix: str = "Write registry/repository@sha256:…."


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
    uses = workload.images
    unchanged = workload.unchanged if workload.old is not None else frozenset[str]()
    if crowded(workload):
        if len(unchanged) == len(uses):
            unchanged = frozenset({_WHOLE.pointer})
        uses, images = (_WHOLE,), {_WHOLE.image: _crowd(workload)}
    findings: list[Finding] = []
    for policy in policies:
        note = ""
        if policy.namespaces.requirements and not namespace_labels_known:
            note = _labels_unknown(workload.namespace)
        rules = [(one, one.rule, _mode(one, policy, workload)) for one in policy.rules]
        for use in uses:
            image = images[use.image]
            for active, rule, mode in rules:
                if isinstance(image, InvalidImage):
                    answer = Answer(_FAIL, image.message, image.fix)
                else:
                    answer = rule.check(use, workload, image, now)
                done = mode
                if answer.outcome is _FAIL or answer.outcome is _UNKNOWN:
                    answer = _explained(answer, policy, active, note)
                    done = _effect(answer, policy, mode, kept=use.pointer in unchanged)
                findings.append(
                    Finding(
                        policy.name,
                        rule.name,
                        answer.outcome,
                        answer.reason,
                        done,
                        use.container,
                        use.role,
                        use.pointer,
                        use.image,
                        answer.message,
                        answer.fix,
                    )
                )
    return Verdict(tuple(findings))


def crowded(workload: Workload) -> bool:
    """True when the object names more images than anybody looks up for one object."""
    uses = workload.images
    return len(uses) > MAX_IMAGES and len({use.image for use in uses}) > MAX_IMAGES


def _mode(active: ActiveRule, policy: Policy, workload: Workload) -> Mode:
    """What a rule does here at most."""
    if workload.template:
        return weaker(active.mode, _TEMPLATE_MODE[policy.templates])
    return active.mode


def _effect(answer: Answer, policy: Policy, mode: Mode, *, kept: bool) -> Mode:
    """What a fail or an unknown does: the weakest of all that has a say."""
    done = weaker(mode, answer.at_most)
    # allowKnown equals deny here: what is in use is known to a cluster only.
    unknown = answer.outcome is _UNKNOWN and policy.on_unknown is OnUnknown.WARN
    return weaker(done, Mode.WARN) if kept or unknown else done


def _explained(answer: Answer, policy: Policy, active: ActiveRule, note: str) -> Answer:
    """A bad answer, as it reads under this policy.

    A rule that saw nothing steps aside for rule `registry`, which refuses the same image: only if
    `registry` is at least as strict, because under a milder one the image would get in unseen.
    """
    if answer.reason is Reason.NOT_CONFIGURED:
        for other in policy.rules:
            if other.rule.name == "registry" and weaker(active.mode, other.mode) is active.mode:
                return Answer(Outcome.SKIP, "not looked up: its registry is not configured")
    return replace(answer, message=f"{answer.message} {note}") if note else answer


def _crowd(workload: Workload) -> InvalidImage:
    count = len({use.image for use in workload.images})
    return InvalidImage(
        f"it names {count} different images; up to {MAX_IMAGES} are looked up for one object.",
        "Split the Pod.",
    )


def _labels_unknown(namespace: str) -> str:
    where = f"namespace {namespace}" if namespace else "its namespace"
    return f"(The labels of {where} are not known here, so every policy covers it.)"
