import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from webhook.admission.bodies import Room, Unread, declared_length, read_rest


def pieces(bodies: Iterable[bytes], *, ends: bool = True) -> Any:
    """What a server gives an application to receive."""
    waiting = list(bodies)

    async def receive() -> dict[str, Any]:
        if not waiting:
            return {"type": "http.disconnect"}
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting) or not ends}

    return receive


async def test_pieces_are_put_together() -> None:
    assert await read_rest(b"a", pieces([b"b", b"", b"c"]), 10) == bytearray(b"abc")


@pytest.mark.parametrize("limit", [2, 3])
async def test_a_body_beyond_the_limit_is_not_read_to_its_end(limit: int) -> None:
    receive = pieces([b"b", b"c", b"d", b"e", b"f"])

    body = await read_rest(b"a", receive, limit)

    assert isinstance(body, Unread)
    assert body.cause == "too-large"
    assert (await receive())["type"] == "http.request"


async def test_a_body_of_just_the_limit_is_read() -> None:
    assert await read_rest(b"a", pieces([b"b", b"c"]), 3) == bytearray(b"abc")


async def test_a_peer_that_leaves_is_gone() -> None:
    assert await read_rest(b"a", pieces([b"b"], ends=False), 10) is None


@pytest.mark.parametrize(
    ("headers", "length"), [([], None), ([(b"host", b"a"), (b"content-length", b"12")], 12)]
)
def test_the_declared_length_is_content_length(
    headers: list[tuple[bytes, bytes]], length: int | None
) -> None:
    assert declared_length(headers) == length


async def test_who_comes_first_has_room_first() -> None:
    room = Room(10)
    order: list[int] = []

    async def use(number: int, size: int) -> None:
        await room.take(size)
        order.append(number)
        await asyncio.sleep(0)
        room.give(size)

    await asyncio.gather(use(1, 6), use(2, 10), use(3, 1), use(4, 9))

    assert order == [1, 2, 3, 4]


async def test_no_more_room_is_given_than_there_is() -> None:
    room = Room(10)
    held = 0

    async def use(size: int) -> None:
        nonlocal held
        await room.take(size)
        held += size
        assert held <= 10
        await asyncio.sleep(0)
        held -= size
        room.give(size)

    await asyncio.gather(*(use(size) for size in [3, 7, 10, 1, 1, 9, 5, 6] * 5))


async def test_who_stops_waiting_leaves_the_room_to_others() -> None:
    room = Room(10)
    await room.take(10)
    impatient = asyncio.create_task(room.take(10))
    patient = asyncio.create_task(room.take(5))
    await asyncio.sleep(0)

    impatient.cancel()
    room.give(5)

    await asyncio.wait_for(patient, 1.0)


async def test_room_given_to_somebody_who_just_left_is_not_lost() -> None:
    room = Room(10)
    await room.take(10)
    leaving = asyncio.create_task(room.take(10))
    await asyncio.sleep(0)

    room.give(10)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)

    await asyncio.wait_for(room.take(10), 1.0)
