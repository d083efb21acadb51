"""An audit for tools: one document, or one owner a line."""

from __future__ import annotations

import json

from hypothesis import given

from tests.builders import DIGEST, REVISION
from tests.reports.audits import audit, audited, hostile_audited, running
from tests.reports.findings import finding
from webhook.core.facts import Reason, Unknown
from webhook.core.verdict import Outcome
from webhook.reports.audit_json import render_audit_json, render_audit_jsonl
from webhook.reports.audited import Audited

ONE = audited(finding(), finding(Outcome.PASS, rule="init"), images=(running(),))


def test_the_document_says_what_was_found_and_the_sums() -> None:
    document = json.loads(render_audit_json(audit(ONE, missing=("x",))))

    assert (document["apiVersion"], document["kind"]) == ("cocket.dev/v1alpha1", "Audit")
    assert document["taken"] == "2026-11-23T12:00:00Z"
    assert (document["missing"], document["pods"]) == (["x"], 2)
    assert document["summary"]["refused"] == 1
    (one,) = document["owners"]
    assert one["owner"]["name"] == "web"
    assert (one["allowed"], one["pods"], len(one["findings"])) == (False, 2, 2)
    (image,) = one["images"]
    assert (image["digest"], image["running"]) == (DIGEST, [DIGEST])
    assert image["commit"] == REVISION
    assert image["pid1"].startswith("init tini")
    assert "unknown" not in image


def test_an_image_of_which_nothing_is_known_says_why() -> None:
    known = Unknown(Reason.OFFLINE, "nobody asked")
    document = json.loads(render_audit_json(audit(audited(images=(running(known=known),)))))

    (image,) = document["owners"][0]["images"]
    assert (image["unknown"], image["detail"]) == ("offline", "nobody asked")
    assert "commit" not in image


def test_of_lines_each_is_an_owner_as_in_the_document() -> None:
    two = audit(ONE, audited())
    lines = [json.loads(line) for line in render_audit_jsonl(two).splitlines()]

    assert lines == json.loads(render_audit_json(two))["owners"]
    assert render_audit_jsonl(audit()) == ""
    assert json.loads(render_audit_json(audit()))["owners"] == []


@given(hostile_audited())
def test_hostile_words_stay_one_line_of_json(one: Audited) -> None:
    line = render_audit_jsonl(audit(one))

    assert line.count("\n") == 1
    assert json.loads(line)["owner"]["kind"] is not None
    assert line[:-1].isprintable()
