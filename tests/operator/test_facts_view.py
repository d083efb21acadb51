"""What is known of the objects, while our own writes and the watch overtake each other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.builders import DIGEST
from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import FACTS, until
from webhook.core.recorded import name_of
from webhook.operator.facts_view import FactsView
from webhook.operator.recorded_facts import FactsItem, Recorded, recorded_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OTHER = "sha256:" + "cd" * 32


class Followed:
    """A view, and what it told."""

    def __init__(self, server: ApiServer, view: FactsView) -> None:
        self.server = server
        self.view = view
        self.told: list[tuple[str, str | None]] = []

    def put(self, digest: str = DIGEST, image: str = "r.example/web") -> Any:
        """Somebody writes an object."""
        return self.server.put(FACTS, name_of(digest), spec={"digest": digest, "image": image})

    async def seen(self) -> None:
        """Return when the watch brought everything."""
        objects = self.server.objects.get(FACTS, {})
        versions = {key: one["metadata"]["resourceVersion"] for key, one in objects.items()}
        held = self.view.mirror.held
        await until(lambda: {key: one.version for key, one in held.items()} == versions)


@pytest.fixture
async def followed() -> AsyncIterator[Followed]:
    async with api_server() as (server, api):

        def changed(digest: str, recorded: Recorded | None) -> None:
            found.told.append((digest, recorded.image if recorded else None))

        found = Followed(server, FactsView(api, changed))
        following = asyncio.create_task(found.view.mirror.run())
        async with asyncio.timeout(10):
            await found.view.mirror.wait_synced()
        yield found
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def recorded(wire: Any) -> Recorded:
    return recorded_of(msgspec.convert(wire, FactsItem))


async def test_what_the_watch_brings_is_told_by_digest(followed: Followed) -> None:
    followed.put()
    followed.put(OTHER)
    await followed.seen()
    followed.server.drop(FACTS, name_of(OTHER))
    await followed.seen()

    view = followed.view
    assert followed.told == [(DIGEST, "r.example/web"), (OTHER, "r.example/web"), (OTHER, None)]
    assert (len(view), list(view.digests())) == (1, [DIGEST])
    assert view.latest(OTHER) is None


async def test_what_we_wrote_is_known_before_the_watch_brings_it(followed: Followed) -> None:
    first = recorded(followed.put())
    await followed.seen()
    second = recorded(followed.put(image="r.example/new"))
    followed.view.wrote(DIGEST, second)

    assert followed.view.latest(DIGEST) == second != first


async def test_an_earlier_state_does_not_undo_what_we_wrote(followed: Followed) -> None:
    await followed.seen()
    followed.put(image="by another")
    ours = recorded(
        followed.put(image="ours") | {"metadata": {"name": "x", "resourceVersion": "9"}}
    )
    followed.view.wrote(DIGEST, ours)
    await followed.seen()
    assert followed.view.latest(DIGEST) == ours

    for number in range(9):
        followed.put(image=f"later {number}")
    await followed.seen()
    latest = followed.view.latest(DIGEST)
    assert latest is not None
    assert latest.image == "later 8"


async def test_what_the_watch_brought_before_our_answer_counts(followed: Followed) -> None:
    ours = recorded(followed.put(image="ours"))
    followed.put(image="a later one")
    await followed.seen()
    followed.view.wrote(DIGEST, ours)

    latest = followed.view.latest(DIGEST)
    assert latest is not None
    assert latest.image == "a later one"


async def test_what_is_deleted_is_gone_whatever_we_wrote(followed: Followed) -> None:
    followed.put()
    await followed.seen()
    ours = recorded(followed.put(image="ours"))
    followed.view.wrote(DIGEST, ours)
    followed.server.drop(FACTS, name_of(DIGEST))
    await followed.seen()

    assert followed.view.latest(DIGEST) is None
