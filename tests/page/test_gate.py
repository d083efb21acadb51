"""Whom the gate lets in, and how often it asks."""

from __future__ import annotations

import asyncio

import pytest

from tests.page.gates import READER, Judge
from webhook.page.access import BUSY, NO_TOKEN, UNKNOWN_TOKEN, Denied, Granted
from webhook.page.gate import Gate, GateOptions


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def judge() -> Judge:
    return Judge()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(judge: Judge, clock: Clock) -> Gate:
    return Gate(judge, clock, GateOptions(remembered=3, at_once=2, waiting=4, patience=0.2))


async def test_who_may_list_image_facts_is_let_in(gate: Gate, judge: Judge) -> None:
    assert await gate.access("reader-token") == Granted("reader")
    assert judge.listed == [(READER, "cocket.dev", "imagefacts")]


async def test_who_may_not_is_told_what_is_missing(gate: Gate) -> None:
    access = await gate.access("stranger-token")

    assert isinstance(access, Denied)
    assert access.status == 403
    assert access.sentence.startswith("stranger\\x1b[2J may not read this report")


async def test_without_a_token_nobody_is_asked(gate: Gate, judge: Judge) -> None:
    assert await gate.access(None) == NO_TOKEN
    assert judge.asked == []


async def test_an_unknown_token_is_nobody(gate: Gate, judge: Judge) -> None:
    assert await gate.access("expired") == UNKNOWN_TOKEN
    assert judge.listed == []


async def test_answers_are_remembered_for_a_moment(gate: Gate, judge: Judge, clock: Clock) -> None:
    for now, asked in ((0.0, 1), (29.0, 1), (31.0, 2)):
        clock.now = now
        assert isinstance(await gate.access("reader-token"), Granted)
        assert len(judge.asked) == asked


async def test_a_right_that_was_just_given_counts_soon(
    gate: Gate, judge: Judge, clock: Clock
) -> None:
    assert await gate.access("new") == UNKNOWN_TOKEN
    judge.users["new"] = READER

    assert await gate.access("new") == UNKNOWN_TOKEN
    clock.now = 6.0
    assert await gate.access("new") == Granted("reader")


async def test_an_api_server_that_is_down_is_no_answer_and_is_not_remembered(
    gate: Gate, judge: Judge
) -> None:
    judge.down = True
    access = await gate.access("reader-token")
    judge.down = False

    assert isinstance(access, Denied)
    assert access.status == 503
    assert "was not reached" in access.sentence
    assert isinstance(await gate.access("reader-token"), Granted)


async def test_an_api_server_that_is_silent_is_not_waited_for(gate: Gate, judge: Judge) -> None:
    judge.go.clear()

    access = await gate.access("reader-token")

    assert isinstance(access, Denied)
    assert "no answer within 0.2 s" in access.sentence


async def test_many_requests_of_one_token_are_one_question(gate: Gate, judge: Judge) -> None:
    judge.go.clear()
    asking = [asyncio.create_task(gate.access("reader-token")) for _ in range(4)]
    await asyncio.sleep(0)
    judge.go.set()

    assert await asyncio.gather(*asking) == [Granted("reader")] * 4
    assert judge.asked == ["reader-token"]


async def test_who_leaves_does_not_take_the_answer_from_others(gate: Gate, judge: Judge) -> None:
    judge.go.clear()
    first = asyncio.create_task(gate.access("reader-token"))
    second = asyncio.create_task(gate.access("reader-token"))
    await asyncio.sleep(0.01)
    first.cancel()
    judge.go.set()

    assert await second == Granted("reader")


async def test_few_are_asked_about_at_a_time_and_the_rest_is_sent_away(
    gate: Gate, judge: Judge
) -> None:
    judge.go.clear()
    asking = [asyncio.create_task(gate.access(f"token-{number}")) for number in range(7)]
    await asyncio.sleep(0.01)
    judge.go.set()
    found = await asyncio.gather(*asking)

    assert judge.most_at_once == 2
    assert found.count(BUSY) == 3
    assert found.count(UNKNOWN_TOKEN) == 4


async def test_no_more_tokens_are_remembered_than_there_is_room_for(
    gate: Gate, judge: Judge
) -> None:
    for number in range(5):
        await gate.access(f"token-{number}")
    judge.asked.clear()

    await gate.access("token-4")
    await gate.access("token-0")

    assert judge.asked == ["token-0"]
