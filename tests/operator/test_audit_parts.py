"""One namespace looked at again, within what was found of all."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import NOW
from tests.reports.audits import audit, audited, owner
from tests.reports.findings import finding
from webhook.core.verdict import Outcome
from webhook.operator.audit_parts import with_namespace
from webhook.reports.audited import Audited

LATER = NOW + timedelta(minutes=1)


def web(namespace: str, name: str = "web", *, good: bool = False) -> Audited:
    outcome = Outcome.PASS if good else Outcome.FAIL
    return audited(finding(outcome), of=owner(name, namespace))


def test_what_was_said_of_the_namespace_is_replaced_and_the_order_kept() -> None:
    before = audit(web("a"), web("b", "old"), web("b", "web"), web("c"))
    part = audit(web("b", "new", good=True), web("b", "web", good=True), taken=LATER)

    after = with_namespace(before, part, "b")

    assert after.taken == LATER
    assert after.audited == (
        web("a"),
        web("b", "new", good=True),
        web("b", "web", good=True),
        web("c"),
    )


def test_a_namespace_that_is_empty_now_is_gone() -> None:
    assert with_namespace(audit(web("a"), web("b")), audit(taken=LATER), "b").audited == (web("a"),)


def test_what_is_missing_stays_missing_and_is_said_once() -> None:
    before = audit(missing=("jobs could not be listed",))
    part = audit(missing=("jobs could not be listed", "pods of b too"))

    assert with_namespace(before, part, "b").missing == (
        "jobs could not be listed",
        "pods of b too",
    )
