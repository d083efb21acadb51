"""Manifests and policies that `cocket check` is given, and what it says of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.builders import DIGEST

if TYPE_CHECKING:
    from pathlib import Path

TAGGED = "registry.example.com/prod/web:1.0"
PINNED = f"registry.example.com/prod/web@{DIGEST}"


def pod(name: str = "web", *, namespace: str = "shop", **containers: str) -> str:
    """A manifest with one container for every keyword."""
    lines = [f"  - name: {key}\n    image: {value}" for key, value in containers.items()]
    return (
        "apiVersion: v1\nkind: Pod\n"
        f"metadata:\n  name: {name}\n  namespace: {namespace}\n"
        "spec:\n  containers:\n" + "\n".join(lines) + "\n"
    )


def policy(name: str = "test", *, rules: str = "digest: {}", more: str = "") -> str:
    """A policy document; `more` is lines of its spec."""
    lines = "".join(f"  {line}\n" for line in more.splitlines())
    return (
        "apiVersion: cocket.dev/v1alpha1\nkind: ClusterImagePolicy\n"
        f"metadata: {{name: {name}}}\nspec:\n{lines}  rules: {{{rules}}}\n"
    )


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def verdicts(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["verdicts"]
    return found


ENFORCE = policy()
UNKNOWN_WARN = policy(rules="init: {}", more="onUnknown: warn")
