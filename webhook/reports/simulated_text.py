"""A simulation for people and for a comment on a change: a table, and the same in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.markdown import code, text
from webhook.reports.simulated import Simulation, Standing, Turn
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE, many, placed_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webhook.reports.simulated import Change

SIGNS = {
    Turn.REFUSED: "✗",
    Turn.WARNED: "!",
    Turn.OTHERWISE: "~",
    Turn.QUIETED: "✓",
    Turn.ADMITTED: "✓",
}
_MAX_ROWS = 500
"""In Markdown: a comment has a limit (65,536 characters on GitHub), and a reader too."""
_NOW = {Standing.ALLOWED: "admitted", Standing.WARNED: "warned", Standing.REFUSED: "refused"}


def simulation_lines(found: Simulation) -> Iterator[tuple[Turn | None, str]]:
    """The lines of the table, each with what it is about; the last one is the sum."""
    for word, titles in (("added", found.added), ("replaced", found.replaced)):
        for title in titles:
            yield None, f"{word}: {_said(title)}"
    for one in found.changes:
        head = f"{SIGNS[one.turn]} {_said(one.owner.title)} ({many(one.pods, 'Pod')}): "
        yield one.turn, f"{head}{one.turn}; {_NOW[one.before]} now, {_NOW[one.after]} then"
        for sign, findings in (("+", one.new), ("-", one.gone)):
            for finding in findings:
                says = f"{finding.rule} (policy {finding.policy}): {placed_sentence(finding)}"
                yield one.turn, f"    {sign} {printable(says, MAX_SENTENCE)}"
    for sentence in found.missing:
        yield None, f"? not looked at: {printable(sentence, MAX_SENTENCE)}"
    yield None, summary_of(found)


def render_simulation(found: Simulation) -> str:
    """Plain text, never wrapped and never cut."""
    return "".join(f"{line}\n" for _, line in simulation_lines(found))


def render_simulation_markdown(found: Simulation) -> str:
    """A table of what would change, under the sums."""
    documents = [f"{code(one)} added" for one in found.added]
    documents += [f"{code(one)} replaced" for one in found.replaced]
    head = f"**cocket policy simulate**: {', '.join(documents)}\n\n{text(summary_of(found))}\n"
    for sentence in found.missing:
        head += f"\n⚠️ not looked at: {text(sentence)}\n"
    if not found.changes:
        return head
    rows = "".join(map(_row, found.changes[:_MAX_ROWS]))
    more = len(found.changes) - _MAX_ROWS
    rest = f"\n{many(more, 'owner')} more: see the table or JSON.\n" if more > 0 else ""
    return f"{head}\n| | owner | Pods | now | then | why |\n|---|---|---|---|---|---|\n{rows}{rest}"


def summary_of(found: Simulation) -> str:
    """The last line."""
    parts = [
        f"{found.count(Turn.REFUSED)} newly refused",
        f"{found.count(Turn.ADMITTED)} newly admitted",
    ]
    parts += [
        f"{count} {turn}"
        for turn in (Turn.WARNED, Turn.QUIETED, Turn.OTHERWISE)
        if (count := found.count(turn))
    ]
    parts.append(f"{found.owners - len(found.changes)} as before")
    if found.unknown:
        parts.append(f"{found.unknown} not fully checked")
    refused = f"refused: {found.before[Standing.REFUSED]} now, {found.after[Standing.REFUSED]} then"
    looked = f"{many(found.owners, 'owner')} with {many(found.pods, 'Pod')}"
    return f"{looked}: {', '.join(parts)}; {refused}"


def _row(one: Change) -> str:
    why = [
        f"{sign} {text(finding.rule)}: {text(placed_sentence(finding))}"
        for sign, findings in (("➕", one.new), ("➖", one.gone))
        for finding in findings
    ]
    cells = (
        SIGNS[one.turn],
        code(one.owner.title),
        str(one.pods),
        _NOW[one.before],
        _NOW[one.after],
        "<br>".join(why),
    )
    return f"| {' | '.join(cells)} |\n"


def _said(name: str) -> str:
    return printable(name, 2 * MAX_NAME)
