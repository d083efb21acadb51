"""How evidence of promotions is shown: in a few lines, whatever somebody attached."""

from __future__ import annotations

from hypothesis import given
from msgspec.structs import replace

from tests.builders import DIGEST
from tests.reports.findings import HOSTILE
from webhook.core.facts import Reason, Unknown
from webhook.core.promotion_told import AllTold, Told
from webhook.reports.promotions import MAX_SHOWN, promotion_rows, promotions_json

ONE = Told(
    manifest=DIGEST,
    who="jenkins",
    when="2026-11-28T12:00:00Z",
    origin="registry.example.com/preprod/web",
    build_number="118",
    checks=(("production", "init", "pass"),),
)


def rows(*told: Told, whole: bool = True) -> list[tuple[str, str]]:
    return list(promotion_rows(AllTold(told, whole, 0)))


def test_what_nobody_asked_for_is_not_shown() -> None:
    assert list(promotion_rows(None)) == []
    assert promotions_json(None) == {}


def test_many_pieces_are_counted_and_not_all_shown() -> None:
    found = rows(*[ONE] * (MAX_SHOWN + 5), whole=False)

    assert len([row for row in found if row[0] == "evidence"]) == MAX_SHOWN
    assert ("promoted", "(and 5 more; -o json shows all)") in found
    assert found[-1] == ("promoted", "(more is attached to it than was looked at)")


def test_exactly_as_many_as_are_shown_are_all() -> None:
    assert not any("more" in value for _, value in rows(*[ONE] * MAX_SHOWN))


@given(HOSTILE)
def test_hostile_texts_stay_on_their_line(text: str) -> None:
    names = ("who", "when", "origin", "build_url", "build_number", "commit")
    hostile = replace(ONE, **dict.fromkeys(names, text), checks=((text, text, text),) * 99)

    for _, value in rows(hostile, replace(ONE, problem=text)):
        assert value.isprintable()
        assert len(value) < 20_000


def test_a_gap_is_its_own_answer() -> None:
    gap = Unknown(Reason.TIMED_OUT, "no answer")

    assert list(promotion_rows(gap)) == [("promoted", "unknown, timed-out: no answer")]
    assert promotions_json(gap) == {
        "promotions": {"unknown": {"reason": "timed-out", "detail": "no answer"}}
    }


def test_what_says_nothing_says_why() -> None:
    assert rows(Told(manifest=DIGEST, problem="it is none"))[0] == (
        "promoted",
        "(evidence that says nothing: it is none)",
    )
    found = AllTold((Told(manifest=DIGEST, problem="x"),), whole=True, keys=1)
    piece = {"manifest": DIGEST, "signed": False, "signedBy": [], "problem": "x"}
    assert promotions_json(found) == {
        "promotions": {"evidence": [piece], "whole": True, "keysTried": 1}
    }
