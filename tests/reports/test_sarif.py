"""SARIF 2.1.0, as code scanning reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from hypothesis import given

from tests.reports.findings import checked, finding, hostile_results, result
from webhook.core.rules import RULES
from webhook.core.verdict import Mode, Outcome
from webhook.reports.checked import CheckResult
from webhook.reports.sarif import artifact_uri, render_sarif

SCHEMA = Path(__file__).parents[3] / "shared" / "data" / "schemas" / "sarif-schema-2.1.0.json"


def results(given_result: CheckResult) -> list[dict[str, Any]]:
    (run,) = json.loads(render_sarif(given_result))["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


def test_each_effect_has_its_level_and_what_is_good_is_left_out() -> None:
    found = results(
        result(
            checked(
                finding(),
                finding(mode=Mode.WARN),
                finding(mode=Mode.AUDIT),
                finding(Outcome.UNKNOWN),
                finding(Outcome.PASS),
                finding(Outcome.SKIP),
            )
        )
    )

    assert [one["level"] for one in found] == ["error", "warning", "note", "error"]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_sentence_of_its_own(rule: str) -> None:
    document = json.loads(render_sarif(result(checked(finding(rule=rule)))))

    [described] = document["runs"][0]["tool"]["driver"]["rules"]
    assert "does not hold" not in described["shortDescription"]["text"]


def test_a_result_points_at_its_rule_and_at_the_line_of_the_image() -> None:
    document = json.loads(
        render_sarif(
            result(
                checked(
                    finding(rule="init"), finding(), lines={"/spec/containers/0/image": 9}, line=3
                )
            )
        )
    )

    driver = document["runs"][0]["tool"]["driver"]
    first = document["runs"][0]["results"][0]
    assert [rule["id"] for rule in driver["rules"]] == ["digest", "init"]
    assert driver["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "init"
    assert driver["rules"][1]["helpUri"].endswith("docs/rules.md#init")
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/web.yaml"},
        "region": {"startLine": 9},
    }


def test_an_unknown_line_is_left_out() -> None:
    (one,) = results(result(checked(finding(), line=0)))

    assert "region" not in one["locations"][0]["physicalLocation"]


def test_a_finding_that_moves_keeps_its_fingerprint_and_two_never_share_one() -> None:
    before = results(result(checked(finding(), line=3), checked(finding(), line=20)))
    after = results(result(checked(finding(), line=30), checked(finding(), line=50)))

    prints = [one["partialFingerprints"] for one in before]
    assert prints == [one["partialFingerprints"] for one in after]
    assert prints[0] != prints[1]


@pytest.mark.parametrize(
    "changed",
    [
        finding(rule="init"),
        finding(policy="strict"),
        finding(container="b"),
        finding(image="nginx:1.26"),
    ],
)
def test_another_finding_has_another_fingerprint(changed: Any) -> None:
    (one,) = results(result(checked(finding())))
    (other,) = results(result(checked(changed)))

    assert one["partialFingerprints"] != other["partialFingerprints"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("deploy/web.yaml", "deploy/web.yaml"),
        ("./a b.yaml", "a%20b.yaml"),
        ("a:b#c?d%.yaml", "a%3Ab%23c%3Fd%25.yaml"),
        ("ä.yaml", "%C3%A4.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
        ("/srv/a b.yaml", "file:///srv/a%20b.yaml"),
        ("../x.yaml", "../x.yaml"),
    ],
)
def test_a_file_name_is_percent_encoded(file: str, uri: str) -> None:
    assert artifact_uri(file) == uri


def test_a_message_holds_no_link() -> None:
    (one,) = results(result(checked(finding(message="[here](https://evil.example)", fix=""))))

    assert "](" not in one["message"]["text"]


@pytest.mark.skipif(not SCHEMA.exists(), reason=f"the published schema is not at {SCHEMA}")
def test_it_validates_against_the_published_schema() -> None:
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))

    for one in (
        result(),
        result(checked(finding(), finding(Outcome.UNKNOWN, Mode.WARN, container=""), line=0)),
    ):
        assert list(validator.iter_errors(json.loads(render_sarif(one)))) == []


@given(hostile_results())
def test_strangers_break_neither_the_document_nor_an_address(hostile: CheckResult) -> None:
    text = render_sarif(hostile)

    assert text.removesuffix("\n").isprintable()
    for one in results(hostile):
        uri = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert urlsplit(uri).scheme in {"", "file"}
        assert uri.isascii()
        assert "\0" in unquote(uri) or uri.isprintable()


def test_an_exception_is_a_property_where_there_is_one() -> None:
    bare, excused = results(
        result(checked(finding(), finding(mode=Mode.WARN, exception="security/web")))
    )

    assert "exception" not in bare["properties"]
    assert excused["properties"]["exception"] == "security/web"
