"""Two audits beside each other: what changes for whom, in every format."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from tests.reports.audits import audit, audited, owner
from tests.reports.findings import finding
from webhook.core.candidates import Candidate
from webhook.core.facts import Reason
from webhook.core.policy import PolicySet
from webhook.core.registries import Registries
from webhook.core.verdict import Finding, Mode, Outcome
from webhook.reports.simulated import Simulation, Standing, Turn, simulated
from webhook.reports.simulated_json import render_simulation_json
from webhook.reports.simulated_text import render_simulation, render_simulation_markdown

REFUSES = finding(Outcome.FAIL, Mode.ENFORCE, message="it is a tag.")
WARNS = replace(REFUSES, mode=Mode.WARN)
NOTED = replace(REFUSES, mode=Mode.AUDIT)
PASSES = finding(Outcome.PASS, Mode.ENFORCE)
UNKNOWN = replace(REFUSES, outcome=Outcome.UNKNOWN, reason=Reason.UNREACHABLE, message="away.")
CANDIDATE = Candidate(
    PolicySet((), Registries()), ("ClusterImagePolicy new",), ("Registry prod",), ()
)


def compared(
    *pairs: tuple[tuple[Finding, ...], tuple[Finding, ...]], missing: tuple[str, ...] = ()
) -> Simulation:
    """Owners `w0`, `w1` … with what is said of them now, and then."""
    before, after = (
        audit(
            *(audited(*pair[side], of=owner(f"w{number}")) for number, pair in enumerate(pairs)),
            missing=missing,
        )
        for side in (0, 1)
    )
    return simulated(before, after, CANDIDATE)


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        ((PASSES,), (REFUSES,), Turn.REFUSED),
        ((WARNS,), (REFUSES,), Turn.REFUSED),
        ((), (UNKNOWN,), Turn.REFUSED),
        ((NOTED,), (WARNS,), Turn.WARNED),
        ((REFUSES,), (WARNS,), Turn.ADMITTED),
        ((REFUSES,), (), Turn.ADMITTED),
        ((WARNS,), (NOTED,), Turn.QUIETED),
        ((REFUSES,), (REFUSES, UNKNOWN), Turn.OTHERWISE),
        ((WARNS,), (replace(WARNS, rule="init"),), Turn.OTHERWISE),
    ],
)
def test_what_changes_has_one_name(
    before: tuple[Finding, ...], after: tuple[Finding, ...], turn: Turn
) -> None:
    [change] = compared((before, after)).changes

    assert change.turn is turn


@pytest.mark.parametrize(
    "same",
    [
        ((), ()),
        ((PASSES,), ()),
        ((NOTED,), (PASSES, NOTED)),
        ((REFUSES,), (REFUSES,)),
        # The same words of another policy: to whom it is said that is the same.
        ((REFUSES,), (replace(REFUSES, policy="other"),)),
    ],
)
def test_what_does_nothing_new_is_no_change(
    same: tuple[tuple[Finding, ...], tuple[Finding, ...]],
) -> None:
    assert compared(same).changes == ()


FOUND = compared(
    ((REFUSES,), ()),
    ((PASSES,), (PASSES,)),
    ((), (REFUSES, UNKNOWN)),
    missing=("Jobs could not be listed",),
)


def test_the_worst_comes_first_and_sums_hold_everybody() -> None:
    assert [(one.turn, one.owner.name) for one in FOUND.changes] == [
        (Turn.REFUSED, "w2"),
        (Turn.ADMITTED, "w0"),
    ]
    assert (FOUND.owners, FOUND.pods, FOUND.unknown) == (3, 6, 1)
    assert FOUND.before == {Standing.REFUSED: 1, Standing.ALLOWED: 2}
    assert FOUND.after == {Standing.REFUSED: 1, Standing.ALLOWED: 2}


def test_the_table_says_what_is_new_and_what_is_gone() -> None:
    head = 'digest (policy default): container "app": '
    assert render_simulation(FOUND).splitlines()[:-1] == [
        "added: ClusterImagePolicy new",
        "replaced: Registry prod",
        "✗ Deployment shop/w2 (2 Pods): newly refused; admitted now, refused then",
        f"    + {head}it is a tag. {REFUSES.fix}",
        f"    + {head}could not be checked (unreachable): away. {REFUSES.fix}",
        "✓ Deployment shop/w0 (2 Pods): newly admitted; refused now, admitted then",
        f"    - {head}it is a tag. {REFUSES.fix}",
        "? not looked at: Jobs could not be listed",
    ]
    assert render_simulation(FOUND).splitlines()[-1] == (
        "3 owners with 6 Pods: 1 newly refused, 1 newly admitted, 1 as before, "
        "1 not fully checked; refused: 1 now, 1 then"
    )


def test_markdown_is_a_table() -> None:
    text = render_simulation_markdown(FOUND)

    assert text.startswith(
        "**cocket policy simulate**: <code>ClusterImagePolicy new</code> added, "
        "<code>Registry prod</code> replaced\n"
    )
    assert "\n⚠️ not looked at: Jobs could not be listed\n" in text
    rows = [line for line in text.splitlines() if line.startswith(("| ✗", "| ✓"))]
    assert len(rows) == 2
    assert rows[0].startswith(
        "| ✗ | <code>Deployment shop/w2</code> | 2 | admitted | refused | ➕ "
    )
    assert "| why |" not in render_simulation_markdown(compared(((), ())))


def test_a_comment_does_not_grow_without_end() -> None:
    many = compared(*([((), (REFUSES,))] * 700))

    assert render_simulation_markdown(many).count("| ✗ |") == 500
    assert "\n200 owners more: see the table or JSON.\n" in render_simulation_markdown(many)


def test_json_holds_all_of_it() -> None:
    found = json.loads(render_simulation_json(FOUND))

    assert (found["kind"], found["added"]) == ("Simulation", ["ClusterImagePolicy new"])
    assert found["missing"] == ["Jobs could not be listed"]
    assert found["summary"] == {
        "owners": 3,
        "pods": 6,
        "unknown": 1,
        "before": {"allowed": 2, "warned": 0, "refused": 1},
        "after": {"allowed": 2, "warned": 0, "refused": 1},
        "newlyRefused": 1,
        "newlyWarned": 0,
        "otherwise": 0,
        "noMoreWarned": 0,
        "newlyAdmitted": 1,
    }
    first = found["changes"][0]
    assert first["owner"]["name"] == "w2"
    assert (first["change"], first["before"], first["after"]) == (
        *("newlyRefused", "allowed", "refused"),
    )
    assert [one["outcome"] for one in first["new"]] == ["fail", "unknown"]


def test_texts_of_strangers_move_no_cursor_and_open_no_element() -> None:
    evil = "\x1b[2J<b>|\u202e\n@all"
    said = replace(REFUSES, message=evil, container=evil, fix=evil)
    before, after = (audit(audited(*found, of=owner(evil))) for found in ((), (said,)))
    hostile = simulated(before, after, CANDIDATE)
    table, markdown = render_simulation(hostile), render_simulation_markdown(hostile)

    assert all(line.isprintable() for line in (table + markdown).splitlines())
    assert len(table.splitlines()) == 5
    assert "<b>" not in markdown
    assert "\x1b" not in render_simulation_json(hostile)
