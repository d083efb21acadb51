"""Policies and Registries from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from webhook.cli.policies import load_policies, load_registries, to_stderr
from webhook.core.image import ImageRef
from webhook.errors import InputError

REGISTRY = """\
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {name: prod}
spec: {host: registry.example.com/prod, environment: production}
"""
POLICY = """\
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {name: test}
spec: {rules: {registry: {environments: [ENVIRONMENT]}}}
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_without_files_the_built_in_policy_holds() -> None:
    loaded = load_policies([])

    (policy,) = loaded.policies
    assert policy.name == "default"
    assert [active.rule.name for active in policy.rules] == ["digest", "provenance", "init"]


def test_files_are_one_whole_in_any_order(tmp_path: Path) -> None:
    rules = write(tmp_path / "a.yaml", POLICY.replace("ENVIRONMENT", "production"))
    registries = write(tmp_path / "b.yaml", REGISTRY)
    warnings: list[str] = []
    loaded = load_policies([rules, registries], warnings.append)

    assert [policy.name for policy in loaded.policies] == ["test"]
    assert [registry.name for registry in loaded.registries.all] == ["prod"]
    assert warnings == []


def test_what_is_probably_a_mistake_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = write(tmp_path / "a.yaml", POLICY.replace("ENVIRONMENT", "prodution"))
    warnings: list[str] = []
    load_policies([rules], warnings.append)
    load_policies([rules])

    (warning,) = warnings
    assert "prodution" in warning
    captured = capsys.readouterr()
    assert captured.err == f"warning: {warning}\n"
    assert captured.out == ""


def test_registries_alone_are_no_policy_but_can_be_asked(tmp_path: Path) -> None:
    file = write(tmp_path / "b.yaml", REGISTRY)

    with pytest.raises(InputError, match="nothing would be checked"):
        load_policies([file])
    assert load_registries([file]).of(ImageRef.parse("registry.example.com/prod/web:1")) is not None


def test_no_files_are_no_registries() -> None:
    assert load_registries([]).all == ()


def test_credentials_that_cannot_be_used_now_are_told_and_no_error(tmp_path: Path) -> None:
    rules = POLICY.replace("{registry: {environments: [ENVIRONMENT]}}", "{digest: {}}")
    for name in ("missing", "broken"):
        file = tmp_path / name
        if name == "broken":
            file.write_text("{")
        secret = f", credentials: {{dockerConfigFile: {file}}}}}"
        registry = REGISTRY.replace(", environment: production}", secret)
        warnings: list[str] = []
        load_policies([write(tmp_path / "p.yaml", f"{registry}---\n{rules}")], warnings.append)

        (warning,) = warnings
        assert warning.startswith(f"Registry prod: spec.credentials.dockerConfigFile: {file}")


def test_a_warning_cannot_write_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr("\x1b[2J\n::error::.yaml:1: look at this")

    assert capsys.readouterr().err == "warning: \\x1b[2J\\n::error::.yaml:1: look at this\n"
