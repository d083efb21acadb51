"""What an UPDATE of something that is not good may change, and which rules refuse it then."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.builders import NOW, config, facts, pod, use
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.judge import MAX_WORDS, InvalidImage, judge
from webhook.core.objects import workload_of
from webhook.core.policy import ActiveRule, OnUnknown, Policy
from webhook.core.registries import Registries
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.knob import Knob
from webhook.core.rules.protocol import Image, Rule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.rules.stop import StopRule
from webhook.core.verdict import Mode
from webhook.core.workload import Workload

Json = dict[str, Any]

REGISTRY = RegistryRule(environments=("production",), registries=Registries())
RULES: tuple[Rule, ...] = (
    DigestRule(),
    REGISTRY,
    ProvenanceRule(),
    InitRule(),
    StopRule(unseen=Knob.DENY),
)
BAD = facts(config(entrypoint=("sh", "-c", "/app"), cmd=(), labels={}))
"""Every rule finds fault with it, if it is named by a tag."""
NAME = "nginx:1.25"
EVERY = {rule.name for rule in RULES}
BY_NAME = {"digest", "registry", "provenance"}


def policy(*rules: Rule, on_unknown: OnUnknown = OnUnknown.DENY) -> Policy:
    active = tuple(ActiveRule(rule, Mode.ENFORCE) for rule in rules)
    return Policy(name="p", rules=active, on_unknown=on_unknown)


def deployment(spec: Json | None = None, container: Json | None = None) -> Workload:
    template = {"containers": [{"name": "app", "image": NAME} | (container or {})]} | (spec or {})
    found = workload_of(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"template": {"spec": template}},
        }
    )
    assert found is not None
    return found


def refused(
    before: Workload, after: Workload, *rules: Rule, known: ImageFacts | Unknown = BAD
) -> set[str]:
    """The rules that refuse the change."""
    images = {one.image: Image(ImageRef.parse(one.image), known) for one in after.images}
    verdict = judge(replace(after, old=before), images, [policy(*(rules or RULES))], NOW)
    assert {one.rule for one in verdict.findings} == {rule.name for rule in rules or RULES}
    return {one.rule for one in verdict.denials}


@pytest.mark.parametrize(
    ("spec", "container", "by"),
    [
        ({}, {}, set()),
        ({"nodeSelector": {"kubernetes.io/os": "linux"}}, {}, set()),
        ({"terminationGracePeriodSeconds": 30}, {}, set()),
        ({"serviceAccountName": "web"}, {}, set()),
        ({}, {"resources": {"limits": {"cpu": "1"}}}, set()),
        ({}, {"env": [{"name": "A", "value": "b"}]}, set()),
        ({}, {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}, EVERY - BY_NAME),
        ({"terminationGracePeriodSeconds": 60}, {}, {"stop"}),
        ({}, {"lifecycle": {"preStop": {"exec": {"command": ["/bye"]}}}}, {"stop"}),
        ({}, {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}, {"stop"}),
        ({}, {"lifecycle": {"stopSignal": "SIGINT"}}, {"stop"}),
        ({"hostPID": True}, {}, {"stop"}),  # there is no PID 1 of its own for init to judge
        ({}, {"args": ["--fast"]}, EVERY),
        ({}, {"command": ["sh", "-c", "/other"]}, EVERY),
        ({}, {"name": "other"}, EVERY),
        ({"shareProcessNamespace": True}, {}, EVERY),
    ],
    ids=str,
)
def test_a_rule_refuses_an_update_only_if_it_changes_what_the_rule_reads(
    spec: Json, container: Json, by: set[str]
) -> None:
    assert refused(deployment(), deployment(spec, container)) == by


def test_what_a_rule_did_not_judge_before_is_judged_when_it_is_uncovered() -> None:
    windows, host = {"nodeSelector": {"kubernetes.io/os": "windows"}}, {"hostPID": True}

    assert refused(deployment(windows), deployment()) == EVERY - BY_NAME
    assert refused(deployment(host), deployment()) == EVERY - BY_NAME


def test_a_hook_that_does_something_else_is_another_hook() -> None:
    def ends(*command: str) -> Workload:
        return deployment(container={"lifecycle": {"preStop": {"exec": {"command": [*command]}}}})

    assert refused(ends("/bye"), ends("/other")) == {"stop"}
    assert refused(ends("/bye"), ends("/bye")) == set()


def test_another_image_is_judged_by_every_rule() -> None:
    assert refused(deployment(), deployment(container={"image": "nginx:1.26"})) == EVERY


def test_who_was_never_looked_up_gets_nothing_past_a_rule_that_no_longer_refuses() -> None:
    """Rule registry refuses no image that an UPDATE leaves, so that init does not rely on it."""
    unseen = Unknown(Reason.NOT_CONFIGURED, "no Registry")
    mounted = deployment(container={"volumeMounts": [{"name": "x", "mountPath": "/entrypoint"}]})

    assert refused(deployment(), mounted, REGISTRY, InitRule(), known=unseen) == {"init"}
    assert refused(deployment(), deployment(), REGISTRY, InitRule(), known=unseen) == set()
    assert refused(mounted, mounted, REGISTRY, InitRule(), known=unseen) == set()


def test_what_was_no_crowd_does_not_become_one() -> None:
    asked = use(NAME, args=("$(A)",), env=(("A", "x"),))
    crowd = pod(replace(asked, env=(("A", "x" * MAX_WORDS),)))
    rules = [policy(DigestRule())]
    text = {NAME: InvalidImage("never asked")}

    assert not judge(replace(crowd, old=pod(asked)), text, rules, NOW).allowed
    assert judge(replace(crowd, old=crowd), text, rules, NOW).allowed
