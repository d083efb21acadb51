"""JUnit XML, as a CI server parses it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from tests.reports.findings import checked, finding, hostile_results, result
from webhook.core.verdict import Finding, Mode, Outcome
from webhook.reports.checked import CheckResult
from webhook.reports.junit import render_junit


def parse(given_result: CheckResult) -> ET.Element:
    return ET.fromstring(render_junit(given_result).encode())  # noqa: S314 - our own output


def test_there_is_one_case_for_every_file_object_and_rule() -> None:
    root = parse(
        result(
            checked(finding(), finding(container="b"), finding(rule="init"), file="a.yaml"),
            checked(finding(Outcome.PASS), file="a.yaml", name="two"),
            checked(finding(Outcome.PASS), file="b.yaml"),
        )
    )

    assert [
        (suite.get("name"), [(case.get("classname"), case.get("name")) for case in suite])
        for suite in root
    ] == [
        (
            "a.yaml",
            [("Pod shop/web", "digest"), ("Pod shop/web", "init"), ("Pod shop/two", "digest")],
        ),
        ("b.yaml", [("Pod shop/web", "digest")]),
    ]
    assert root.attrib == {
        "name": "cocket check",
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "0",
    }


@pytest.mark.parametrize(
    ("findings", "element"),
    [
        ([finding()], "failure"),
        ([finding(), finding(Outcome.UNKNOWN)], "failure"),
        ([finding(Outcome.PASS), finding()], "failure"),
        ([finding(Outcome.UNKNOWN)], "error"),
        ([finding(Outcome.UNKNOWN, Mode.WARN)], "error"),
        ([finding(mode=Mode.WARN), finding(Outcome.UNKNOWN, Mode.WARN)], "error"),
        ([finding(mode=Mode.WARN)], "system-out"),
        ([finding(mode=Mode.AUDIT)], "system-out"),
        ([finding(Outcome.UNKNOWN, Mode.AUDIT)], "system-out"),
        ([finding(Outcome.SKIP)], "skipped"),
        ([finding(Outcome.SKIP), finding(Outcome.PASS)], None),
        ([finding(Outcome.PASS)], None),
    ],
)
def test_what_a_case_says_follows_from_the_worst_finding(
    findings: list[Finding], element: str | None
) -> None:
    (suite,) = parse(result(checked(*findings)))
    (case,) = suite

    assert [child.tag for child in case] == ([] if element is None else [element])


def test_a_failure_lists_every_bad_finding_of_the_rule() -> None:
    (suite,) = parse(result(checked(finding(), finding(container="b", message="<latest>", fix=""))))
    (failure,) = suite[0]

    assert failure.text == (
        'container "app": nginx:1.25 is a tag, and tags move. Write nginx@sha256:….\n'
        'container "b": <latest>'
    )


@given(hostile_results())
def test_strangers_add_no_elements_and_break_no_document(hostile: CheckResult) -> None:
    root = parse(hostile)

    cases = sum(len({one.rule for one in each.verdict.findings}) for each in hostile.checked)
    assert len(root.findall("./testsuite/testcase")) == cases == int(root.get("tests", ""))
    assert {element.tag for element in root.iter()} <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "error",
        "skipped",
        "system-out",
    }
