"""The judgement: a workload, what was learned about its images, and the policies give a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.changes import Changes
from webhook.core.exception import Excuses
from webhook.core.facts import Reason
from webhook.core.policy import OnUnknown, Templates
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Answer, Finding, Mode, Outcome, Verdict, weaker
from webhook.core.workload import ImageUse, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from webhook.core.exception import ImageException
    from webhook.core.passed import Passed
    from webhook.core.policy import ActiveRule, Policy
    from webhook.core.rules.protocol import Rule
    from webhook.core.workload import Workload

MAX_IMAGES = 64
"""Distinct images in one object. One accepted Pod can name 7,000, each in another registry."""

MAX_USES = 256
"""Places in one object where an image is named. A Pod of 8 MB has 60,000 containers."""
MAX_WORDS = 256 * 1024
"""Characters in all commands and arguments of one object, which are judged one by one."""

_TEMPLATE_MODE = {
    Templates.ENFORCE: Mode.ENFORCE,
    Templates.WARN: Mode.WARN,
    Templates.OFF: Mode.AUDIT,
}
# Looked up twelve times a Pod: a member of an enumeration takes longer than a name.
_FAIL = Outcome.FAIL
_UNKNOWN = Outcome.UNKNOWN
_NOT_LOOKED_UP = Answer(Outcome.SKIP, "not looked up: its registry is not configured")
_NOTHING = Verdict()
_STATIC = " (Reported only: its node runs this static Pod whatever admission says.)"
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
    everything: bool = True,
    exceptions: Sequence[ImageException] = (),
    passed: Passed | None = None,
) -> Verdict:
    """Ask every rule of every policy about every place where the workload names an image.

    Args:
        workload: what is to run.
        images: by the text that stands in the object; holds every image of the workload, unless
            it is `crowded`.
        policies: those that cover the workload.
        now: aware time of the judgement.
        namespace_labels_known: false where a policy may hold only because nobody could tell.
        everything: whether passes and skips are wanted too; they decide nothing.
        exceptions: in any order; those that do not hold for the workload now have no effect.
        passed: what was found good before, where only bad findings are wanted.
    """
    uses: Sequence[ImageUse] = workload.images
    asked = uses
    if passed is not None and len(uses) <= MAX_IMAGES:
        asked = passed.others(policies, workload, uses, images)
        if not asked:
            return _NOTHING  # few places of few words each: no crowd
    before = workload.old
    too_much = _crowd(workload)
    if too_much:
        if before is not None and not _crowd(before):
            before = None
        asked, images = (_WHOLE,), {_WHOLE.image: InvalidImage(too_much, "Split the object.")}
    changes = Changes(before, workload)
    excuses = Excuses(exceptions, workload, now) if exceptions else None
    findings: list[Finding] = []
    for policy in policies:
        note = "" if namespace_labels_known else _labels_unknown(policy, workload.namespace)
        for use in asked:
            image = images[use.image]
            for active in policy.rules:
                answer = _answer(use, workload, image, policy, active, now, excuses, changes)
                if everything or answer.outcome is _FAIL or answer.outcome is _UNKNOWN:
                    findings.append(
                        _finding(
                            use, image, workload, policy, active, answer, note, excuses, changes
                        )
                    )
    if passed is not None and not too_much:
        bad = {finding.pointer for finding in findings}
        passed.add(policies, workload, asked, images, bad)
    return Verdict(tuple(findings))


def _answer(  # noqa: PLR0917 - as a rule is asked, with its place in a policy
    use: ImageUse,
    workload: Workload,
    image: Image | InvalidImage,
    policy: Policy,
    active: ActiveRule,
    now: datetime,
    excuses: Excuses | None,
    changes: Changes,
) -> Answer:
    if isinstance(image, InvalidImage):
        return Answer(_FAIL, image.message, image.fix)
    answer = active.rule.check(use, workload, image, now)
    if answer.reason is Reason.NOT_CONFIGURED:
        refusal = _registry_refusal(use, policy, active, image, excuses, changes)
        if refusal and refusal.check(use, workload, image, now).outcome is _FAIL:
            return _NOT_LOOKED_UP
    return answer


def crowded(workload: Workload) -> bool:
    """True when the object names more images than are looked up for one object."""
    uses = workload.images
    return len(uses) > MAX_IMAGES and len({use.image for use in uses}) > MAX_IMAGES


def _finding(  # noqa: PLR0917 - one line of the verdict is made of them
    use: ImageUse,
    image: Image | InvalidImage,
    workload: Workload,
    policy: Policy,
    active: ActiveRule,
    answer: Answer,
    note: str,
    excuses: Excuses | None,
    changes: Changes,
) -> Finding:
    """An answer in its place; a bad one does the least that anything with a say lets it do."""
    mode = active.mode
    if workload.template:
        mode = weaker(mode, _TEMPLATE_MODE[policy.templates])
    message = answer.message
    exception = ""
    if answer.outcome is _FAIL or answer.outcome is _UNKNOWN:
        mode = weaker(mode, answer.at_most)
        if (
            changes.spare(use.pointer, active.rule.reads)
            or workload.mirror
            or (answer.outcome is _UNKNOWN and _only_warned(policy, image, answer))
        ):
            mode = weaker(mode, Mode.WARN)
        message = f"{message}{note}{_STATIC}" if workload.mirror else f"{message}{note}"
        if excuses is not None and mode is Mode.ENFORCE and isinstance(image, Image):
            excuse = excuses.of(active.rule.name, image.ref)
            if excuse is not None:
                mode, exception = Mode.WARN, excuse.name
                message = f"{excuse.note}: {message}"
    return Finding(
        policy.name,
        active.rule.name,
        answer.outcome,
        answer.reason,
        mode,
        use.container,
        use.role,
        use.pointer,
        use.image,
        message,
        answer.fix,
        exception,
    )


def _only_warned(policy: Policy, image: Image | InvalidImage, answer: Answer) -> bool:
    """Whether what could not be checked about an image is let in under a policy."""
    if policy.on_unknown is OnUnknown.ALLOW_KNOWN:
        if answer.reason is Reason.VARIABLE:
            return False  # in the Pod's own words, whatever image runs here
        return isinstance(image, Image) and image.in_use and image.ref.pinned
    return policy.on_unknown is OnUnknown.WARN


def _registry_refusal(  # noqa: PLR0917 - as a rule is asked, with its place in a policy
    use: ImageUse,
    policy: Policy,
    active: ActiveRule,
    image: Image,
    excuses: Excuses | None,
    changes: Changes,
) -> Rule | None:
    """The rule before which another one that saw nothing steps aside: it refuses the same image.

    Only if it is at least as strict, and neither an exception lets the image past it, nor that an
    UPDATE changes only what the other one reads: the image would get in unseen.
    """
    if excuses is not None and excuses.of("registry", image.ref) is not None:
        return None
    for other in policy.rules:
        if other.rule.name == "registry" and weaker(active.mode, other.mode) is active.mode:
            spared = changes.spare(use.pointer, other.rule.reads)
            unseen = spared and not changes.spare(use.pointer, active.rule.reads)
            return None if unseen else other.rule
    return None


def _crowd(workload: Workload) -> str:
    """What there is too much of; empty where the object is of a size that people write."""
    uses = workload.images
    if len(uses) > MAX_IMAGES:
        images = len({use.image for use in uses})
        if images > MAX_IMAGES:
            return f"it names {images} different images; {MAX_IMAGES} are looked up for one object."
        if len(uses) > MAX_USES:
            return f"it names images in {len(uses)} places; {MAX_USES} are judged for one object."
    words = sum([_length(use) for use in uses if use.command or use.args])
    if words > MAX_WORDS:
        return f"its commands have {words} characters; {MAX_WORDS} are judged for one object."
    return ""


def _length(use: ImageUse) -> int:
    # An empty word costs as much as one of a letter.
    words = len("".join(use.command)) + len("".join(use.args)) + len(use.command) + len(use.args)
    return words + sum([len(name) + len(value) for name, value in use.env]) if use.env else words


def _labels_unknown(policy: Policy, namespace: str) -> str:
    """What a finding says besides, where nobody could tell whether its policy holds."""
    if policy.namespace and not namespace:
        return " (Its namespace is not known here, so the policy of every namespace covers it.)"
    if not policy.namespaces.requirements:
        return ""
    where = f"namespace {namespace}" if namespace else "its namespace"
    return f" (The labels of {where} are not known here, so every policy covers it.)"
