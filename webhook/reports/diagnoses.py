"""What a doctor found: how each thing is, what is wrong with it, and the command that mends it."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.reports.check_json import API_VERSION
from webhook.reports.strict_json import to_json
from webhook.reports.wording import MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class State(StrEnum):
    """How something is."""

    OK = "ok"
    RISK = "risk"
    """It works, and something may get past it or end it."""
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be checked."""


class Diagnosis(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    check: str
    """A word: what kind of thing."""
    state: State
    message: str
    """A sentence."""
    fix: str = ""
    """A command, or what to do; empty where all is well."""


_SIGNS = {State.OK: "✓", State.RISK: "!", State.WRONG: "✗", State.UNKNOWN: "?"}


def diagnosis_lines(
    found: Sequence[Diagnosis], *, verbose: bool
) -> Iterator[tuple[State | None, str]]:
    """The lines of the table, each with the state that gives it a colour; the sum is the last.

    What is well takes one line for each kind of thing, unless `verbose`.
    """
    for check, several in _by_check(found):
        bad = [one for one in several if one.state is not State.OK]
        if not bad and not verbose:
            yield (
                State.OK,
                f"{_SIGNS[State.OK]} {check}: {_said(several[0].message)}"
                + (f" (and {len(several) - 1} more)" if len(several) > 1 else ""),
            )
            continue
        for one in several if verbose else bad:
            yield one.state, f"{_SIGNS[one.state]} {check}: {_said(one.message)}"
            if one.fix:
                yield None, f"    {_said(one.fix)}"
    yield None, _sum(found)


def render_diagnoses(found: Sequence[Diagnosis], *, verbose: bool = False) -> str:
    """Plain text, never wrapped and never cut."""
    return "".join(f"{line}\n" for _, line in diagnosis_lines(found, verbose=verbose))


def render_diagnoses_json(found: Sequence[Diagnosis]) -> str:
    """A `Diagnoses` document; one a line inside it."""
    counts = Counter(one.state for one in found)
    summary = to_json({state.value: counts[state] for state in State})
    lines = ",\n".join(
        to_json(
            {"check": one.check, "state": one.state.value, "message": one.message, "fix": one.fix}
        )
        for one in found
    )
    return (
        f'{{"apiVersion":"{API_VERSION}","kind":"Diagnoses","summary":{summary},'
        f'"diagnoses":[\n{lines}\n]}}\n'
    )


def _by_check(found: Sequence[Diagnosis]) -> list[tuple[str, list[Diagnosis]]]:
    checks: dict[str, list[Diagnosis]] = {}
    for one in found:
        checks.setdefault(one.check, []).append(one)
    return list(checks.items())


def _said(text: str) -> str:
    return printable(text, MAX_SENTENCE)


def _sum(found: Sequence[Diagnosis]) -> str:
    counts = Counter(one.state for one in found)
    parts = [f"{counts[State.WRONG]} wrong", f"{counts[State.RISK]} at risk"]
    if unknown := counts[State.UNKNOWN]:
        parts.append(f"{unknown} could not be checked")
    return f"{len(found)} looked at: {', '.join(parts)}"
