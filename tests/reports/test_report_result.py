"""Which word each finding has in a report, and what goes along."""

from __future__ import annotations

import pytest

from tests.builders import LABELS, REVISION, config, facts
from tests.reports.audits import running
from tests.reports.findings import finding
from webhook.core.facts import Reason, Unknown
from webhook.core.rules import RULES
from webhook.core.verdict import Finding, Mode, Outcome
from webhook.reports.report_result import MAX_MESSAGE, Result, report_result, word


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (finding(), "fail"),
        (finding(mode=Mode.AUDIT), "fail"),
        (finding(mode=Mode.WARN), "warn"),
        (finding(Outcome.UNKNOWN), "error"),
        (finding(Outcome.UNKNOWN, Mode.WARN), "error"),
        (finding(Outcome.UNKNOWN, Mode.AUDIT), "error"),
        (finding(mode=Mode.WARN, exception="security/web"), "skip"),
        (finding(Outcome.UNKNOWN, Mode.WARN, exception="security/web"), "skip"),
        (finding(Outcome.PASS), "pass"),
        (finding(Outcome.SKIP), "skip"),
    ],
)
def test_each_answer_has_one_word(found: Finding, expected: str) -> None:
    assert word(found).value == expected


def test_only_what_was_judged_counts() -> None:
    scored = {
        word(one): report_result(one, None).scored
        for one in (
            finding(),
            finding(mode=Mode.WARN),
            finding(Outcome.UNKNOWN),
            finding(Outcome.SKIP),
            finding(Outcome.PASS),
        )
    }

    assert scored == {one: one in {Result.PASS, Result.FAIL} for one in Result}


def test_every_rule_has_its_category_and_its_severity() -> None:
    """What dashboards group and sort by: a rule that moves is a change that people notice."""
    results = {rule: report_result(finding(rule=rule), None) for rule in [*RULES, "drifted"]}

    assert {rule: (one.category, one.severity.value) for rule, one in results.items()} == {
        "digest": ("Supply Chain", "high"),
        "registry": ("Supply Chain", "high"),
        "promotion": ("Promotion", "high"),
        "provenance": ("Provenance", "medium"),
        "init": ("Process", "low"),
        "stop": ("Shutdown", "low"),
        "drifted": ("Supply Chain", "high"),
    }


def test_an_unheard_of_rule_has_both_too() -> None:
    result = report_result(finding(rule="new"), None)

    assert (result.category, result.severity.value) == ("Container Images", "medium")


def test_an_exception_says_why_and_which() -> None:
    note = "let through by exception security/web until 2026-12-01T00:00:00Z (a move): a tag"
    result = report_result(finding(mode=Mode.WARN, exception="security/web", message=note), None)

    assert "a move" in result.message
    assert result.properties["exception"] == "security/web"


def test_what_could_not_be_checked_says_why() -> None:
    result = report_result(finding(Outcome.UNKNOWN, reason=Reason.UNREACHABLE), None)

    assert "could not be checked (unreachable)" in result.message
    assert result.properties["reason"] == "unreachable"


def test_a_commit_is_told_where_all_platforms_agree() -> None:
    other = config(labels={**LABELS, "org.opencontainers.image.revision": "b" * 40})
    commits = [
        report_result(finding(), running(known=known)).properties.get("commit")
        for known in (
            facts(),
            facts(config(), config(architecture="arm64")),
            facts(config(), other),
            facts(config(labels={})),
            Unknown(Reason.OFFLINE),
        )
    ]

    assert commits == [REVISION, REVISION, None, None, None]


def test_what_says_nothing_is_left_out() -> None:
    assert report_result(finding(container="", image="", fix=""), None).properties == {
        "mode": "enforce"
    }


def test_a_message_has_a_kilobyte_at_most_and_no_half_character() -> None:
    result = report_result(finding(message="ä" * 2000, fix="ü" * 2000), None)

    for text in (result.message, result.properties["fix"]):
        assert MAX_MESSAGE - 4 < len(text.encode()) <= MAX_MESSAGE
        assert text.endswith("…")
