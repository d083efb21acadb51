"""Ended tests of policies in every format: the same words, and hostile names stay harmless."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from webhook.reports.trials import Ended, Status, TrialRun
from webhook.reports.trials_json import render_trials_json
from webhook.reports.trials_junit import render_trials_junit
from webhook.reports.trials_table import render_trials_table, trial_lines, worst

PASSED = Ended(
    suite="main",
    name="good",
    file="a.yaml",
    line=8,
    status=Status.PASSED,
    objects=2,
    findings=("Pod shop/web: digest pass",),
)
FAILED = replace(
    PASSED,
    name="bad",
    status=Status.FAILED,
    objects=1,
    problems=("Pod shop/web: expected refused, got allowed",),
)
BROKEN = Ended(
    suite="", name="", file="b.yaml", line=0, status=Status.ERROR, problems=("b.yaml: no YAML",)
)
RUN = TrialRun((PASSED, FAILED, BROKEN), "1.2.3")


def test_the_table_says_why_something_did_not_pass() -> None:
    assert render_trials_table(RUN).splitlines() == [
        "✓ a.yaml:8: main: good (2 objects)",
        "✗ a.yaml:8: main: bad (1 object)",
        "    Pod shop/web: expected refused, got allowed",
        "        Pod shop/web: digest pass",
        "! b.yaml: no test could be run",
        "    b.yaml: no YAML",
        "3 tests: 1 passed, 1 failed, 1 error",
    ]


def test_findings_of_what_passed_are_shown_on_request() -> None:
    lines = render_trials_table(TrialRun((PASSED,)), verbose=True).splitlines()

    assert lines[1:] == ["        Pod shop/web: digest pass", "1 test: 1 passed, 0 failed"]


def test_every_line_knows_how_its_test_ended() -> None:
    assert [status for status, _ in trial_lines(RUN)] == [
        *(Status.PASSED, Status.FAILED, Status.FAILED, Status.FAILED),
        *(Status.ERROR, Status.ERROR, Status.ERROR),
    ]


def test_a_run_is_as_good_as_its_worst_test_and_none_is_no_pass() -> None:
    assert worst(RUN) is Status.ERROR
    assert worst(TrialRun((PASSED, FAILED))) is Status.FAILED
    assert worst(TrialRun((PASSED,))) is Status.PASSED
    assert worst(TrialRun(())) is Status.ERROR


def test_junit_has_a_suite_a_file_and_an_element_a_status() -> None:
    root = ET.fromstring(render_trials_junit(RUN))  # noqa: S314 - ours

    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    assert [suite.get("name") for suite in root] == ["a.yaml", "b.yaml"]
    good, bad, broken = root.iter("testcase")
    assert list(good) == []
    assert (good.get("classname"), good.get("name"), good.get("line")) == ("main", "good", "8")
    assert [one.tag for one in bad] == ["failure"]
    assert bad[0].get("message") == FAILED.problems[0]
    assert bad[0].text == "\n".join((*FAILED.problems, *FAILED.findings))
    assert [one.tag for one in broken] == ["error"]
    assert (broken.get("classname"), broken.get("name")) == ("b.yaml", "the document")


def test_json_holds_all_of_it() -> None:
    found = json.loads(render_trials_json(RUN))

    assert found["kind"] == "PolicyTestResult"
    assert found["summary"] == {"tests": 3, "passed": 1, "failed": 1, "error": 1}
    assert found["tests"][1] == {
        "suite": "main",
        "name": "bad",
        "file": "a.yaml",
        "line": 8,
        "status": "failed",
        "objects": 1,
        "problems": list(FAILED.problems),
        "findings": list(FAILED.findings),
    }


def test_names_of_strangers_move_no_cursor_and_open_no_element() -> None:
    evil = "\x1b[2J<b>\u202e\n&"
    hostile = TrialRun((replace(FAILED, name=evil, file=evil, problems=(evil,), findings=(evil,)),))
    table, junit, text = (
        render_trials_table(hostile),
        render_trials_junit(hostile),
        render_trials_json(hostile),
    )

    assert "\x1b" not in table + junit + text
    assert "\u202e" not in table + junit + text
    assert len(table.splitlines()) == 4
    (case,) = ET.fromstring(junit).iter("testcase")  # noqa: S314 - ours
    assert [one.tag for one in case.iter()] == ["testcase", "failure"]
    assert json.loads(text)["tests"][0]["name"] == evil
