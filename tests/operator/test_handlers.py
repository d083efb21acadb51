from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import kopf
import pytest

from tests.cluster.api_server import ApiServer, api_server
from tests.operator.facts_world import until
from webhook.cluster.credentials import cluster_login
from webhook.cluster.kinds import CLUSTER_IMAGE_POLICIES, REGISTRIES
from webhook.errors import ClusterError
from webhook.operator.handlers import PREFIX, settings, watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from webhook.cluster.api import Api
    from webhook.cluster.credentials import ClusterLogin

PATH = "/apis/cocket.dev/v1alpha1/registries"


def test_kopf_leaves_no_trace_of_its_own() -> None:
    chosen = settings()

    assert chosen.posting.enabled is False
    assert chosen.scanning.disabled is True
    assert chosen.persistence.finalizer.startswith(f"{PREFIX}/")
    for storage in (chosen.persistence.progress_storage, chosen.persistence.diffbase_storage):
        assert isinstance(
            storage, kopf.AnnotationsProgressStorage | kopf.AnnotationsDiffBaseStorage
        )
        assert storage.prefix == PREFIX


def test_kopf_never_kills_the_process() -> None:
    assert settings().process.ultimate_exiting_timeout is None


@asynccontextmanager
async def watching(login: Callable[[Api], Awaitable[ClusterLogin]]) -> AsyncIterator[Watched]:
    """kopf, which watches Registries; whatever it ends with is what the block ends with."""
    async with api_server() as (server, api):
        # kopf begins when it has heard of namespaces.
        server.serve("/api/v1", "namespaces", namespaced=False)
        server.serve("/apis/cocket.dev/v1alpha1", "registries", namespaced=False)
        watched = Watched(server)

        async def log_in() -> ClusterLogin:
            watched.logins += 1
            return await login(api)

        task = asyncio.create_task(watch([REGISTRIES], log_in, watched.ring))
        try:
            yield watched
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Watched:
    """What kopf saw, and by which login."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.rung = 0
        self.logins = 0
        self.threads: set[int] = set()

    def ring(self) -> None:
        self.rung += 1
        self.threads.add(threading.get_ident())


async def test_every_change_rings_in_our_own_loop_and_nothing_is_written() -> None:
    async with watching(cluster_login) as watched:
        server = watched.server
        server.put(PATH, "before", spec={"host": "a"})
        await until(lambda: watched.rung >= 1)
        server.put(PATH, "after", spec={"host": "b"})
        await until(lambda: watched.rung >= 2)
        server.put(PATH, "after", spec={"host": "c"})
        await until(lambda: watched.rung >= 3)
        server.drop(PATH, "after")
        await until(lambda: watched.rung >= 4)

        assert watched.logins == 1
        assert watched.threads == {threading.get_ident()}
        assert server.writes == []
        assert "finalizers" not in server.objects[PATH]["", "before"]["metadata"]


async def test_kopf_that_gives_up_is_an_error_of_the_cluster_so_that_it_is_begun_anew() -> None:
    threads = threading.active_count()
    async with api_server() as (server, api):
        server.serve("/api/v1", "namespaces", namespaced=False)
        kinds = [REGISTRIES, CLUSTER_IMAGE_POLICIES]
        server.serve(
            "/apis/cocket.dev/v1alpha1", *(kind.plural for kind in kinds), namespaced=False
        )
        server.refuse("WATCH", REGISTRIES.plural, 0)
        # As one that starts answers: the group is not served yet.
        server.refuse("WATCH", CLUSTER_IMAGE_POLICIES.plural, 404)

        with pytest.raises(ClusterError, match="kopf gave up: APINotFoundError"):
            async with asyncio.timeout(20):
                await watch(kinds, lambda: cluster_login(api), lambda: None)

        await until(lambda: threading.active_count() <= threads)
