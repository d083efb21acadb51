from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api
from webhook.cluster.replica_lease import ReplicaLease, Standing, lease_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

NOW = datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)
STANDING = Standing(
    address="10.0.0.1:8443", certificate="ab" * 32, ready=True, policy_version="0123456789ab"
)


def test_a_lease_says_where_the_replica_is_and_what_it_serves_with() -> None:
    assert lease_of("web-1", "cocket", STANDING, NOW) == {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": "cocket-webhook-web-1",
            "namespace": "cocket",
            "labels": {
                "app.kubernetes.io/name": "cocket",
                "app.kubernetes.io/component": "webhook",
            },
            "annotations": {
                "cocket.dev/address": "10.0.0.1:8443",
                "cocket.dev/cert-sha256": "ab" * 32,
                "cocket.dev/ready": "true",
                "cocket.dev/policy-version": "0123456789ab",
            },
        },
        "spec": {
            "holderIdentity": "web-1",
            "leaseDurationSeconds": 30,
            "renewTime": "2026-11-23T12:00:00.000005Z",
        },
    }


@pytest.mark.parametrize(("ready", "word"), [(True, "true"), (False, "false")])
def test_readiness_is_a_word(
    ready: bool,  # noqa: FBT001 - parametrized
    word: str,
) -> None:
    standing = Standing(address="", certificate="", ready=ready, policy_version="")

    assert standing.annotations()["cocket.dev/ready"] == word


class Server:
    """Keeps one Lease as an API server does: PATCH needs it, POST makes it."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.asked: list[str] = []
        self.status = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.method)
        if self.status:
            return web.json_response({"message": "no"}, status=self.status)
        if request.method == "POST":
            self.lease = await request.json()
            return web.json_response(self.lease, status=201)
        assert request.path.endswith("/namespaces/cocket/leases/cocket-webhook-web-1")
        if self.lease is None:
            return web.json_response({"reason": "NotFound"}, status=404)
        if request.method == "DELETE":
            self.lease = None
            return web.json_response({})
        assert request.content_type == "application/merge-patch+json"
        self.lease = await request.json()
        return web.json_response(self.lease)


class Held:
    """A replica's Lease, and what it says."""

    def __init__(self, api: Api) -> None:
        self.standing = STANDING
        self.lease = ReplicaLease(
            api,
            name="web-1",
            namespace="cocket",
            standing=lambda: self.standing,
            clock=lambda: NOW,
        )


@asynccontextmanager
async def holding() -> AsyncIterator[tuple[Server, Held]]:
    server = Server()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with ApiClient(Configuration(host=f"http://{host}:{port}")) as client:
            yield server, Held(Api(client, "cocket"))
    finally:
        await runner.cleanup()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - of another task
            await asyncio.sleep(0.01)


async def test_it_is_made_kept_up_to_date_at_once_and_deleted() -> None:
    async with holding() as (server, held):
        running = asyncio.create_task(held.lease.run())
        await until(lambda: server.lease is not None)
        assert server.asked == ["PATCH", "POST"]

        held.standing = Standing(
            address="10.0.0.1:8443", certificate="cd", ready=False, policy_version="2"
        )
        held.lease.touch()
        began = asyncio.get_running_loop().time()
        await until(lambda: server.asked[-1] == "PATCH")
        assert asyncio.get_running_loop().time() - began < 5
        assert server.lease is not None
        assert server.lease["metadata"]["annotations"]["cocket.dev/ready"] == "false"

        running.cancel()
        await held.lease.withdraw()
        assert server.lease is None
        await held.lease.withdraw()  # it is gone, as it should be
        assert held.lease.problem == ""


async def test_a_burst_of_changes_is_no_burst_of_requests() -> None:
    async with holding() as (server, held):
        running = asyncio.create_task(held.lease.run())
        for _ in range(50):
            held.lease.touch()
            await asyncio.sleep(0.01)
        running.cancel()

    assert len(server.asked) <= 6


@pytest.mark.parametrize("status", [403, 409, 500, 503])
async def test_a_failure_is_a_problem_that_is_said_once_and_ends(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with holding() as (server, held):
        server.status = status
        running = asyncio.create_task(held.lease.run())
        await until(lambda: held.lease.problem != "")
        assert str(status) in held.lease.problem
        held.lease.touch()
        await until(lambda: len(server.asked) >= 2)
        assert len([one for one in caplog.records if one.name.startswith("webhook.")]) == 1

        server.status = 0
        held.lease.touch()
        await until(lambda: held.lease.problem == "")
        assert server.lease is not None
        running.cancel()


async def test_one_that_cannot_be_deleted_does_not_hold_up_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with holding() as (server, held):
        server.status = 503
        async with asyncio.timeout(4):
            await held.lease.withdraw()

    assert "was not deleted" in caplog.text


def test_the_lease_of_a_pod_goes_with_it() -> None:
    metadata = lease_of("web-1", "cocket", STANDING, NOW, "1234-5678")["metadata"]

    assert isinstance(metadata, dict)
    assert metadata["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Pod", "name": "web-1", "uid": "1234-5678"}
    ]
