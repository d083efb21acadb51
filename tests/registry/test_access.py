"""The way to one repository: questions take it, each within its own time."""

from __future__ import annotations

import asyncio

from tests.registry.scripted import HOME, in_turn, response
from webhook.registry.access import Access


async def test_questions_go_to_its_repository_and_end_when_their_time_does() -> None:
    transport = in_turn(response(404), response(200))
    access = Access(transport, HOME, "shop/web")
    now = asyncio.get_running_loop().time()

    assert not await access.reading(5).holds("blobs/sha256:00")
    assert await access.reading(60).holds("blobs/sha256:00")

    first, second = transport.sent
    assert first.url.path == "/v2/shop/web/blobs/sha256:00"
    assert first.url.origin == HOME
    assert now + 5 <= first.deadline < now + 6
    assert now + 60 <= second.deadline < now + 61
