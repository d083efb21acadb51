"""`cocket serve` when its certificate, its cluster or its Secret comes, changes or goes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from tests.e2e.replica_pair import IMAGE, World, digest, start_pair
from tests.e2e.replicas import policy, review
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.cockets import Webhook
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes


@pytest.fixture(scope="module")
def pair(plane: ControlPlane, module_processes: Processes) -> World:
    return start_pair(plane, module_processes, "serve-through-changes")


@pytest.fixture
def world(pair: World) -> Iterator[World]:
    yield pair
    pair.clear()


async def test_certificates_change_under_load_without_a_failed_request(
    world: World, namespace: str
) -> None:
    body = msgspec.json.encode(review(namespace, f"{IMAGE}@{digest(1)}"))
    failures: list[BaseException] = []
    answers = 0

    async def ask(webhook: Webhook, *, fresh: bool) -> None:
        nonlocal answers
        connector = aiohttp.TCPConnector(ssl=world.replicas.trust, force_close=fresh)
        async with aiohttp.ClientSession(connector=connector) as client:
            while True:
                try:
                    async with client.post(webhook.url, data=body) as answer:
                        assert b'"allowed":true' in await answer.read()
                    answers += 1
                except (aiohttp.ClientError, AssertionError, OSError) as error:
                    failures.append(error)
                await asyncio.sleep(0.005)

    tasks = [
        asyncio.create_task(ask(webhook, fresh=fresh))
        for webhook in world.webhooks
        for fresh in (True, False)
    ]
    try:
        for number in range(4):
            if number == 2:
                await asyncio.to_thread(world.replicas.put_secret, {"tls.crt": b"garbage"})
                await _until(lambda: "tls: certificate and key" in _said(world), "a complaint")
            issued = await asyncio.to_thread(world.replicas.put_certificate)
            leaf = x509.load_pem_x509_certificates(issued.pair.chain)[0]
            shown = leaf.fingerprint(SHA256()).hex()
            await _until(partial(_both_say, world, "cert-sha256", shown), "its fingerprint")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert failures == []
    assert answers > 20  # of four clients, on whatever machine


def test_without_the_api_server_verdicts_go_on_and_say_how_old_they_are(
    world: World, plane: ControlPlane, namespace: str
) -> None:
    world.create(policy("lasting", [namespace], rules={"digest": {}}))
    world.agree(namespace, f"{IMAGE}:1", allowed=False)

    plane.processes.started["kube-apiserver"].kill()
    try:
        for webhook in world.webhooks:
            wait_until(partial(_says, webhook, "not followed for"), "trouble")
            status, text = webhook.get("/readyz?verbose")
            assert status == 200
            assert "[+]policies ok, but not followed for" in text
            assert text.endswith("readyz check passed\n")
            assert webhook.get("/readyz") == (200, "ok\n")
            assert webhook.get("/livez")[0] == 200
            assert 'cocket_cluster_failing{kind="policies"} 1.0' in webhook.get("/metrics")[1]
        assert not any(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))
        assert all(one["allowed"] for one in world.answers(namespace, f"{IMAGE}@{digest(1)}"))
    finally:
        plane.start_apiserver()

    world.clear()
    world.agree(namespace, f"{IMAGE}:1", allowed=True, seconds=30)
    for webhook in world.webhooks:
        wait_until(partial(_says, webhook, ", but", yes=False), "all well")


def test_a_replica_waits_for_its_secret_says_so_and_leaves_nothing_behind(world: World) -> None:
    replicas = world.replicas
    webhook = replicas.start("three", secret=f"{replicas.namespace}/later", drain="2")
    waits = f"[-]certificate not there yet: Secret {replicas.namespace}/later"
    webhook.process.wait_until(lambda: waits in _verbose(webhook), "waiting")
    webhook.process.wait_until(lambda: "[+]facts ok" in _verbose(webhook), "synced")
    status, text = webhook.get("/readyz?verbose")
    assert (status, text.splitlines()[-1]) == (503, "readyz check failed")
    assert webhook.get("/livez")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        replicas.ask(webhook, "any", IMAGE)
    wait_until(lambda: replicas.said("three").get("ready") == "false", "a Lease")
    assert replicas.said("three")["cert-sha256"] == ""

    replicas.put_certificate(name="later")
    webhook.wait_ready(5)
    wait_until(lambda: replicas.said("three")["ready"] == "true", "a Lease that says ready", 2)
    said = replicas.said("three")
    assert said["address"] == "127.0.0.1:8443"
    assert len(said["cert-sha256"]) == 64
    lease = replicas.lease("three")
    assert lease is not None
    assert lease["spec"]["leaseDurationSeconds"] == 30
    assert lease["metadata"]["labels"]["app.kubernetes.io/component"] == "webhook"

    webhook.process.signal(15)
    wait_until(lambda: replicas.said("three").get("ready") == "false", "a Lease that says so", 1)
    assert replicas.ask(webhook, "any", f"{IMAGE}@{digest(1)}")["allowed"] is True
    assert webhook.process.wait() == 0
    assert replicas.lease("three") is None


def test_a_replica_that_is_asked_to_end_while_it_waits_ends(world: World) -> None:
    replicas = world.replicas
    webhook = replicas.start("four", secret=f"{replicas.namespace}/never")
    webhook.process.wait_until(lambda: "[-]certificate" in _verbose(webhook), "waiting")
    assert webhook.process.stop() == 0
    assert replicas.lease("four") is None


def _verbose(webhook: Webhook) -> str:
    try:
        return webhook.get("/readyz?verbose")[1]
    except OSError:
        return ""


def _says(webhook: Webhook, words: str, *, yes: bool = True) -> bool:
    return (words in _verbose(webhook)) is yes


def _both_say(world: World, annotation: str, value: str) -> bool:
    return all(world.replicas.said(name)[annotation] == value for name in ("one", "two"))


def _said(world: World) -> str:
    return world.webhooks[0].process.said()


async def _until(true: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, true, what)
