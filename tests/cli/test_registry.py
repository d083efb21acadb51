"""The command line of `cocket registry`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runs import cocket


@pytest.mark.parametrize("age", ["90", "0d", "d", "1y", "-1d", "100000d"])
def test_an_age_is_a_number_and_a_unit(age: str) -> None:
    result = cocket("registry", "clean", "r.example.com", "--older-than", age)

    assert result.exit_code == 2
    assert "is not written as 36h, 90d or 12w" in result.stderr


def test_an_age_that_is_one_is_taken(tmp_path: Path) -> None:
    policy = tmp_path / "registries.yaml"
    policy.write_text("a: [")
    result = cocket("registry", "clean", "r.example.com", "--older-than", "36h", "--policy", policy)

    assert result.exit_code == 2
    assert "registries.yaml" in result.stderr


def test_what_is_deleted_is_asked_of_clusters_first() -> None:
    result = cocket("registry", "clean", "r.example.com", "--delete")

    assert result.exit_code == 1
    assert "name every cluster that pulls from here with --context" in result.stderr
