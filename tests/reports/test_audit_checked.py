"""Formats that a check has too: the same renderers, about owners in place of files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from webhook.reports.audited import Audit

from tests.reports.audits import audit, audited, owner, running
from tests.reports.findings import finding
from webhook.core.verdict import Outcome
from webhook.reports.audit_checked import check_result
from webhook.reports.junit import render_junit
from webhook.reports.markdown import render_markdown
from webhook.reports.sarif import render_sarif

FOUND = audit(
    audited(finding(), finding(Outcome.PASS, rule="init"), images=(running(),)),
    audited(finding(rule="drifted"), of=owner("free", namespace="", kind="Node")),
)


def sarif(found: Audit) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(render_sarif(check_result(found)))["runs"][0][
        "results"
    ]
    return results


def test_the_sums_are_those_of_the_verdicts() -> None:
    summary = check_result(FOUND).summary()
    assert (summary.objects, summary.refused, summary.images) == (2, 2, 1)


def test_sarif_places_a_finding_at_its_owner_and_at_no_line() -> None:
    first, second = sarif(FOUND)
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "shop/Deployment/web"}}
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Node/free"
    assert second["ruleId"] == "drifted"


def test_the_same_trouble_of_a_new_audit_is_the_same_finding() -> None:
    again = audit(*FOUND.audited)
    assert [one["partialFingerprints"] for one in sarif(FOUND)] == [
        one["partialFingerprints"] for one in sarif(again)
    ]


def test_junit_has_a_suite_an_owner_and_a_case_a_rule() -> None:
    suites = ET.fromstring(render_junit(check_result(FOUND)))  # noqa: S314 - our own text
    assert suites.get("name") == "cocket audit"
    assert [one.get("name") for one in suites] == ["shop/Deployment/web", "Node/free"]
    assert [one.get("name") for one in suites[0]] == ["digest", "init"]


def test_markdown_says_which_command_it_was_and_shows_no_line_zero() -> None:
    text = render_markdown(check_result(FOUND))
    assert text.startswith("**cocket audit**: ")
    assert "web:0" not in text
    assert ":0<" not in text
