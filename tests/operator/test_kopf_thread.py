from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from typing import TYPE_CHECKING

import kopf

from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import until
from webhook.cluster.kinds import (
    CLUSTER_IMAGE_POLICIES,
    IMAGE_CONTENTS,
    IMAGE_EXCEPTIONS,
    IMAGE_FACTS,
    REGISTRIES,
)
from webhook.operator.handlers import settings
from webhook.operator.kopf_thread import KopfThread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


# Several: which of two tasks hears of its end first is chance, and one that hears late is enough.
OTHERS = (REGISTRIES, IMAGE_CONTENTS, IMAGE_FACTS, IMAGE_EXCEPTIONS)


def watches(server: ApiServer) -> int:
    return len([one for one in server.asked if one.startswith("WATCH /apis/cocket.dev")])


async def nothing(**_: object) -> None:
    pass


def thread(
    server: ApiServer, host: str, see: Callable[..., Awaitable[None]] = nothing
) -> KopfThread:
    """One that watches Registries and policies of this server."""
    server.serve("/api/v1", "namespaces", namespaced=False)
    registry = kopf.OperatorRegistry()

    async def log_in(**_: object) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(server=host)

    kopf.on.login(registry=registry)(log_in)
    for kind in (*OTHERS, CLUSTER_IMAGE_POLICIES):
        server.serve(kind.group_path, kind.plural, namespaced=False)
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(see)
    return KopfThread(registry, settings())


async def test_it_ends_when_it_is_told_to_and_leaves_no_thread() -> None:
    before = threading.active_count()
    async with api_server() as (server, api):
        kopf_thread = thread(server, api.server)
        kopf_thread.start()
        await until(lambda: watches(server) == 5)

        assert not kopf_thread.ending.done()
        assert await kopf_thread.end()

    await until(lambda: threading.active_count() <= before)


async def test_it_ends_while_a_watch_waits_for_its_headers() -> None:
    async with api_server() as (server, api):
        for kind in OTHERS:
            server.refuse("WATCH", kind.plural, 0)
        kopf_thread = thread(server, api.server)
        kopf_thread.start()
        await until(lambda: watches(server) == 5)

        assert await kopf_thread.end()


async def test_one_that_gives_up_tells_why_and_ends_while_another_watch_waits_for_its_headers() -> (
    None
):
    async with api_server() as (server, api):
        for kind in OTHERS:
            server.refuse("WATCH", kind.plural, 0)
        # As one that starts answers: the group is not served yet.
        server.refuse("WATCH", CLUSTER_IMAGE_POLICIES.plural, 404)
        kopf_thread = thread(server, api.server)
        kopf_thread.start()

        async with asyncio.timeout(10):
            why = await kopf_thread.ending

        assert why.startswith("APINotFoundError: ")
        assert await kopf_thread.end()


async def test_a_handler_that_is_slow_to_end_leaves_no_connection_open() -> None:
    async with api_server() as (server, api):
        begun = threading.Event()

        async def slow(**_: object) -> None:
            begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(1.5)  # longer than kopf is given to end by itself

        kopf_thread = thread(server, api.server, slow)
        server.put(REGISTRIES.path(), "one", spec={})
        kopf_thread.start()
        await until(begun.is_set)

        assert await kopf_thread.end()
        del kopf_thread

    with warnings.catch_warnings(record=True) as unclosed:
        warnings.simplefilter("always")
        gc.collect()
    assert [str(one.message) for one in unclosed] == []


async def test_a_thread_that_hangs_is_left_alone_and_does_not_hold_the_process() -> None:
    async with api_server() as (server, api):
        hang = threading.Event()

        async def held(**_: object) -> None:
            hang.wait(20)  # a library that blocks its loop

        kopf_thread = thread(server, api.server, held)
        server.put(REGISTRIES.path(), "one", spec={})
        kopf_thread.start()
        try:
            await until(lambda: watches(server) > 0)

            assert not await kopf_thread.end()
            assert [one.daemon for one in threading.enumerate() if one.name == "kopf"] == [True]
        finally:
            hang.set()
        assert await kopf_thread.end()
