"""`cocket check`: policies that select by the labels of a namespace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.checking import TAGGED, pod, policy, write
from tests.cli.runs import cocket

SELECTING = policy(more="namespaceSelector: {matchLabels: {env: prod}}")
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: ENV}}\n---\n"


@pytest.mark.parametrize(
    ("labels", "read", "code"),
    [
        (["--namespace-labels", "shop:env=prod"], "", 1),
        (["--namespace-labels", "shop:env=dev"], "", 0),
        ([], NAMESPACE.replace("ENV", "prod"), 1),
        ([], NAMESPACE.replace("ENV", "dev"), 0),
        (["--namespace-labels", "shop:env=prod"], NAMESPACE.replace("ENV", "dev"), 1),
        (["--namespace-labels", "shop:team=x"], NAMESPACE.replace("ENV", "dev"), 0),
    ],
)
def test_policies_select_by_the_labels_of_the_namespace(
    tmp_path: Path, labels: list[str], read: str, code: int
) -> None:
    rules = write(tmp_path / "policy.yaml", SELECTING)
    file = write(tmp_path / "web.yaml", read + pod(app=TAGGED))

    assert cocket("check", "--offline", "--policy", rules, *labels, file).exit_code == code


def test_where_labels_are_unknown_every_policy_covers_and_the_message_says_so(
    tmp_path: Path,
) -> None:
    rules = write(tmp_path / "policy.yaml", SELECTING)
    result = cocket(
        "check", "--offline", "--policy", rules, write(tmp_path / "a.yaml", pod(app=TAGGED))
    )

    assert result.exit_code == 1
    assert "labels of namespace shop are not known" in result.stdout


def test_labels_that_cannot_be_are_wrong_usage(tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", pod(app=TAGGED))

    assert cocket("check", "--offline", "--namespace-labels", "shop", file).exit_code == 2
