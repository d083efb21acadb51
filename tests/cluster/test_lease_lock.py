"""How the Lease itself is read and written; who leads is in `test_leader`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord

from tests.cluster.lease_server import LeaseServer, lease_server
from webhook.cluster.lease_lock import LeaseLock, Standing, Times

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TOLD = "2026-01-02T03:04:05.678901Z"
QUICK = Times(lease=4, renew=2, retry=1)
RECORD = LeaderElectionRecord("whoever", "9", "then", "then")


@pytest.fixture
async def served() -> AsyncIterator[tuple[LeaseServer, Api]]:
    async with lease_server() as both:
        yield both


def lock(api: Api, identity: str = "one") -> LeaseLock:
    return LeaseLock(api, "cocket", "cocket-operator", identity, lambda: NOW, Standing(), QUICK)


async def read(one: LeaseLock) -> Any:
    return await one.get(one.name, one.namespace)


async def update(one: LeaseLock) -> bool:
    return await one.update(one.name, one.namespace, RECORD)


async def test_a_lease_that_is_not_there_is_an_answer(served: tuple[LeaseServer, Api]) -> None:
    one = lock(served[1])
    found, error = await read(one)

    assert not found
    assert error.status == 404
    assert error.body == '{"code": 404}'
    assert one.standing.problem == ""


async def test_a_first_lease_is_ours_by_our_own_clock(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    one = lock(api)

    assert await one.create(one.name, one.namespace, RECORD)
    assert one.held
    assert one.standing.holder == "one"
    assert server.lease is not None
    assert server.lease["spec"] == {
        "holderIdentity": "one",
        "leaseDurationSeconds": 4,
        "acquireTime": TOLD,
        "renewTime": TOLD,
        "leaseTransitions": 0,
    }


async def test_a_renewal_keeps_what_others_wrote_beside_it(
    served: tuple[LeaseServer, Api],
) -> None:
    server, api = served
    spec = {"holderIdentity": "one", "acquireTime": "before", "leaseTransitions": 3}
    metadata = {"name": "cocket-operator", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    server.write({"metadata": metadata, "spec": spec})
    one = lock(api)
    await read(one)

    assert await update(one)
    assert server.lease is not None
    assert server.lease["metadata"]["labels"] == {"a": "b"}
    assert server.lease["metadata"]["annotations"] == {"c": "d"}
    assert server.lease["spec"]["acquireTime"] == "before"
    assert server.lease["spec"]["leaseTransitions"] == 3


async def test_to_take_it_from_another_counts(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    spec = {"holderIdentity": "two", "acquireTime": "before", "leaseTransitions": 3}
    server.write({"metadata": {"name": "cocket-operator"}, "spec": spec})
    one = lock(api)
    await read(one)

    assert await update(one)
    assert server.lease is not None
    assert server.lease["spec"]["acquireTime"] == TOLD
    assert server.lease["spec"]["leaseTransitions"] == 4


async def test_nothing_is_written_over_what_was_not_read(served: tuple[LeaseServer, Api]) -> None:
    server, api = served

    assert not await update(lock(api))
    assert server.writes == []


async def test_who_was_slower_did_not_write(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    one = lock(api)
    await one.create(one.name, one.namespace, RECORD)
    server.take("two")

    assert not await update(one)
    assert one.standing.problem == ""


async def test_another_name_in_it_is_seen_at_once(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    one = lock(api)
    await one.create(one.name, one.namespace, RECORD)
    waiting = asyncio.create_task(one.until_stale(60))
    server.take("two")
    await read(one)

    async with asyncio.timeout(5):
        await waiting
    assert not one.held
    assert one.standing.problem == "two holds it now"


async def test_without_an_answer_it_is_stale_in_the_end(served: tuple[LeaseServer, Api]) -> None:
    one = lock(served[1])
    await one.create(one.name, one.namespace, RECORD)
    loop = asyncio.get_running_loop()
    began = loop.time()

    async with asyncio.timeout(5):
        await one.until_stale(0.3)
    assert loop.time() - began >= 0.2


async def test_a_renewal_puts_the_end_off(served: tuple[LeaseServer, Api]) -> None:
    one = lock(served[1])
    await one.create(one.name, one.namespace, RECORD)
    waiting = asyncio.create_task(one.until_stale(1.5))
    end = asyncio.get_running_loop().time() + 2
    while asyncio.get_running_loop().time() < end:
        assert await update(one)
        await asyncio.wait({waiting}, timeout=0.2)

    assert not waiting.done()
    async with asyncio.timeout(5):
        await waiting


async def test_who_does_not_answer_is_given_up_in_half_the_time(
    served: tuple[LeaseServer, Api],
) -> None:
    server, api = served
    server.answering.clear()
    one = lock(api)
    async with asyncio.timeout(5):
        found, error = await read(one)

    assert not found
    assert error.status == 0
    assert one.standing.problem == "the API server did not answer in time"


async def test_given_away_it_can_be_taken_at_once(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    one = lock(api)
    await one.create(one.name, one.namespace, RECORD)
    await one.release()
    await one.release()

    assert not one.held
    assert len(server.writes) == 2
    assert server.lease is not None
    assert server.lease["spec"]["holderIdentity"] == ""
    assert server.lease["spec"]["leaseDurationSeconds"] == 1


async def test_a_lease_that_cannot_be_given_away_runs_out(
    served: tuple[LeaseServer, Api], caplog: pytest.LogCaptureFixture
) -> None:
    server, api = served
    one = lock(api)
    await one.create(one.name, one.namespace, RECORD)
    server.broken = True
    await one.release()

    assert not one.held
    assert "was not given away and runs out" in caplog.text
