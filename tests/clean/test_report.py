"""What is told of it."""

from __future__ import annotations

import json

from tests.builders import DIGEST, NOW
from webhook.clean.decision import Doomed, Plan
from webhook.clean.report import cleaned_json, cleaned_table, sum_line

PLANS = [
    Plan(
        "shop/web",
        (
            Doomed(DIGEST, ("1.0", "old\x1b"), NOW, "old, and nobody uses it"),
            Doomed(DIGEST, (), None, "part of what goes"),
        ),
        {"in use": 3, "young": 1},
        1536,
    ),
    Plan("shop/empty", (), {}, 0, listed=True),
]


def test_a_table_has_a_line_for_each_and_moves_no_cursor() -> None:
    assert cleaned_table(PLANS).splitlines() == [
        "shop/web: kept: 3 in use, 1 young",
        "    sha256:abababababab  2026-11-23  1.0, old\\x1b: old, and nobody uses it",
        "    sha256:abababababab              no tag: part of what goes",
        "shop/empty: kept: nothing",
    ]


def test_the_document_has_all_of_it() -> None:
    first, second = json.loads(cleaned_json(PLANS))["repositories"]

    assert first["freedBytes"] == 1536
    assert first["unneeded"][0]["tags"] == ["1.0", "old\x1b"]
    assert first["unneeded"][1]["created"] is None
    assert second["unneeded"] == []
    assert (first["untaggedListed"], second["untaggedListed"]) == (False, True)


def test_the_sum_says_whether_anybody_knows_what_runs() -> None:
    start = "2 manifests may go (1.5 KiB), 4 are kept, in 2 repositories"

    asked = f"{start}; 2 clusters were asked what they use"
    unseen = "; the registry lists tags alone: manifests without one cannot be seen there"
    assert sum_line(PLANS, clusters=2) == f"{asked}{unseen}"
    assert not sum_line(PLANS[1:], clusters=2).endswith(unseen)
    assert sum_line(PLANS, clusters=0).startswith(f"{start}; no cluster was asked")
