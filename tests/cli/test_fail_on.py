"""The table of exit codes of `cocket check`, every row of it."""

from __future__ import annotations

import itertools

import pytest

from tests.reports.findings import finding
from webhook.cli.fail_on import FailOn, check_code
from webhook.core.verdict import Finding, Mode, Outcome, Verdict

ROWS: list[tuple[str, tuple[Outcome, Mode], dict[FailOn, int]]] = [
    # what was found: the code for --fail-on deny, warn, unknown, never
    ("pass", (Outcome.PASS, Mode.ENFORCE), dict(zip(FailOn, (0, 0, 0, 0), strict=True))),
    ("skip", (Outcome.SKIP, Mode.ENFORCE), dict(zip(FailOn, (0, 0, 0, 0), strict=True))),
    ("fail, enforce", (Outcome.FAIL, Mode.ENFORCE), dict(zip(FailOn, (1, 1, 1, 0), strict=True))),
    ("fail, warn", (Outcome.FAIL, Mode.WARN), dict(zip(FailOn, (0, 1, 1, 0), strict=True))),
    ("fail, audit", (Outcome.FAIL, Mode.AUDIT), dict(zip(FailOn, (0, 0, 0, 0), strict=True))),
    (
        "unknown, enforce",
        (Outcome.UNKNOWN, Mode.ENFORCE),
        dict(zip(FailOn, (1, 1, 1, 0), strict=True)),
    ),
    ("unknown, warn", (Outcome.UNKNOWN, Mode.WARN), dict(zip(FailOn, (3, 3, 1, 0), strict=True))),
    ("unknown, audit", (Outcome.UNKNOWN, Mode.AUDIT), dict(zip(FailOn, (0, 0, 0, 0), strict=True))),
]
STRENGTH = {0: 0, 3: 1, 1: 2}


def verdict(*findings: Finding) -> Verdict:
    return Verdict(findings)


@pytest.mark.parametrize("fail_on", FailOn)
@pytest.mark.parametrize(("found", "codes"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_one_finding_gives_this_code(
    found: tuple[Outcome, Mode], codes: dict[FailOn, int], fail_on: FailOn
) -> None:
    assert check_code([verdict(finding(*found))], fail_on) == codes[fail_on]


@pytest.mark.parametrize("fail_on", FailOn)
def test_of_several_findings_the_strongest_decides_wherever_it_stands(fail_on: FailOn) -> None:
    for first, second in itertools.product(ROWS, ROWS):
        one, other = finding(*first[1]), finding(*second[1])
        expected = max(first[2][fail_on], second[2][fail_on], key=lambda code: STRENGTH[code])

        assert check_code([verdict(one, other)], fail_on) == expected
        assert check_code([verdict(one), verdict(other)], fail_on) == expected


@pytest.mark.parametrize("fail_on", FailOn)
def test_nothing_to_judge_is_good(fail_on: FailOn) -> None:
    assert check_code([], fail_on) == 0
    assert check_code([verdict()], fail_on) == 0
