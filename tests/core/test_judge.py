"""The judgement: modes, unknowns, templates, unchanged images, crowds."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from tests.builders import DIGEST, NOW, image, pod, use
from webhook.core.changes import Reads
from webhook.core.facts import Need, Reason, Unknown
from webhook.core.judge import MAX_IMAGES, MAX_USES, MAX_WORDS, InvalidImage, crowded, judge
from webhook.core.policy import ActiveRule, OnUnknown, Policy, Templates
from webhook.core.rules.protocol import Image, Rule
from webhook.core.selector import Operator, Requirement, Selector
from webhook.core.verdict import Answer, Finding, Mode, Outcome, Verdict
from webhook.core.workload import Workload

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.workload import ImageUse

PASS = Answer(Outcome.PASS, "good")
FAIL = Answer(Outcome.FAIL, "bad", "mend it")
SOFT = Answer(Outcome.FAIL, "bad", at_most=Mode.WARN)
UNKNOWN = Answer(Outcome.UNKNOWN, "who knows", reason=Reason.TIMED_OUT)
UNSEEN = Answer(Outcome.UNKNOWN, "who knows", reason=Reason.NOT_CONFIGURED)


def fixed(answer: Answer, called: str = "fixed") -> Rule:
    """A rule that always gives the same answer."""

    class Fixed(msgspec.Struct, frozen=True):
        name: ClassVar[str] = called
        reads: ClassVar[Reads] = Reads.EVERYTHING
        needs: ClassVar[frozenset[Need]] = frozenset()

        def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
            del use, workload, image, now
            return answer

    return Fixed()


def policy(
    *rules: tuple[Answer, Mode] | tuple[Answer, Mode, str],
    on_unknown: OnUnknown = OnUnknown.DENY,
    templates: Templates = Templates.ENFORCE,
    namespaces: Selector = Selector(),
) -> Policy:
    """A policy whose rules always give these answers."""
    active = tuple(ActiveRule(fixed(answer, *name), mode) for answer, mode, *name in rules)
    return Policy(
        name="p", rules=active, on_unknown=on_unknown, templates=templates, namespaces=namespaces
    )


def verdict(workload: Workload, *policies: Policy, labels_known: bool = True) -> Verdict:
    """The verdict on a workload of which every image is known."""
    images = {} if crowded(workload) else {one.image: image(one.image) for one in workload.images}
    return judge(workload, images, policies, NOW, namespace_labels_known=labels_known)


def only(result: Verdict) -> Finding:
    """The one finding of a verdict."""
    (finding,) = result.findings
    return finding


@pytest.mark.parametrize(
    ("answer", "mode", "on_unknown", "effect"),
    [
        (PASS, Mode.ENFORCE, OnUnknown.DENY, "silent"),
        (FAIL, Mode.ENFORCE, OnUnknown.WARN, "refused"),
        (FAIL, Mode.WARN, OnUnknown.DENY, "warned"),
        (FAIL, Mode.AUDIT, OnUnknown.DENY, "silent"),
        (SOFT, Mode.ENFORCE, OnUnknown.DENY, "warned"),
        (SOFT, Mode.AUDIT, OnUnknown.DENY, "silent"),
        (UNKNOWN, Mode.ENFORCE, OnUnknown.DENY, "refused"),
        (UNKNOWN, Mode.ENFORCE, OnUnknown.WARN, "warned"),
        (UNKNOWN, Mode.ENFORCE, OnUnknown.ALLOW_KNOWN, "refused"),
        (UNKNOWN, Mode.WARN, OnUnknown.DENY, "warned"),
        (UNKNOWN, Mode.AUDIT, OnUnknown.DENY, "silent"),
    ],
)
def test_what_an_answer_does_is_the_weakest_of_mode_knob_and_on_unknown(
    answer: Answer, mode: Mode, on_unknown: OnUnknown, effect: str
) -> None:
    result = verdict(pod(), policy((answer, mode), on_unknown=on_unknown))

    seen = "refused" if result.denials else "warned" if result.warnings else "silent"
    assert seen == effect
    assert result.allowed == (effect != "refused")


def test_a_finding_says_where_it_stands_and_what_to_write() -> None:
    found = only(verdict(pod(), policy((FAIL, Mode.ENFORCE))))

    assert (found.policy, found.rule, found.container) == ("p", "fixed", "app")
    assert (found.pointer, found.message, found.fix) == (
        "/spec/containers/app/image",
        "bad",
        "mend it",
    )


@pytest.mark.parametrize(
    ("mode", "templates", "expected"),
    [
        (Mode.ENFORCE, Templates.ENFORCE, Mode.ENFORCE),
        (Mode.ENFORCE, Templates.WARN, Mode.WARN),
        (Mode.WARN, Templates.ENFORCE, Mode.WARN),
        (Mode.AUDIT, Templates.WARN, Mode.AUDIT),
        (Mode.ENFORCE, Templates.OFF, Mode.AUDIT),
    ],
)
def test_a_template_is_never_judged_harder_than_its_pods(
    mode: Mode, templates: Templates, expected: Mode
) -> None:
    deployment = msgspec.structs.replace(pod(), kind="Deployment", template=True)

    assert only(verdict(deployment, policy((FAIL, mode), templates=templates))).mode is expected


def test_what_an_update_leaves_alone_is_a_warning_and_what_it_changes_is_refused() -> None:
    kept, changed = use("a.example/kept:1"), use("a.example/new:1", container="other")
    old = pod(kept, use("a.example/old:1", container="other"))

    result = verdict(pod(kept, changed, old=old), policy((FAIL, Mode.ENFORCE)))

    assert [finding.image for finding in result.denials] == ["a.example/new:1"]
    assert [finding.image for finding in result.warnings] == ["a.example/kept:1"]


def test_an_unchanged_image_is_warned_about_when_it_cannot_be_checked() -> None:
    same = pod()

    result = verdict(pod(old=same), policy((UNKNOWN, Mode.ENFORCE)))

    assert result.allowed
    assert len(result.warnings) == 1


@pytest.mark.parametrize("answer", [PASS, UNKNOWN, FAIL])
def test_too_many_images_fail_every_rule_whatever_on_unknown_says(answer: Answer) -> None:
    crowd = pod(*(use(f"a.example/i{n}", container=f"c{n}") for n in range(MAX_IMAGES + 1)))

    result = verdict(crowd, policy((answer, Mode.ENFORCE), on_unknown=OnUnknown.WARN))

    assert not result.allowed
    assert only(result).outcome is Outcome.FAIL
    assert str(MAX_IMAGES + 1) in only(result).message


def test_an_unchanged_crowd_is_not_locked_in() -> None:
    crowd = tuple(use(f"a.example/i{n}", container=f"c{n}") for n in range(MAX_IMAGES + 1))

    assert verdict(pod(*crowd, old=pod(*crowd)), policy((FAIL, Mode.ENFORCE))).allowed


def test_many_containers_of_few_images_are_no_crowd() -> None:
    same = pod(*(use("a.example/i", container=f"c{n}") for n in range(MAX_IMAGES + 1)))

    assert not crowded(same)


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ([use("a.example/i", container=f"c{n}") for n in range(MAX_USES + 1)], "257 places"),
        ([use("a.example/i", command=("x" * MAX_WORDS,))], "characters"),
        ([use("a.example/i", args=("",) * (MAX_WORDS + 1))], "characters"),
        ([use("a.example/i", args=("$(A)",), env=(("A", "x" * MAX_WORDS),))], "characters"),
    ],
)
def test_an_object_that_says_more_than_people_write_fails_every_rule(
    uses: list[ImageUse], said: str
) -> None:
    finding = only(verdict(pod(*uses), policy((PASS, Mode.ENFORCE))))

    assert finding.denies
    assert said in finding.message


def test_as_much_as_is_judged_for_one_object_is_judged() -> None:
    uses = [use("a.example/i", container=f"c{n}", command=("x" * 1000,)) for n in range(MAX_USES)]

    assert len(verdict(pod(*uses), policy((PASS, Mode.ENFORCE))).findings) == MAX_USES


def test_a_text_that_is_no_image_fails_every_rule() -> None:
    workload = pod(use("NOT AN IMAGE"))

    result = judge(
        workload,
        {"NOT AN IMAGE": InvalidImage("it has spaces")},
        [policy((PASS, Mode.ENFORCE))],
        NOW,
    )

    assert only(result).outcome is Outcome.FAIL
    assert only(result).message == "it has spaces"


@pytest.mark.parametrize(
    ("registry_mode", "rule_mode", "outcome"),
    [
        (Mode.ENFORCE, Mode.ENFORCE, Outcome.SKIP),
        (Mode.ENFORCE, Mode.WARN, Outcome.SKIP),
        (Mode.WARN, Mode.ENFORCE, Outcome.UNKNOWN),
        (Mode.AUDIT, Mode.WARN, Outcome.UNKNOWN),
    ],
)
def test_a_rule_that_saw_nothing_steps_aside_only_for_a_registry_rule_as_strict(
    registry_mode: Mode, rule_mode: Mode, outcome: Outcome
) -> None:
    rules = policy((FAIL, registry_mode, "registry"), (UNSEEN, rule_mode))

    _, finding = verdict(pod(), rules).findings

    assert finding.outcome is outcome


def test_a_rule_that_saw_nothing_steps_aside_only_where_the_registry_rule_refuses() -> None:
    """The registries may change between the look-up and the judgement."""
    rules = policy((PASS, Mode.ENFORCE, "registry"), (UNSEEN, Mode.ENFORCE))

    assert not verdict(pod(), rules).allowed


def test_without_a_registry_rule_what_was_not_looked_up_is_unknown() -> None:
    assert only(verdict(pod(), policy((UNSEEN, Mode.ENFORCE)))).reason is Reason.NOT_CONFIGURED


@pytest.mark.parametrize("namespace", ["shop", ""])
def test_a_finding_says_when_nobody_could_tell_whether_its_policy_holds(namespace: str) -> None:
    selective = Selector((Requirement("env", Operator.IN, ("prod",)),))
    rules = policy((FAIL, Mode.ENFORCE), (PASS, Mode.ENFORCE), namespaces=selective)

    fail, good = verdict(pod(namespace=namespace), rules, labels_known=False).findings

    assert "labels" in fail.message
    assert namespace in fail.message
    assert good.message == "good"


def test_known_labels_need_no_explanation() -> None:
    selective = Selector((Requirement("env", Operator.IN, ("prod",)),))

    assert only(verdict(pod(), policy((FAIL, Mode.ENFORCE), namespaces=selective))).message == "bad"


def test_all_policies_are_asked_and_the_strictest_wins() -> None:
    result = verdict(pod(), policy((FAIL, Mode.WARN)), policy((FAIL, Mode.ENFORCE)))

    assert len(result.findings) == 2
    assert not result.allowed


def test_unknown_facts_reach_the_rule() -> None:
    class Seen(msgspec.Struct, frozen=True):
        name: ClassVar[str] = "seen"
        reads: ClassVar[Reads] = Reads.EVERYTHING
        needs: ClassVar[frozenset[Need]] = frozenset()

        def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
            del use, workload, now
            assert isinstance(image.facts, Unknown)
            return Answer(Outcome.UNKNOWN, "no", reason=image.facts.reason)

    text = f"a.example/x@{DIGEST}"
    unknown = Image(image(text).ref, Unknown(Reason.OFFLINE))
    rules = Policy(name="p", rules=(ActiveRule(Seen(), Mode.ENFORCE),))

    assert only(judge(pod(use(text)), {text: unknown}, [rules], NOW)).reason is Reason.OFFLINE


def test_what_decides_is_the_same_without_passes_and_skips() -> None:
    rules = policy((PASS, Mode.ENFORCE), (FAIL, Mode.ENFORCE), (UNKNOWN, Mode.WARN))
    workload, text = pod(), pod().images[0].image

    whole = judge(workload, {text: image(text)}, [rules], NOW)
    short = judge(workload, {text: image(text)}, [rules], NOW, everything=False)

    assert list(short.findings) == whole.bad
    assert len(whole.findings) == 3


def test_a_mirror_pod_is_reported_and_never_refused() -> None:
    mirror = msgspec.structs.replace(pod(use("nginx:1")), mirror=True)
    found = verdict(mirror, policy((FAIL, Mode.ENFORCE), (FAIL, Mode.AUDIT)))

    assert found.allowed
    assert [finding.mode for finding in found.findings] == [Mode.WARN, Mode.AUDIT]
    assert all("static Pod" in finding.message for finding in found.findings)
