"""The JSON document is an interface: its keys and their order are pinned here."""

from __future__ import annotations

import json

import msgspec
from hypothesis import given

from tests.reports.findings import checked, finding, hostile_results, result
from webhook.core.facts import Reason
from webhook.core.verdict import Mode, Outcome
from webhook.reports.check_json import render_json, render_jsonl
from webhook.reports.checked import CheckResult

FINDING = {
    "policy": "default",
    "rule": "digest",
    "outcome": "fail",
    "reason": None,
    "mode": "enforce",
    "container": "app",
    "role": "container",
    "pointer": "/spec/containers/0/image",
    "image": "nginx:1.25",
    "message": "nginx:1.25 is a tag, and tags move",
    "fix": "Write nginx@sha256:….",
}
OBJECT = {
    "kind": "Pod",
    "namespace": "shop",
    "name": "web",
    "file": "deploy/web.yaml",
    "line": 3,
}


def test_the_document_is_exactly_this() -> None:
    text = render_json(result(checked(finding()), without_images=2))

    document = json.loads(text)
    assert document == {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "CheckResult",
        "summary": {
            "objects": 1,
            "withoutImages": 2,
            "allowed": 0,
            "refused": 1,
            "warned": 0,
            "unknown": 0,
            "images": 1,
            "rules": {"digest": {"pass": 0, "fail": 1, "unknown": 0, "skip": 0}},
        },
        "verdicts": [{"object": OBJECT, "allowed": False, "findings": [FINDING]}],
    }
    assert list(document["verdicts"][0]["findings"][0]) == list(FINDING)
    assert list(document["verdicts"][0]["object"]) == list(OBJECT)


def test_passes_and_skips_are_findings_too() -> None:
    text = render_json(result(checked(finding(Outcome.PASS), finding(Outcome.SKIP))))

    (verdict,) = json.loads(text)["verdicts"]
    assert [one["outcome"] for one in verdict["findings"]] == ["pass", "skip"]
    assert verdict["allowed"] is True


def test_a_reason_is_its_token_and_stands_with_unknowns_only() -> None:
    text = render_jsonl(
        result(
            checked(finding(Outcome.UNKNOWN, Mode.WARN, reason=Reason.NOT_CONFIGURED), finding())
        )
    )

    findings = json.loads(text)["findings"]
    assert [one["reason"] for one in findings] == ["not-configured", None]


def test_without_objects_it_is_still_a_document() -> None:
    assert json.loads(render_json(result()))["verdicts"] == []
    assert render_jsonl(result()) == ""


@given(hostile_results())
def test_lines_and_document_hold_the_same_verdicts(hostile: CheckResult) -> None:
    lines = render_jsonl(hostile).splitlines()

    assert len(lines) == len(hostile.checked)
    assert msgspec.json.decode(render_json(hostile))["verdicts"] == [
        msgspec.json.decode(line) for line in lines
    ]


def test_an_exception_is_named_where_there_is_one() -> None:
    excused = finding(mode=Mode.WARN, exception="security/web")
    document = json.loads(render_json(result(checked(excused))))

    assert document["verdicts"][0]["findings"] == [
        FINDING | {"mode": "warn", "exception": "security/web"}
    ]
    assert document["summary"]["warned"] == 1
