"""Reports, as readers of both APIs know them."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given

from tests.builders import DIGEST, NOW, REVISION
from tests.reports.audits import UID, audited, hostile_audited, owner, running
from tests.reports.findings import finding
from tests.reports.published import FILES, own_schema, published_schema
from webhook.core.verdict import Mode, Outcome
from webhook.reports.audited import Audited
from webhook.reports.policy_report import (
    MAX_RESULTS,
    ReportApi,
    fingerprint,
    policy_report,
    report_name,
)

BOTH = pytest.mark.parametrize("api", ReportApi)
OPEN = ReportApi.OPEN_REPORTS
RESULT = jsonschema.Draft7Validator(own_schema(OPEN)["properties"]["results"]["items"])


def report(found: Audited, api: ReportApi = OPEN) -> dict[str, Any]:
    made = policy_report(found, api, NOW)
    assert made is not None
    return made


def everything() -> Audited:
    """Each of the five words once."""
    return audited(
        finding(Outcome.PASS, rule="registry", message="it is from prod", fix=""),
        finding(exception="security/web", rule="init", mode=Mode.WARN, message="let through"),
        finding(mode=Mode.WARN, rule="provenance"),
        finding(Outcome.UNKNOWN, Mode.WARN, rule="init", container="b"),
        finding(),
        images=(running(),),
    )


@BOTH
def test_it_is_named_and_owned_by_its_owner_so_that_it_goes_with_it(api: ReportApi) -> None:
    made = report(everything(), api)

    assert made["apiVersion"] == api.value
    assert made["kind"] == {"w": "PolicyReport", "o": "Report"}[api.value[0]]
    assert made["metadata"] == {
        "name": f"cocket-{UID}",
        "namespace": "shop",
        "labels": {"app.kubernetes.io/managed-by": "cocket"},
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": UID}
        ],
    }
    assert made["scope"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "uid": UID,
    }
    assert made.get("source") == ("cocket" if api is OPEN else None)


def test_the_gravest_stands_first_and_the_summary_counts_each_word() -> None:
    made = report(everything())

    assert [one["result"] for one in made["results"]] == ["fail", "error", "warn", "skip", "pass"]
    assert made["summary"] == {"fail": 1, "error": 1, "warn": 1, "skip": 1, "pass": 1}
    assert {one["source"] for one in made["results"]} == {"cocket"}
    assert {one["timestamp"]["seconds"] for one in made["results"]} == {int(NOW.timestamp())}


def test_a_result_says_what_runs_and_what_to_write_instead() -> None:
    made = report(everything())

    assert made["results"][0]["properties"] | {"resultID": ""} == {
        "resultID": "",
        "container": "app",
        "role": "container",
        "image": "nginx:1.25",
        "mode": "enforce",
        "digest": DIGEST,
        "running": DIGEST,
        "environment": "production",
        "commit": REVISION,
        "fix": "Write nginx@sha256:….",
    }


def test_an_owner_of_which_no_policy_asks_anything_has_no_report() -> None:
    assert policy_report(audited(), OPEN, NOW) is None


def test_whose_uid_nobody_knows_owns_nothing_and_still_has_one_name() -> None:
    made = report(audited(finding(), of=owner(uid="")))

    assert "ownerReferences" not in made["metadata"]
    assert made["metadata"]["name"] == report_name(owner(uid=""))
    assert report_name(owner(uid="")) != report_name(owner("other", uid=""))


def test_ids_stay_when_the_image_the_answer_and_the_order_change() -> None:
    def ids(found: Audited) -> dict[str, str]:
        return {one["rule"]: one["properties"]["resultID"] for one in report(found)["results"]}

    before = ids(audited(finding(), finding(rule="init")))
    after = ids(audited(finding(rule="init", image="x"), finding(Outcome.PASS, image="nginx:2")))

    assert before == after
    assert len(set(before.values())) == 2


def test_two_versions_of_a_container_have_two_ids_whatever_is_said_of_them() -> None:
    def ids(*outcomes: Outcome) -> dict[str, str]:
        images = ("nginx:1", "nginx:2")
        found = [finding(one, image=name) for one, name in zip(outcomes, images, strict=True)]
        properties = [one["properties"] for one in report(audited(*found))["results"]]
        return {one["image"]: one["resultID"] for one in properties}

    before = ids(Outcome.FAIL, Outcome.PASS)

    assert len(set(before.values())) == 2
    assert ids(Outcome.PASS, Outcome.FAIL) == before


def test_the_order_of_findings_makes_no_other_report() -> None:
    found = everything()
    turned = audited(*reversed(found.verdict.findings), images=found.images)

    assert msgspec.json.encode(report(found)) == msgspec.json.encode(report(turned))


def test_what_is_still_so_has_the_same_fingerprint_and_another_finding_another() -> None:
    later = policy_report(everything(), OPEN, NOW + timedelta(days=1))
    assert later is not None
    first = fingerprint(report(everything()))

    assert fingerprint(later) == first
    back = json.loads(json.dumps(later))
    back["metadata"] |= {"resourceVersion": "7", "managedFields": [], "generation": 3}
    assert fingerprint(back) == first
    assert fingerprint(report(audited(finding(message="worse")))) != first
    assert fingerprint({"results": "nonsense", "metadata": None}) != first


@BOTH
def test_too_many_results_are_cut_and_it_says_so(api: ReportApi) -> None:
    many = [finding(Outcome.PASS, container=f"c{number:04}") for number in range(MAX_RESULTS)]
    made = report(audited(*many, finding(), finding(mode=Mode.WARN)), api)

    assert len(made["results"]) == MAX_RESULTS + 1
    assert [one["result"] for one in made["results"][:2]] == ["fail", "warn"]
    last = made["results"][-1]
    assert last["result"] == "error"
    assert last["message"] == "Truncated: 2 results are left out, the gravest are shown."
    assert made["summary"] == {"fail": 1, "warn": 1, "pass": MAX_RESULTS, "error": 1, "skip": 0}


def test_a_report_stays_under_a_megabyte_whatever_stands_in_it() -> None:
    long = "ä\x1b" * 100_000
    many = [
        finding(container=f"c{number}", message=long, fix=long, image=long, policy=long)
        for number in range(MAX_RESULTS)
    ]
    made = report(audited(*many, of=owner(name=long)))

    assert len(msgspec.json.encode(made)) < 1_000_000
    assert made["results"][-1]["message"].startswith("Truncated: ")
    assert made["summary"]["fail"] == MAX_RESULTS
    for one, other in pairwise(made["results"]):
        assert len(one["message"].encode()) <= 1024
        assert one["properties"]["resultID"] != other["properties"]["resultID"]


@given(hostile_audited())
def test_strangers_break_neither_the_schema_nor_a_terminal(found: Audited) -> None:
    made = report(found)

    assert msgspec.json.encode(made).decode().isprintable()
    for one in made["results"]:
        RESULT.validate(one)


@BOTH
def test_it_holds_to_our_own_schema(api: ReportApi) -> None:
    jsonschema.validate(report(everything(), api), own_schema(api))
    jsonschema.validate(report(audited(finding(container="")), api), own_schema(api))


@BOTH
def test_it_holds_to_the_published_schema(api: ReportApi) -> None:
    if not FILES[api].exists():
        pytest.skip(f"the published schema is not at {FILES[api]}")
    many = [finding(container=f"c{number:04}") for number in range(MAX_RESULTS + 1)]
    schema = published_schema(api)
    for one in (everything(), audited(finding(container="")), audited(*many)):
        jsonschema.validate(report(one, api) | {"metadata": {}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"results": [{"policy": "p", "unheard": "of"}]}, schema)
