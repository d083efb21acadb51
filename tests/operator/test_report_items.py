"""What is read of a report that lies in the cluster."""

from __future__ import annotations

import msgspec
import pytest

from tests.builders import NOW
from tests.reports.audits import audited
from tests.reports.findings import finding
from webhook.operator.report_items import STRANGE, ReportItem, said_by
from webhook.reports.policy_report import ReportApi, fingerprint, policy_report


def read(document: object) -> str:
    return said_by(msgspec.json.decode(msgspec.json.encode(document), type=ReportItem))


@pytest.mark.parametrize("api", ReportApi)
def test_what_an_api_server_gives_back_says_what_was_written(api: ReportApi) -> None:
    written = policy_report(audited(finding()), api, NOW)
    assert written is not None
    metadata = {**written["metadata"], "resourceVersion": "5", "creationTimestamp": None}

    assert read({**written, "metadata": metadata}) == fingerprint(written)
    assert read({**written, "summary": {"pass": 1}}) != fingerprint(written)
    assert read({**written, "metadata": {**metadata, "ownerReferences": []}}) != fingerprint(
        written
    )


def test_one_with_another_name_is_not_ours() -> None:
    assert read({"metadata": {"name": "polr-ns-default"}}) == STRANGE


@pytest.mark.parametrize("results", ["text", 7, {"a": 1}, [1, None, {"policy": 5}], None])
def test_nonsense_is_read_as_something_else_than_ours(results: object) -> None:
    assert read({"metadata": {"name": "cocket-1"}, "results": results}) != STRANGE


def test_a_huge_one_is_not_read() -> None:
    huge = {"metadata": {"name": "cocket-1"}, "results": ["x" * 3_000_000]}

    assert read(huge) == "unreadable"
