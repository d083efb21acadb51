"""The dashboard: Prometheus understands every question in it, and Grafana's sidecar finds it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.charts.rendering import CHART, FULL, NAMESPACE, of_kind
from tests.charts.test_alerts import promtool

if TYPE_CHECKING:
    from pathlib import Path

FILE = CHART / "files" / "dashboard.json"
BOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [one for one in BOARD["panels"] if one["type"] != "row"]
WIDTH = 24


def questions() -> list[str]:
    """Every expression, with values for what Grafana fills in."""
    filled = {"$namespace": NAMESPACE, "$__rate_interval": "5m", "$__range": "6h"}
    found = [target["expr"] for panel in PANELS for target in panel["targets"]]
    for name, value in filled.items():
        found = [one.replace(name, value) for one in found]
    return found


def test_nothing_is_left_for_grafana_to_fill_in() -> None:
    assert [one for one in questions() if "$" in one] == []


@pytest.mark.tool("promtool")
def test_prometheus_can_read_every_question(tmp_path: Path) -> None:
    records = [
        {"record": f"dashboard:question:{number}", "expr": expr}
        for number, expr in enumerate(dict.fromkeys(questions()))
    ]
    file = tmp_path / "questions.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": records}]}))

    assert promtool("check", "rules", "--lint-fatal", file) == ""


def test_every_panel_says_what_it_shows_and_covers_no_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"].endswith("."), panel["title"]
        assert place["x"] + place["w"] <= WIDTH
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_every_question_is_about_one_release() -> None:
    assert [one for one in questions() if f'namespace="{NAMESPACE}"' not in one] == []


def test_the_sidecar_finds_it_and_reads_what_is_in_the_file() -> None:
    (found,) = of_kind("ConfigMap", FULL)

    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["annotations"] == {"grafana_folder": "Security"}
    assert json.loads(found["data"]["cocket.json"]) == BOARD
    assert of_kind("ConfigMap") == []


def test_legends_name_labels_that_their_questions_have() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            labels = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
            grouped = re.findall(r"by \(([^)]*)\)", target["expr"])
            assert set(labels) <= set(re.findall(r"\w+", " ".join(grouped))), panel["title"]
