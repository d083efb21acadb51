"""The one word for an owner."""

from __future__ import annotations

import pytest

from tests.reports.findings import finding
from webhook.core.verdict import Finding, Mode, Outcome, Verdict
from webhook.reports.html.standing import Standing, standing_of

REFUSED = finding()
WARNED = finding(mode=Mode.WARN)
UNCHECKED = finding(Outcome.UNKNOWN, Mode.WARN)
UNCHECKED_IN_AUDIT = finding(Outcome.UNKNOWN, Mode.AUDIT)
NOTED = finding(mode=Mode.AUDIT)
EXCUSED = finding(mode=Mode.WARN, exception="shop/old")
PASSES = finding(Outcome.PASS)
SKIPPED = finding(Outcome.SKIP)


@pytest.mark.parametrize(
    ("findings", "standing"),
    [
        ((), Standing.UNCOVERED),
        ((PASSES, REFUSED, WARNED), Standing.REFUSED),
        ((finding(Outcome.UNKNOWN),), Standing.REFUSED),
        ((UNCHECKED, WARNED), Standing.WARNED),
        ((NOTED, UNCHECKED), Standing.UNCHECKED),
        ((PASSES, UNCHECKED_IN_AUDIT), Standing.UNCHECKED),
        ((EXCUSED, NOTED), Standing.NOTED),
        ((PASSES, EXCUSED), Standing.EXCUSED),
        ((PASSES, SKIPPED), Standing.PASSES),
        ((SKIPPED,), Standing.PASSES),
    ],
)
def test_the_worst_finding_decides(findings: tuple[Finding, ...], standing: Standing) -> None:
    assert standing_of(Verdict(findings)) is standing


def test_every_standing_is_explained_and_is_a_class_of_its_own() -> None:
    assert all(one.meaning for one in Standing)
    assert len({one.css for one in Standing}) == len(Standing)
    assert not any(" " in one.css for one in Standing)
