"""An audit for spreadsheets: rows that hold, and cells that start no formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given

from tests.builders import DIGEST, REVISION
from tests.reports.audits import audit, audited, hostile_audited, running
from tests.reports.findings import POINTER, finding
from webhook.core.facts import Reason
from webhook.core.verdict import Outcome
from webhook.reports.audit_csv import COLUMNS, render_audit_csv
from webhook.reports.audited import Audit, Audited

HERE = running().use.pointer


def rows(found: Audit) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_audit_csv(found), newline="")))


def test_each_finding_is_a_row_with_what_its_image_is() -> None:
    (first, second) = rows(
        audit(
            audited(
                finding(pointer=HERE),
                finding(Outcome.UNKNOWN, rule="init", reason=Reason.OFFLINE, pointer=HERE),
                images=(running(),),
            )
        )
    )
    assert list(first) == list(COLUMNS)
    assert (first["namespace"], first["kind"], first["name"], first["pods"]) == (
        *("shop", "Deployment", "web", "2"),
    )
    assert (first["rule"], first["outcome"], first["effect"]) == ("digest", "fail", "refuses")
    assert (first["digest"], first["commit"]) == (DIGEST, REVISION)
    assert (second["reason"], second["rule"]) == ("offline", "init")


def test_an_image_about_which_nothing_was_found_has_a_row_too() -> None:
    (row,) = rows(audit(audited(images=(running(),))))
    assert (row["image"], row["rule"]) == ("nginx:1.25", "")


def test_a_finding_about_the_whole_object_has_a_row_without_image() -> None:
    (row,) = rows(audit(audited(finding(image="", pointer=POINTER))))
    assert (row["image"], row["rule"], row["commit"]) == ("", "digest", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝"])
def test_no_cell_starts_a_formula(start: str) -> None:
    (row,) = rows(audit(audited(finding(message=f'{start}HYPERLINK("http://evil")'))))
    assert row["message"].startswith(f"'{start}")


@given(hostile_audited())
def test_hostile_words_stay_in_their_cell(one: Audited) -> None:
    for row in rows(audit(one)):
        assert list(row) == list(COLUMNS)
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())
        assert not set("".join(row.values())) & set("\n\r\x1b\x00")
