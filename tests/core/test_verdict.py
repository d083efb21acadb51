"""What a finding does, and what follows for the object."""

from __future__ import annotations

import pytest

from webhook.core.verdict import Finding, Mode, Outcome, Verdict, weaker
from webhook.core.workload import Role


def finding(outcome: Outcome, mode: Mode) -> Finding:
    return Finding(
        policy="p",
        rule="r",
        outcome=outcome,
        reason=None,
        mode=mode,
        container="app",
        role=Role.CONTAINER,
        pointer="/spec/containers/0/image",
        image="nginx",
        message="m",
        fix="f",
    )


@pytest.mark.parametrize(
    ("outcome", "mode", "denies", "warns"),
    [
        (Outcome.FAIL, Mode.ENFORCE, True, False),
        (Outcome.UNKNOWN, Mode.ENFORCE, True, False),
        (Outcome.FAIL, Mode.WARN, False, True),
        (Outcome.UNKNOWN, Mode.WARN, False, True),
        (Outcome.FAIL, Mode.AUDIT, False, False),
        (Outcome.UNKNOWN, Mode.AUDIT, False, False),
        (Outcome.PASS, Mode.ENFORCE, False, False),
        (Outcome.SKIP, Mode.ENFORCE, False, False),
        (Outcome.PASS, Mode.WARN, False, False),
        (Outcome.SKIP, Mode.WARN, False, False),
    ],
)
def test_outcome_and_mode_decide_together(
    outcome: Outcome, mode: Mode, *, denies: bool, warns: bool
) -> None:
    one = finding(outcome, mode)
    verdict = Verdict((one,))

    assert denies is one.denies
    assert warns is one.warns
    assert denies is not verdict.allowed
    assert ([one] if denies else []) == verdict.denials
    assert ([one] if warns else []) == verdict.warnings
    assert ([one] if outcome in {Outcome.FAIL, Outcome.UNKNOWN} else []) == verdict.bad


def test_one_denial_among_many_findings_refuses() -> None:
    good, bad = finding(Outcome.PASS, Mode.ENFORCE), finding(Outcome.FAIL, Mode.ENFORCE)

    assert not Verdict((good, bad, good)).allowed
    assert Verdict((good, good)).allowed
    assert Verdict().allowed


@pytest.mark.parametrize(
    ("one", "other", "less"),
    [
        (Mode.ENFORCE, Mode.WARN, Mode.WARN),
        (Mode.WARN, Mode.AUDIT, Mode.AUDIT),
        (Mode.AUDIT, Mode.ENFORCE, Mode.AUDIT),
        (Mode.WARN, Mode.WARN, Mode.WARN),
    ],
)
def test_the_weaker_mode_does_less(one: Mode, other: Mode, less: Mode) -> None:
    assert less is weaker(one, other)
    assert less is weaker(other, one)
