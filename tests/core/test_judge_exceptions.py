"""The judgement with exceptions: what they let through, and all that they leave alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import DIGEST, NOW, config, facts, pod, use
from tests.core.excusing import RULES, TAGGED, exception, known, only, policy, verdict
from webhook.core.exception import ImageException, ImagePattern, NamedWorkload
from webhook.core.facts import Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.judge import MAX_IMAGES, InvalidImage, judge
from webhook.core.policy import OnUnknown, Templates
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Mode, Outcome


def test_what_an_exception_lets_through_is_a_warning_that_says_so() -> None:
    found = only(verdict(pod(use(TAGGED)), exception()))

    assert (found.outcome, found.mode, found.exception) == (
        Outcome.FAIL,
        Mode.WARN,
        "security/web",
    )
    assert found.message == (
        "let through by exception security/web until 2026-11-24T12:00:00Z (it is being mended; "
        "asked for by Jo): r.example/prod/web:1 is a tag, and tags move."
    )


@pytest.mark.parametrize(
    "other",
    [
        exception("init"),
        exception(namespaces=["shop2"]),
        exception(days=0),
        exception(days=-1),
        exception(image=ImagePattern(host="r.example", segments=("prod",))),
        exception(image=ImagePattern(host="r.example", segments=("prod", "web"), digest=DIGEST)),
        exception(workload=NamedWorkload("Pod", "another")),
        exception(workload=NamedWorkload("Deployment", "web")),
    ],
)
def test_an_exception_for_something_else_changes_nothing(other: ImageException) -> None:
    workload = pod(use(TAGGED))

    assert verdict(workload, other) == verdict(workload)
    assert not verdict(workload, other).allowed


def test_the_other_rules_go_on() -> None:
    bare = pod(use("evil.example/x:1"))
    pattern = ImagePattern(host="evil.example", segments=("x",))
    result = verdict(bare, exception("digest", image=pattern), policies=[policy(*RULES)])

    assert {one.rule: (one.outcome, one.mode) for one in result.findings if one.bad} == {
        "digest": (Outcome.FAIL, Mode.WARN),
        "registry": (Outcome.FAIL, Mode.ENFORCE),
    }


def test_past_rule_registry_nothing_is_skipped_unseen() -> None:
    bare = pod(use(f"evil.example/x@{DIGEST}"))
    pattern = ImagePattern(host="evil.example", segments=("x",))
    policies = [policy(*RULES)]
    without = verdict(bare, policies=policies)
    result = verdict(bare, exception("registry", image=pattern), policies=policies)
    seen = verdict(
        bare, exception("registry", "provenance", "init", image=pattern), policies=policies
    )

    assert [one.rule for one in without.denials] == ["registry"]
    assert [(one.rule, one.reason) for one in result.denials] == [
        ("provenance", Reason.NOT_CONFIGURED),
        ("init", Reason.NOT_CONFIGURED),
    ]
    assert seen.allowed
    assert len(seen.warnings) == 3


@pytest.mark.parametrize("mode", [Mode.WARN, Mode.AUDIT])
def test_what_refuses_nothing_needs_no_exception(mode: Mode) -> None:
    workload, policies = pod(use(TAGGED)), [policy(mode=mode)]

    assert verdict(workload, exception(), policies=policies) == verdict(workload, policies=policies)


def test_a_template_that_only_warns_needs_no_exception() -> None:
    template = msgspec.structs.replace(pod(use(TAGGED)), template=True)
    mild = msgspec.structs.replace(policy(), templates=Templates.WARN)

    assert only(verdict(template, exception(), policies=[mild])).exception == ""
    assert only(verdict(template, exception())).exception == "security/web"


def test_an_unknown_is_let_through_like_a_fail() -> None:
    late = {TAGGED: Image(ImageRef.parse(TAGGED), Unknown(Reason.TIMED_OUT, "too late"))}
    result = judge(
        pod(use(TAGGED)), late, [policy(InitRule())], NOW, exceptions=[exception("init")]
    )

    assert only(result).reason is Reason.TIMED_OUT
    assert result.allowed


def test_what_is_no_image_and_what_is_too_much_has_no_exception() -> None:
    named = exception(workload=NamedWorkload("Pod", "web"))
    broken = judge(
        pod(use("::")), {"::": InvalidImage("no image")}, [policy()], NOW, exceptions=[named]
    )
    crowd = pod(*(use(f"r.example/x:{n}", container=f"c{n}") for n in range(MAX_IMAGES + 1)))

    assert not broken.allowed
    assert not judge(crowd, {}, [policy()], NOW, exceptions=[named]).allowed


@pytest.mark.parametrize(
    ("on_unknown", "in_use", "pinned", "allowed"),
    [
        (OnUnknown.ALLOW_KNOWN, True, True, True),
        (OnUnknown.ALLOW_KNOWN, False, True, False),
        (OnUnknown.ALLOW_KNOWN, True, False, False),
        (OnUnknown.DENY, True, True, False),
        (OnUnknown.WARN, False, False, True),
    ],
)
def test_allow_known_lets_in_what_runs_here_by_digest(
    on_unknown: OnUnknown,
    in_use: bool,  # noqa: FBT001 - a column of the table
    pinned: bool,  # noqa: FBT001 - likewise
    allowed: bool,  # noqa: FBT001 - likewise
) -> None:
    text = f"r.example/prod/web@{DIGEST}" if pinned else TAGGED
    images = {text: Image(ImageRef.parse(text), Unknown(Reason.UNREACHABLE), in_use)}
    result = judge(pod(use(text)), images, [policy(InitRule(), on_unknown=on_unknown)], NOW)

    assert result.allowed is allowed
    assert only(result).mode is (Mode.WARN if allowed else Mode.ENFORCE)


def test_allow_known_lets_nothing_in_that_was_checked_and_is_bad() -> None:
    text = f"r.example/prod/web@{DIGEST}"
    shell = use(text, command=("sh", "-c", "app"))
    images = {text: Image(ImageRef.parse(text), facts(), in_use=True)}
    strict = policy(InitRule(), on_unknown=OnUnknown.ALLOW_KNOWN)

    assert not judge(pod(shell), images, [strict], NOW).allowed


@pytest.mark.parametrize("changes", [{"command": ("$(APP)",)}, {"args": ("$(APP)",)}])
def test_allow_known_is_about_the_image_and_not_about_what_the_pod_makes_of_it(
    changes: dict[str, Any],
) -> None:
    text = f"r.example/prod/web@{DIGEST}"
    told = facts(config(entrypoint=(), cmd=()))
    images = {text: Image(ImageRef.parse(text), told, in_use=True)}
    strict = policy(InitRule(), on_unknown=OnUnknown.ALLOW_KNOWN)
    result = judge(pod(use(text, **changes)), images, [strict], NOW)

    assert only(result).reason is Reason.VARIABLE
    assert not result.allowed


def test_a_policy_of_a_namespace_says_when_nobody_could_tell_where_an_object_is() -> None:
    local = msgspec.structs.replace(policy(), namespace="shop")
    nowhere = pod(use(TAGGED), namespace="")
    images = {TAGGED: known(TAGGED)}
    found = only(judge(nowhere, images, [local], NOW, namespace_labels_known=False))
    there = only(judge(pod(use(TAGGED)), images, [local], NOW, namespace_labels_known=False))

    assert found.message.endswith(
        " (Its namespace is not known here, so the policy of every namespace covers it.)"
    )
    assert there.message == "r.example/prod/web:1 is a tag, and tags move."
