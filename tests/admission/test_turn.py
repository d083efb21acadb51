import asyncio
import logging

import pytest

from webhook.admission.turn import Turn


class Peer:
    """Remembers what it was told, in the order in which all were told."""

    def __init__(self, told: list[str], name: str, *, breaks: bool = False) -> None:
        self.told = told
        self.name = name
        self.breaks = breaks

    def answer(self, body: bytes, answer: bytes | None) -> None:
        if self.breaks:
            raise RuntimeError(self.name)
        self.told.append(f"{self.name} {body!r} {answer!r}")

    def cut(self, cause: str) -> None:
        self.told.append(f"{self.name} cut: {cause}")


class Judge:
    """Answers with the body in capitals, `wait` with None."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def __call__(self, body: bytes) -> bytes | None:
        self.told.append(f"judged {body!r}")
        return None if body == b"wait" else body.upper()


async def test_all_of_a_turn_are_judged_and_then_answered_in_their_order() -> None:
    told: list[str] = []
    turn = Turn(Judge(told))

    turn.take(Peer(told, "a"), b"one")
    turn.take(Peer(told, "b"), b"wait")
    assert told == []
    await asyncio.sleep(0)

    assert told == ["judged b'one'", "judged b'wait'", "a b'one' b'ONE'", "b b'wait' None"]


async def test_every_turn_ends() -> None:
    told: list[str] = []
    turn = Turn(Judge(told))

    for number in range(3):
        turn.take(Peer(told, "a"), b"%d" % number)
        await asyncio.sleep(0)

    assert [one for one in told if one.startswith("a")] == [f"a b'{n}' b'{n}'" for n in range(3)]


async def test_what_comes_after_an_early_end_is_answered_at_the_planned_one() -> None:
    told: list[str] = []
    turn = Turn(Judge(told))

    turn.take(Peer(told, "a"), b"one")
    turn.end()
    assert told == ["judged b'one'", "a b'one' b'ONE'"]
    turn.take(Peer(told, "b"), b"two")
    await asyncio.sleep(0)

    assert told[2:] == ["judged b'two'", "b b'two' b'TWO'"]


async def test_a_crowd_does_not_wait_for_the_end_of_the_turn() -> None:
    told: list[str] = []
    turn = Turn(Judge(told))

    for number in range(65):
        turn.take(Peer(told, "a"), b"%d" % number)
    assert told.count("judged b'63'") == 1
    assert "judged b'64'" not in told
    await asyncio.sleep(0)

    assert told[-1] == "a b'64' b'64'"


async def test_one_that_cannot_be_answered_takes_no_other_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    turn = Turn(Judge(told))

    with caplog.at_level(logging.CRITICAL, "webhook.admission.edge"):
        turn.take(Peer(told, "a", breaks=True), b"one")
        turn.take(Peer(told, "b"), b"two")
        await asyncio.sleep(0)

    assert told[2:] == ["a cut: failed", "b b'two' b'TWO'"]
