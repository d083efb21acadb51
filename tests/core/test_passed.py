"""What was found good is not asked again, and nothing else is changed by that."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import builders
from tests.builders import DIGEST, NOW, image, pod, use
from webhook.core import passed as module
from webhook.core.image import ImageRef
from webhook.core.judge import judge
from webhook.core.passed import Passed
from webhook.core.policy import ActiveRule, Policy
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Image, Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.stop import StopRule
from webhook.core.verdict import Mode
from webhook.core.workload import Hook, Workload

RULES: tuple[Rule, ...] = (DigestRule(), ProvenanceRule(), InitRule(), StopRule())
STRICT = Policy(name="strict", rules=tuple(ActiveRule(rule, Mode.ENFORCE) for rule in RULES))
DIGESTS = Policy(name="digests", rules=(ActiveRule(DigestRule(), Mode.WARN),))
PINNED = f"registry.example.com/prod/web@{DIGEST}"
TAGGED = "registry.example.com/prod/web:1"
BARE = builders.facts(builders.config(entrypoint=("/app",)))


def judged(workload: Workload, passed: Passed | None, *policies: Policy, bare: bool = False) -> Any:
    known = {one.image: image(one.image, BARE if bare else None) for one in workload.images}
    return judge(workload, known, policies, NOW, everything=False, passed=passed)


uses = st.builds(
    use,
    st.sampled_from([PINNED, TAGGED]),
    container=st.sampled_from(["app", "side"]),
    command=st.sampled_from([(), ("/app",), ("tini", "--", "/app"), ("sh", "-c", "a; b")]),
    args=st.sampled_from([(), ("$(A)",)]),
    env=st.sampled_from([(), (("A", "b"),)]),
)
pods = st.builds(
    pod,
    uses,
    uses,
    share_process_namespace=st.booleans(),
    host_pid=st.booleans(),
    os=st.sampled_from(["", "windows"]),
    grace_seconds=st.sampled_from([None, 0]),
)
policies = st.sampled_from([(STRICT,), (DIGESTS,), (STRICT, DIGESTS), ()])


@given(st.lists(st.tuples(pods, policies, st.booleans()), max_size=12))
def test_with_memory_every_verdict_is_the_one_without(
    asked: list[tuple[Workload, tuple[Policy, ...], bool]],
) -> None:
    passed = Passed()
    for workload, chosen, bare in asked:
        without = judged(workload, None, *chosen, bare=bare)
        assert judged(workload, passed, *chosen, bare=bare) == without


def test_what_was_good_is_not_asked_again() -> None:
    passed = Passed()
    judged(pod(), passed, STRICT)

    assert (
        passed.others((STRICT,), pod(name="another"), pod().images, {PINNED: image(PINNED)}) == []
    )


@pytest.mark.parametrize(
    "changed",
    [
        pod(share_process_namespace=True),
        pod(host_pid=True),
        pod(os="windows"),
        pod(grace_seconds=0),
        pod(use(stop_signal="SIGQUIT")),
        pod(use(pre_stop=Hook(5))),
        pod(use(command=("/app",))),
        pod(use(container="other")),
    ],
)
def test_another_question_is_asked(changed: Workload) -> None:
    passed = Passed()
    judged(pod(), passed, STRICT)

    known = {PINNED: image(PINNED)}
    others = passed.others((STRICT,), changed, changed.images, known)
    assert list(others) == list(changed.images)


def test_other_policies_and_other_facts_are_other_questions() -> None:
    passed = Passed()
    judged(pod(), passed, STRICT)

    uses = list(pod().images)
    assert passed.others((STRICT, DIGESTS), pod(), uses, {PINNED: image(PINNED)}) == uses
    assert passed.others((STRICT,), pod(), uses, {PINNED: image(PINNED, BARE)}) == uses


def test_what_was_bad_is_asked_again() -> None:
    passed = Passed()
    both = pod(use(TAGGED, container="bad"), use(container="good"))
    assert judged(both, passed, STRICT).bad

    known = {PINNED: image(PINNED), TAGGED: image(TAGGED)}
    assert passed.others((STRICT,), both, both.images, known) == [both.images[0]]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_PLACES", 3)
    passed = Passed()
    for number in range(20):
        judged(pod(use(container=f"c{number}")), passed, STRICT)
        assert 0 < len(passed) <= 4


def test_what_is_learned_anew_takes_no_further_place() -> None:
    memory = Passed()
    workload = pod(use(PINNED))
    known = {PINNED: image(PINNED)}

    for _ in range(2):
        memory.add((STRICT,), workload, workload.images, known, ())

    assert len(memory) == 1


def test_long_words_are_not_kept() -> None:
    passed = Passed()
    judged(pod(os="b" * 2000), passed, STRICT)
    judged(pod(use(args=("a" * 2000,))), passed, STRICT)
    judged(pod(use(args=("$(A)",), env=(("A", "b" * 2000),))), passed, STRICT)

    assert len(passed) == 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_reads_nothing_of_a_workload_but_what_is_remembered(rule: Rule) -> None:
    class Guarded:
        share_process_namespace = False
        host_pid = False
        os = ""
        grace = 30

    guarded = cast("Workload", Guarded())
    for config in (builders.config(), builders.config(entrypoint=("sh", "-c", "a; b"))):
        known = Image(ImageRef.parse(PINNED), builders.facts(config))
        for one in (use(), use(command=("sh", "-c", "x")), replace(use(), stop_signal="SIGINT")):
            assert rule.check(one, guarded, known, NOW).message


def test_facts_that_are_large_are_not_remembered() -> None:
    large = builders.facts(
        builders.config(labels={**builders.LABELS, "x": "y" * 100_000}, entrypoint=("/app",))
    )
    known = {PINNED: image(PINNED, large)}
    passed = Passed()
    uses = list(pod().images)
    judge(pod(), known, (DIGESTS,), NOW, everything=False, passed=passed)

    assert passed.others((DIGESTS,), pod(), uses, known) == uses
