"""Requests, lists and mirrors against a real API server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.e2e.control_plane import ControlPlane
from webhook.cluster import kinds
from webhook.cluster.api import Api
from webhook.cluster.lists import list_pages
from webhook.cluster.login import open_api
from webhook.cluster.metadata import Key
from webhook.cluster.mirror import HasMetadata, Mirror
from webhook.errors import ClusterError

Changes = list[tuple[Key, str | None]]


def secret(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is the API server's
            await asyncio.sleep(0.02)


@asynccontextmanager
async def following(api: Api, namespace: str) -> AsyncIterator[tuple[Mirror[str], Changes]]:
    changes: Changes = []
    mirror = Mirror(
        api,
        kinds.SECRETS,
        HasMetadata,
        lambda item: item.metadata.resource_version,
        namespace=namespace,
        changed=lambda key, value: changes.append((key, value)),
    )
    running = asyncio.create_task(mirror.run())
    try:
        async with asyncio.timeout(20):
            await mirror.wait_synced()
        yield mirror, changes
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_no_has_status_and_reason(plane: ControlPlane, namespace: str) -> None:
    async with open_api(kubeconfig=plane.kubeconfig()) as api:
        with pytest.raises(ClusterError, match="404") as caught:
            await api.get(kinds.SECRETS.path(namespace, "none"), HasMetadata)
        assert (caught.value.status, caught.value.reason) == (404, "NotFound")

        await api.create(kinds.SECRETS.path(namespace), secret("a"))
        with pytest.raises(ClusterError) as caught:
            await api.create(kinds.SECRETS.path(namespace), secret("a"))
        assert (caught.value.status, caught.value.reason) == (409, "AlreadyExists")


async def test_a_list_comes_in_pages_of_one_moment(plane: ControlPlane, namespace: str) -> None:
    async with open_api(kubeconfig=plane.kubeconfig()) as api:
        for number in range(7):
            await api.create(kinds.SECRETS.path(namespace), secret(f"s{number}"))

        pages = [
            page
            async for page in list_pages(
                api, kinds.SECRETS, HasMetadata, namespace=namespace, limit=3
            )
        ]
        assert [len(page.items) for page in pages] == [3, 3, 1]
        assert len({page.version for page in pages}) == 1


async def test_a_mirror_follows_what_happens(plane: ControlPlane, namespace: str) -> None:
    async with open_api(kubeconfig=plane.kubeconfig()) as api:
        await api.create(kinds.SECRETS.path(namespace), secret("before"))
        async with following(api, namespace) as (mirror, changes):
            before, after = (namespace, "before"), (namespace, "after")
            assert list(mirror.held) == [before]

            await api.create(kinds.SECRETS.path(namespace), secret("after"))
            await until(lambda: after in mirror.held)
            first = mirror.held[after]
            await api.merge(kinds.SECRETS.path(namespace, "after"), {"stringData": {"a": "b"}})
            await until(lambda: mirror.held[after] != first)
            await api.delete(kinds.SECRETS.path(namespace, "before"))
            await until(lambda: before not in mirror.held)

            assert [key for key, _ in changes] == [before, after, after, before]
            assert changes[-1] == (before, None)
            assert mirror.problem == ""
            assert mirror.behind() < 20


async def test_a_mirror_outlives_the_api_server(plane: ControlPlane, namespace: str) -> None:
    async with open_api(kubeconfig=plane.kubeconfig()) as api:
        await api.create(kinds.SECRETS.path(namespace), secret("kept"))
        async with following(api, namespace) as (mirror, _):
            plane.processes.started["kube-apiserver"].kill()
            try:
                await until(lambda: mirror.problem != "")
                assert (namespace, "kept") in mirror.held
            finally:
                await asyncio.to_thread(plane.start_apiserver)
            await until(lambda: mirror.problem == "", 30)
            await api.create(kinds.SECRETS.path(namespace), secret("later"))
            await until(lambda: (namespace, "later") in mirror.held)
