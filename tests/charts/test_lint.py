"""The chart as Helm's own linter sees it, and what nobody would see in a diff."""

from __future__ import annotations

import helm_python
import pytest

from tests.charts.rendering import CHART, ROOT, SETTINGS, texts

_WARNING = 2


@pytest.mark.parametrize("kubernetes", ["v1.20.0", "v1.28.0", "v1.36.0"])
@pytest.mark.parametrize("name", SETTINGS)
def test_helm_finds_nothing_to_mend(name: str, kubernetes: str) -> None:
    report = helm_python.lint(CHART, SETTINGS[name], strict=True, kube_version=kubernetes)

    worse = [one for one in report["messages"] if one["severity"] >= _WARNING]
    assert (worse, report["errors"]) == ([], [])


def test_the_chart_has_the_version_of_the_package() -> None:
    with helm_python.Chart.load(CHART) as chart:
        metadata = chart.metadata
    pyproject = (ROOT / "pyproject.toml").read_text()

    assert f'\nversion = "{metadata["appVersion"]}"\n' in pyproject


def test_nothing_is_left_empty_by_a_template() -> None:
    for values in SETTINGS.values():
        for path, text in texts(values).items():
            assert "<no value>" not in text, path
            assert "%!" not in text, path


def test_the_chart_can_be_packed_and_read_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = helm_python.package(CHART, destination=tmp_path_factory.mktemp("packed"))

    with helm_python.Chart.load(archive) as chart:
        files = {one["name"] for one in chart.files}

    crds = {f"files/crds/{path.name}" for path in (CHART / "files" / "crds").iterdir()}
    assert crds <= files
