"""The alerts of the chart as Prometheus itself reads them: each fires when it should, only then."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.charts.alerts import FIRES, QUIET, unit_test
from tests.charts.rendering import FULL, ROOT, of_kind
from tests.test_pages import anchors
from tests.tools import require_tool

if TYPE_CHECKING:
    from pathlib import Path

OPERATIONS = ROOT / "docs" / "operations.md"


def rules() -> list[dict[str, Any]]:
    """All of them, in the order of the chart."""
    ((group,),) = (one["spec"]["groups"] for one in of_kind("PrometheusRule", FULL))
    found: list[dict[str, Any]] = group["rules"]
    return found


RULES = {one["alert"].removeprefix("Cocket"): one for one in rules()}


def promtool(*arguments: str | Path, stdin: bytes = b"") -> str:
    """What promtool says; empty if it is content."""
    command = [require_tool("promtool"), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).decode()


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "cocket", "rules": rules()}]}))
    return file


@pytest.mark.tool("promtool")
def test_prometheus_can_read_every_rule(rule_file: Path) -> None:
    assert promtool("check", "rules", "--lint-fatal", rule_file) == ""


def test_every_alert_has_a_world_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    assert set(FIRES) == set(QUIET) == set(RULES)
    assert len(RULES) == len(rules())


@pytest.mark.tool("promtool")
def test_every_alert_fires_when_it_should_and_only_then(rule_file: Path) -> None:
    tests = [
        with_annotations(unit_test(name, world, RULES[name]["labels"]["severity"], fires=fires))
        for fires, worlds in ((True, FIRES), (False, QUIET))
        for name, several in worlds.items()
        for world in several
    ]
    file = rule_file.with_name("tests.yaml")
    file.write_text(json.dumps({"rule_files": [rule_file.name], "tests": tests}))

    assert promtool("test", "rules", file) == ""


@pytest.mark.tool("promtool")
def test_a_world_that_does_not_fit_would_be_told(rule_file: Path) -> None:
    """The test above could fail: here the worlds are exchanged."""
    world = QUIET["PoliciesBroken"][0]
    tests = [unit_test("PoliciesBroken", world, "warning", fires=True)]
    file = rule_file.with_name("tests.yaml")
    file.write_text(json.dumps({"rule_files": [rule_file.name], "tests": tests}))

    assert "CocketPoliciesBroken" in promtool("test", "rules", file)


def with_annotations(test: dict[str, Any]) -> dict[str, Any]:
    """Fill in what the rule says to people, with the labels of the alert."""
    (one,) = test["alert_rule_test"]
    annotations = RULES[one["alertname"].removeprefix("Cocket")]["annotations"]
    for expected in one["exp_alerts"]:
        expected["exp_annotations"] = {
            name: said(text, expected["exp_labels"]) for name, text in annotations.items()
        }
    return test


def said(text: str, labels: dict[str, str]) -> str:
    """A sentence with the labels that it names."""
    return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels[found[1]], text)


@pytest.mark.parametrize("name", RULES)
def test_every_alert_says_what_is_wrong_and_links_what_to_do(name: str) -> None:
    annotations = RULES[name]["annotations"]
    path, _, anchor = annotations["runbook_url"].partition("#")

    assert annotations["summary"].endswith(".")
    assert annotations["description"].endswith(".")
    assert path == "docs/operations.md"
    assert anchor in anchors(OPERATIONS)
    assert RULES[name]["labels"]["severity"] in {"warning", "critical"}


def test_every_heading_of_an_alert_is_one() -> None:
    headings = re.findall(r"^### Cocket(\w+)$", OPERATIONS.read_text(), re.MULTILINE)

    assert headings == list(RULES)


def test_the_links_lead_where_the_values_say() -> None:
    where = "https://wiki.example.com/cocket"
    values = {"prometheusRule": {"enabled": True, "runbooks": where}}
    text = yaml.safe_dump(of_kind("PrometheusRule", values))

    assert f"{where}#cocketwebhookdown" in text
    assert "docs/operations.md#" not in text
