"""Whether all end-to-end tests ran: only then what was never used can be told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
LAST = HERE / "test_zz_rbac.py"
"""It looks back on what all others did."""

_LEFT_OUT = pytest.StashKey[list[str]]()


def order(items: list[pytest.Item]) -> None:
    """Put those last that look back."""
    items.sort(key=lambda item: item.path == LAST)


def note_deselected(items: Iterable[pytest.Item]) -> None:
    """Remember a test of ours that an option has left out."""
    for item in items:
        if HERE in item.path.parents:
            item.config.stash.setdefault(_LEFT_OUT, []).append(f"{item.nodeid} was not chosen")


def note_skipped(item: pytest.Item, report: pytest.TestReport) -> None:
    """Remember a test of ours for which the machine lacks a tool.

    What an older API server cannot run is no loss: it asks no less of us.
    """
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith("tool missing"):
            item.config.stash.setdefault(_LEFT_OUT, []).append(f"{item.nodeid}: {reason}")


def left_out(session: pytest.Session) -> list[str]:
    """Why the run says too little; empty after a whole one."""
    found = list(session.config.stash.get(_LEFT_OUT, ()))
    there = {item.path for item in session.items}
    found += [f"{path.name} was not chosen" for path in HERE.glob("test_*.py") if path not in there]
    found += [f"only {one} was asked for" for one in session.config.args if "::" in one]
    return found
