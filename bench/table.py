"""What was measured, as a table and as JSON."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure; `baseline` and `ratio` are None where there is nothing to compare with."""

    name: str
    baseline: float | None
    ours: float
    unit: str
    ratio: float | None
    rounds: int
    expected: str
    """The bound of the contract, for people; empty where there is none."""
    met: bool


def compared(
    name: str,
    unit: str,
    baseline: Sequence[float],
    ours: Sequence[float],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A row of medians and their ratio."""
    ratio = median(ours) / median(baseline)
    bound = f"≥ {at_least}" if at_least is not None else f"≤ {at_most}"
    met = ratio >= at_least if at_least is not None else ratio <= (at_most or 0.0)
    return Row(
        name=name,
        baseline=median(baseline),
        ours=median(ours),
        unit=unit,
        ratio=ratio,
        rounds=len(ours),
        expected=f"{bound} ×",
        met=met,
    )


def absolute(name: str, unit: str, ours: Sequence[float], *, at_most: float) -> Row:
    """A row with no baseline."""
    value = median(ours)
    return Row(
        name=name,
        baseline=None,
        ours=value,
        unit=unit,
        ratio=None,
        rounds=len(ours),
        expected=f"≤ {at_most:g} {unit}",
        met=value <= at_most,
    )


def seen(name: str, unit: str, ours: float) -> Row:
    """A row that nothing is expected of."""
    return Row(
        name=name,
        baseline=None,
        ours=ours,
        unit=unit,
        ratio=None,
        rounds=1,
        expected="",
        met=True,
    )


def show(
    rows: Sequence[Row], console: Console, title: str = "Cocket beside its baseline, medians"
) -> None:
    """Print the table."""
    table = Table(title=title)
    table.add_column("figure")
    for column in ("baseline", "ours", "unit", "ratio", "rounds", "expected"):
        table.add_column(column, justify="right")
    table.add_column("")
    for row in rows:
        table.add_row(
            row.name,
            "" if row.baseline is None else f"{row.baseline:,.2f}",
            f"{row.ours:,.2f}",
            row.unit,
            "" if row.ratio is None else f"{row.ratio:.2f}",
            str(row.rounds),
            row.expected,
            ("met" if row.met else "missed") if row.expected else "",
        )
    console.print(table)


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows where other programs read them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"rows": [msgspec.to_builtins(row) for row in rows]}
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
