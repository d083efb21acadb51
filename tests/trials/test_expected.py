"""What a test expects, compared with verdicts."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from webhook.core.facts import Reason
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.core.workload import Role
from webhook.trials.expected import Decision, Expected, Sought, decision_of

FAIL = Finding(
    policy="main",
    rule="digest",
    outcome=Outcome.FAIL,
    reason=None,
    mode=Mode.ENFORCE,
    container="app",
    role=Role.CONTAINER,
    pointer="/spec/containers/0/image",
    image="nginx:1",
    message="nginx:1 is a tag",
    fix="Use nginx:1@sha256:…",
)
UNKNOWN = replace(FAIL, rule="init", outcome=Outcome.UNKNOWN, reason=Reason.SCRIPT, mode=Mode.WARN)
PASS = replace(FAIL, rule="registry", outcome=Outcome.PASS)
NOTED = replace(FAIL, mode=Mode.AUDIT)


@pytest.mark.parametrize(
    ("findings", "decision"),
    [
        ((), Decision.UNCOVERED),
        ((PASS,), Decision.ALLOWED),
        ((PASS, NOTED), Decision.ALLOWED),
        ((UNKNOWN, PASS), Decision.WARNED),
        ((UNKNOWN, FAIL), Decision.REFUSED),
    ],
)
def test_a_verdict_is_exactly_one_decision(
    findings: tuple[Finding, ...], decision: Decision
) -> None:
    assert decision_of(Verdict(findings)) is decision
    for expected in Decision:
        said = Expected(decision=expected).shortcomings(Verdict(findings))
        assert said == ([] if expected is decision else [f"expected {expected}, got {decision}"])


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expected(fails=frozenset({"digest"})), []),
        (Expected(fails=frozenset()), ["expected fails: [], got [digest]"]),
        (
            Expected(fails=frozenset({"digest", "init"})),
            ["expected fails: [digest, init], got [digest]"],
        ),
        (Expected(unknown=frozenset({"init"})), []),
        (
            Expected(unknown=frozenset({"registry"})),
            ["expected unknown: [registry], got [init]"],
        ),
        (Expected(findings=(Sought(rule="registry", outcome=Outcome.PASS),)), []),
        (
            Expected(
                findings=(Sought(rule="digest", outcome=Outcome.FAIL, container="b", message="x"),)
            ),
            ['expected a finding that there is not: digest fail, container b, "x" in its message'],
        ),
    ],
)
def test_every_shortcoming_is_a_sentence(expected: Expected, said: list[str]) -> None:
    assert expected.shortcomings(Verdict((FAIL, UNKNOWN, PASS))) == said


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "registry"},
        {"outcome": Outcome.PASS},
        {"mode": Mode.AUDIT},
        {"reason": Reason.VARIABLE},
        {"policy": "other"},
        {"container": "other"},
        {"image": "nginx:2"},
        {"exception": "a/b"},
        {"message": "tini"},
    ],
)
def test_a_finding_fits_only_if_every_field_does(wrong: dict[str, Any]) -> None:
    whole = Sought(
        rule="init",
        outcome=Outcome.UNKNOWN,
        mode=Mode.WARN,
        reason=Reason.SCRIPT,
        policy="main",
        container="app",
        image="nginx:1",
        message="is a tag",
    )

    assert whole.fits(UNKNOWN)
    assert not replace(whole, **wrong).fits(UNKNOWN)


def test_the_fix_is_a_part_of_the_message() -> None:
    assert Sought(rule="digest", outcome=Outcome.FAIL, message="@sha256:").fits(FAIL)
