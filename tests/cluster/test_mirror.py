"""What a mirror does when the API server is not as it should be; the rest is in tests/e2e."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api
from webhook.cluster.kinds import SECRETS
from webhook.cluster.mirror import HasMetadata, Mirror


class Script:
    """Answers lists with one object, and watches with the lines that the test wants."""

    def __init__(self, *lines: bytes) -> None:
        self.lines = lines
        self.lists = 0
        self.watches = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            self.lists += 1
            item = {"metadata": {"name": f"seen{self.lists}", "resourceVersion": "1"}}
            metadata = {"resourceVersion": str(self.lists)}
            return web.json_response({"metadata": metadata, "items": [item]})
        self.watches += 1
        response = web.StreamResponse()
        await response.prepare(request)
        for line in self.lines:
            await response.write(line)
        return response


def event(kind: str, **found: object) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


@asynccontextmanager
async def mirroring(script: Script) -> AsyncIterator[Mirror[str]]:
    application = web.Application()
    application.router.add_get("/{path:.*}", script.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ApiClient(configuration) as client:
        mirror = Mirror(Api(client, "x"), SECRETS, HasMetadata, lambda item: item.metadata.name)
        running = asyncio.create_task(mirror.run())
        try:
            yield mirror
        finally:
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await runner.cleanup()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the server's doing
            await asyncio.sleep(0.01)


async def test_watches_that_end_at_once_lead_to_no_storm() -> None:
    script = Script()
    async with mirroring(script) as mirror:
        await mirror.wait_synced()
        await asyncio.sleep(1)

        assert 1 <= script.watches <= 8
        assert script.lists == 1


@pytest.mark.parametrize(
    "line",
    [
        event("ERROR", code=410, reason="Expired", message="too old"),
        event("ERROR", code=410, reason="Gone", message="too old"),
        event("ERROR", code=500, reason="Expired", message="too old"),
    ],
)
async def test_a_version_that_is_forgotten_leads_to_a_new_list(line: bytes) -> None:
    script = Script(line)
    async with mirroring(script) as mirror:
        await until(lambda: script.lists >= 2)
        await until(lambda: ("", "seen2") in mirror.held)

        assert ("", "seen1") not in mirror.held
        assert script.lists <= 5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (event("ERROR", code=403, reason="Forbidden", message="not you"), "not you"),
        (b"no JSON\n", "unexpected content"),
        (event("ADDED", spec={}), "unexpected content"),
        (b'{"type": 7}\n', "unexpected content"),
    ],
)
async def test_what_cannot_be_followed_is_said_and_what_was_seen_is_kept(
    line: bytes, said: str
) -> None:
    async with mirroring(Script(line)) as mirror:
        await until(lambda: said in mirror.problem)

        assert mirror.held == {("", "seen1"): "seen1"}
        assert mirror.synced


async def test_a_line_of_megabytes_is_read() -> None:
    metadata = {"name": "large", "resourceVersion": "9", "managedFields": ["x" * 3_000_000]}
    async with mirroring(Script(event("ADDED", metadata=metadata))) as mirror:
        await until(lambda: ("", "large") in mirror.held)


async def test_a_bookmark_moves_the_version_on() -> None:
    metadata = {"resourceVersion": "77", "creationTimestamp": None}
    script = Script(event("BOOKMARK", metadata=metadata))
    async with mirroring(script) as mirror:
        await until(lambda: script.watches >= 2)

        assert mirror.problem == ""
        assert script.lists == 1
