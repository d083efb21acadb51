from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.lease_server import LeaseServer, lease_server
from webhook.cluster.leader import lead
from webhook.cluster.lease_lock import Standing, Times
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from webhook.cluster.api import Api

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
QUICK = Times(lease=4, renew=2, retry=1)


@pytest.fixture
async def served() -> AsyncIterator[tuple[LeaseServer, Api]]:
    async with lease_server() as both:
        yield both


class Work:
    """Work that tells when it began and ended."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


def leading(
    api: Api,
    work: Callable[[], Coroutine[Any, Any, None]],
    identity: str = "one",
    standing: Standing | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> asyncio.Task[None]:
    return asyncio.create_task(
        lead(
            api,
            work,
            namespace="cocket",
            identity=identity,
            clock=clock,
            standing=standing,
            times=QUICK,
        )
    )


async def soon(event: asyncio.Event, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        await event.wait()


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - it is looked at from outside
            await asyncio.sleep(0.02)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_lease_is_made_and_says_who_and_since_when(
    served: tuple[LeaseServer, Api],
) -> None:
    server, api = served
    work, standing = Work(), Standing()

    task = leading(api, work, standing=standing, clock=lambda: NOW)
    await soon(work.began)

    assert server.lease is not None
    assert server.lease["spec"] == {
        "holderIdentity": "one",
        "leaseDurationSeconds": 4,
        "acquireTime": "2026-01-02T03:04:05.678901Z",
        "renewTime": "2026-01-02T03:04:05.678901Z",
        "leaseTransitions": 0,
    }
    assert standing == Standing(leading=True, holder="one", problem="")
    await stop(task)


async def test_a_clean_stop_ends_the_work_and_gives_the_lease_away(
    served: tuple[LeaseServer, Api],
) -> None:
    server, api = served
    work, next_work = Work(), Work()
    task = leading(api, work)
    await soon(work.began)

    await stop(task)

    assert work.ended.is_set()
    assert server.lease is not None
    assert server.lease["spec"]["holderIdentity"] == ""
    other = leading(api, next_work, "two")
    await soon(next_work.began, QUICK.retry)
    assert server.lease["spec"]["leaseTransitions"] == 1
    await stop(other)


async def test_a_second_one_waits_while_the_first_renews(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    work, next_work, standing = Work(), Work(), Standing()
    task = leading(api, work)
    await soon(work.began)
    other = leading(api, next_work, "two", standing)

    with pytest.raises(TimeoutError):
        await soon(next_work.began, QUICK.lease + QUICK.retry)

    assert len(server.writes) >= 4
    assert {write["spec"]["holderIdentity"] for write in server.writes} == {"one"}
    assert standing == Standing(leading=False, holder="one", problem="")
    await stop(other)
    await stop(task)


async def test_what_others_wrote_on_the_lease_stays(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    server.write({"metadata": {"labels": {"team": "a"}, "annotations": {"b": "c"}}, "spec": {}})
    work = Work()

    task = leading(api, work)
    await soon(work.began)

    assert server.lease is not None
    assert server.lease["metadata"]["labels"] == {"team": "a"}
    assert server.lease["metadata"]["annotations"] == {"b": "c"}
    await stop(task)


async def test_another_holder_ends_the_work_at_the_next_look(
    served: tuple[LeaseServer, Api],
) -> None:
    server, api = served
    work = Work()
    task = leading(api, work)
    await soon(work.began)

    server.take("two")

    with pytest.raises(ClusterError, match="the Lease cocket-operator is lost: two holds it now"):
        await asyncio.wait_for(task, QUICK.retry + 1)
    assert work.ended.is_set()
    assert server.lease is not None
    assert server.lease["spec"]["holderIdentity"] == "two"


@pytest.mark.parametrize("how", ["broken", "silent"])
async def test_without_an_answer_it_is_lost_before_others_may_take_it(
    served: tuple[LeaseServer, Api], how: str
) -> None:
    server, api = served
    work = Work()
    task = leading(api, work)
    await soon(work.began)

    if how == "broken":
        server.broken = True
    else:
        server.answering.clear()

    with pytest.raises(ClusterError, match="the Lease cocket-operator is lost"):
        await asyncio.wait_for(task, QUICK.lease)
    assert work.ended.is_set()


async def test_a_short_trouble_is_no_loss(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    work, standing = Work(), Standing()
    task = leading(api, work, standing=standing)
    await soon(work.began)
    server.broken = True
    await until(lambda: "503" in standing.problem)
    server.broken = False
    before = len(server.writes)

    await until(lambda: len(server.writes) >= before + 2)

    assert not task.done()
    assert standing.problem == ""
    await stop(task)


async def test_who_never_had_it_waits_out_any_trouble(served: tuple[LeaseServer, Api]) -> None:
    server, api = served
    server.broken = True
    work, standing = Work(), Standing()
    task = leading(api, work, standing=standing)
    await until(lambda: "503" in standing.problem)

    server.broken = False

    await soon(work.began)
    await stop(task)


async def test_work_that_fails_is_not_swallowed(served: tuple[LeaseServer, Api]) -> None:
    server, api = served

    async def failing() -> None:
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug"):
        await leading(api, failing)
    assert server.lease is not None
    assert server.lease["spec"]["holderIdentity"] == ""


async def test_work_that_ends_ends_it_all(served: tuple[LeaseServer, Api]) -> None:
    server, api = served

    async def short() -> None:
        return

    await leading(api, short)

    assert server.lease is not None
    assert server.lease["spec"]["holderIdentity"] == ""


async def test_a_bug_while_the_work_ends_is_said(
    served: tuple[LeaseServer, Api], caplog: pytest.LogCaptureFixture
) -> None:
    _, api = served
    began = asyncio.Event()

    async def careless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError("a bug")

    task = leading(api, careless)
    await soon(began)

    await stop(task)

    assert "the work ended badly: LookupError: a bug" in caplog.text
