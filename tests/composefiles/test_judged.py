"""Compose services under the rules of Pods."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST, NOW, config, facts, image
from tests.composefiles.test_services import service
from webhook.composefiles.judged import known_of_service, rules_of_service
from webhook.core.facts import ImageFacts
from webhook.core.judge import judge
from webhook.core.policy import ActiveRule, Policy
from webhook.core.registries import Registries
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.rules.registry import RegistryRule
from webhook.core.rules.stop import StopRule
from webhook.core.verdict import Finding, Mode, Outcome

RULES = (
    DigestRule(),
    InitRule(),
    ProvenanceRule(),
    RegistryRule(environments=("production",), registries=Registries()),
)
POLICY = Policy(name="p", rules=tuple(ActiveRule(rule, Mode.ENFORCE) for rule in RULES))
PINNED = f"web@{DIGEST}"
PLAIN = facts(config(entrypoint=(), cmd=("node", "server.js")))
SHELL = facts(config(entrypoint=(), cmd=("sh", "-c", "a; b")))


def answers(text: str, known: ImageFacts | None = None) -> dict[str, Finding]:
    one = service(text)
    images = dict(known_of_service(one))
    for use in one.workload.images:
        if use.image not in images:
            images[use.image] = image(use.image, known)
    verdict = judge(one.workload, images, rules_of_service((POLICY,), one), NOW)
    return {finding.rule: finding for finding in verdict.findings}


def test_a_service_is_judged_as_a_container_is() -> None:
    found = answers("{image: 'web:1'}")

    assert {rule: one.outcome for rule, one in found.items()} == {
        "digest": Outcome.FAIL,
        "init": Outcome.PASS,
        "provenance": Outcome.PASS,
        "registry": Outcome.FAIL,
    }


@pytest.mark.parametrize(
    ("text", "known", "outcome", "said"),
    [
        (f"{{image: {PINNED}}}", PLAIN, Outcome.FAIL, "`node server.js`, which is no init"),
        (f"{{image: {PINNED}, init: true}}", PLAIN, Outcome.PASS, "be tini"),
        (f"{{image: {PINNED}, init: true, entrypoint: x}}", PLAIN, Outcome.PASS, "be tini"),
        (f"{{image: {PINNED}, init: true}}", SHELL, Outcome.FAIL, "does not reach the program"),
        (f"{{image: {PINNED}, init: false}}", PLAIN, Outcome.FAIL, "no init"),
        (f"{{image: {PINNED}, entrypoint: [tini, --, x]}}", PLAIN, Outcome.PASS, "tini"),
        (f"{{image: {PINNED}, command: x y}}", PLAIN, Outcome.FAIL, "`x y`"),
        (f"{{image: {PINNED}, entrypoint: $X}}", PLAIN, Outcome.UNKNOWN, "variable"),
        (f"{{image: {PINNED}, pid: host}}", PLAIN, Outcome.SKIP, "hostPID"),
        ("{build: ., entrypoint: node x}", PLAIN, Outcome.FAIL, "`node x`"),
        ("{build: ., entrypoint: node x, init: true}", PLAIN, Outcome.PASS, "be tini"),
        ("{build: .}", PLAIN, Outcome.SKIP, "it is built here"),
    ],
)
def test_the_engine_puts_its_init_in_front_where_it_is_told(
    text: str, known: ImageFacts, outcome: Outcome, said: str
) -> None:
    found = answers(text, known)["init"]

    assert (found.outcome, said in found.message) == (outcome, True), found.message


def test_the_fix_is_one_that_compose_has() -> None:
    fix = answers(f"{{image: {PINNED}}}", PLAIN)["init"].fix

    assert fix.endswith("Or give the service `init: true`.")
    assert "shareProcessNamespace" not in fix


INIT = config(entrypoint=("/sbin/tini", "--"), cmd=("node",))


@pytest.mark.parametrize(
    ("text", "known", "fix"),
    [
        (
            "entrypoint: node server.js",
            PLAIN,
            (
                "Start it with tini or dumb-init (`entrypoint: [tini, --]`, the program in "
                "`command:`). Or give the service `init: true`."
            ),
        ),
        (
            "entrypoint: sh",
            PLAIN,
            (
                "Name the program to run. Start it with tini or dumb-init "
                "(`entrypoint: [tini, --]`, the program in `command:`). "
                "Or give the service `init: true`."
            ),
        ),
        (
            "entrypoint: node server.js",
            facts(INIT),
            (
                "The image starts tini by itself, and `entrypoint:` threw it away: move it to "
                "`command:`. Or give the service `init: true`."
            ),
        ),
        (
            "init: true, entrypoint: [sh, -c, 'a; b']",
            PLAIN,
            "Put `exec` in front of the last command, or start the program without a shell.",
        ),
    ],
)
def test_the_fix_speaks_of_what_a_service_has_and_of_no_pod(
    text: str, known: ImageFacts, fix: str
) -> None:
    found = answers(f"{{image: {PINNED}, {text}}}", known)["init"]

    assert (found.outcome, found.fix) == (Outcome.FAIL, fix)


@pytest.mark.parametrize("rule", ["digest", "registry", "provenance", "init"])
def test_a_name_that_the_environment_decides_is_unknown(rule: str) -> None:
    found = answers("{image: '${IMAGE}'}")[rule]

    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, "variable")
    assert "IMAGE" in found.message


def test_how_a_service_is_stopped_is_not_asked() -> None:
    """Its grace period is ten seconds, and nothing of what a Pod says about it stands here."""
    one = service(f"{{image: {PINNED}}}")
    policy = Policy(name="p", rules=(ActiveRule(StopRule(), Mode.ENFORCE),))
    policies = rules_of_service((policy,), one)

    [found] = judge(one.workload, {PINNED: image(PINNED, SHELL)}, policies, NOW).findings

    assert (found.rule, found.outcome) == ("stop", Outcome.SKIP)


@pytest.mark.parametrize("rule", ["digest", "registry", "provenance"])
@pytest.mark.parametrize("text", ["{build: .}", "{build: ., image: 'web:1'}"])
def test_what_is_built_here_has_no_digest_yet(rule: str, text: str) -> None:
    assert answers(text)[rule].outcome is Outcome.SKIP
