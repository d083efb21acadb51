"""An audit as text: the worst first, and what is good only if asked for."""

from __future__ import annotations

from hypothesis import given

from tests.reports.audits import audit, audited, hostile_audited, owner, running
from tests.reports.findings import finding
from webhook.core.verdict import Mode, Outcome
from webhook.reports.audit_table import render_audit_table
from webhook.reports.audited import Audited

GOOD = audited(finding(Outcome.PASS), of=owner("good"), images=(running(),), pods=1)
WARNED = audited(finding(mode=Mode.WARN), of=owner("warned"), images=(running(),), pods=0)
REFUSED = audited(finding(), of=owner("refused"), images=(running(),))


def test_the_worst_stands_first_and_what_is_good_is_left_out() -> None:
    lines = render_audit_table(audit(GOOD, WARNED, REFUSED)).splitlines()

    assert lines == [
        "✗ Deployment shop/refused (2 Pods): would be refused",
        '    ✗ digest: container "app": nginx:1.25 is a tag, and tags move. Write nginx@sha256:….',
        "! Deployment shop/warned (no Pods now): with warnings",
        '    ! digest: container "app": nginx:1.25 is a tag, and tags move. Write nginx@sha256:….',
        "3 owners of 3 Pods with 1 image, 1 would be refused, 1 with warnings",
    ]


def test_everything_is_shown_if_asked_for() -> None:
    shown = render_audit_table(audit(GOOD, audited(of=owner("free"))), verbose=True)

    assert "✓ Deployment shop/good (1 Pod): good\n" in shown
    assert "✓ Deployment shop/free (2 Pods): no policy covers it\n" in shown


def test_what_could_not_be_looked_at_is_said_before_the_sums() -> None:
    lines = render_audit_table(audit(missing=("jobs could not be listed",))).splitlines()

    assert lines[0] == "? not looked at: jobs could not be listed"
    assert lines[1].startswith("0 owners of 0 Pods")


@given(hostile_audited())
def test_hostile_words_stay_on_their_line(one: Audited) -> None:
    shown = render_audit_table(audit(one), verbose=True)

    assert len(shown.splitlines()) == len(one.verdict.findings) + 2
    assert not set(shown) & set("\x1b\x07\x00\x9b\r\u202e")
