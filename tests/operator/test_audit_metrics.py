"""What Prometheus hears of audits, and how many time series that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports.audits import audit, audited, owner
from tests.reports.findings import finding
from webhook.core.verdict import Finding, Mode, Outcome
from webhook.operator.audit_metrics import NAMESPACES, audit_metrics, verdict_of
from webhook.reports.audited import Audit, Audited

if TYPE_CHECKING:
    from typing import Any


class Keeper:
    """As much of an AuditKeeper as metrics ask."""

    def __init__(self, latest: Audit | None) -> None:
        self.latest = latest
        self.seconds = 1.5
        self.errors = 2

    def age(self) -> float | None:
        return None if self.latest is None else 30.0


def samples(latest: Audit | None) -> dict[tuple[str, ...], float]:
    keeper: Any = Keeper(latest)
    return {
        (sample.name, *(sample.labels[key] for key in sorted(sample.labels))): sample.value
        for family in audit_metrics(keeper)
        for sample in family.samples
    }


def web(*findings: Finding, namespace: str = "shop") -> Audited:
    return audited(*findings, of=owner(namespace=namespace))


def test_what_was_found_is_counted_by_rule_and_namespace() -> None:
    found = audit(
        web(finding(), finding(container="b"), finding(rule="init", mode=Mode.AUDIT)),
        web(finding(Outcome.UNKNOWN, Mode.WARN), namespace="bank"),
    )

    assert samples(found) == {
        ("cocket_audit_errors_total",): 2,
        ("cocket_audit_report_age_seconds",): 30,
        ("cocket_audit_duration_seconds",): 1.5,
        ("cocket_audit_violations", "shop", "digest"): 2,
        ("cocket_audit_violations", "shop", "init"): 1,
        ("cocket_audit_unknown", "bank", "digest"): 1,
        ("cocket_audit_owners", "shop", "refused"): 1,
        ("cocket_audit_owners", "bank", "unknown"): 1,
    }


def test_before_the_first_look_only_errors_are_told() -> None:
    assert samples(None) == {("cocket_audit_errors_total",): 2}


@pytest.mark.parametrize(
    ("findings", "word"),
    [
        ([finding()], "refused"),
        ([finding(Outcome.UNKNOWN)], "refused"),
        ([finding(mode=Mode.WARN)], "failing"),
        ([finding(mode=Mode.AUDIT), finding(Outcome.UNKNOWN, Mode.AUDIT)], "failing"),
        ([finding(Outcome.UNKNOWN, Mode.WARN)], "unknown"),
        ([finding(mode=Mode.WARN, exception="security/web")], "passed"),
        ([finding(Outcome.PASS), finding(Outcome.SKIP)], "passed"),
        ([], "passed"),
    ],
)
def test_each_owner_has_one_word(findings: list[Finding], word: str) -> None:
    assert verdict_of(web(*findings)) == word


def test_a_thousand_namespaces_make_no_thousand_time_series() -> None:
    bad = [web(finding(), namespace=f"bad-{number:03}") for number in range(NAMESPACES + 20)]
    good = [web(finding(Outcome.PASS), namespace=f"good-{number:03}") for number in range(900)]

    found = samples(audit(*good, *bad))

    namespaces = {labels[1] for labels in found if labels[0] == "cocket_audit_owners"}
    assert len(namespaces) == NAMESPACES + 1
    assert "bad-000" in namespaces
    assert found["cocket_audit_owners", "*", "refused"] == 20
    assert found["cocket_audit_owners", "*", "passed"] == 900
    assert found["cocket_audit_violations", "*", "digest"] == 20
