"""One leader among equals: a Lease (coordination.k8s.io/v1) that its holder renews.

The election is the official client's; what it reads and writes goes through `Api`. Its traps are
kept away from it: any failure but its own exceptions ends it (`LeaseLock` lets nothing else out);
it waits for one request as long as that takes (each has a deadline, and a watchdog counts from the
last good answer); it writes local time and calls it UTC (`LeaseLock` has its own clock); it sees
neither the end of the work nor another holder's name (`lead` does).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection

from webhook.cluster.lease_lock import LeaseLock, Standing, Times
from webhook.core.printable import printable
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime
    from typing import Any

    from webhook.cluster.api import Api

LEASE = "cocket-operator"

_FINISH_SECONDS = 10.0
"""For the work to end after it was told to; the Lease is not given away before."""

_log = logging.getLogger(__name__)
# It reports every request that failed with a traceback; `LeaseLock` says the same in a line.
logging.getLogger("kubernetes.aio.leaderelection").setLevel(logging.CRITICAL)


async def lead(
    api: Api,
    work: Callable[[], Coroutine[Any, Any, None]],
    *,
    namespace: str,
    identity: str,
    clock: Callable[[], datetime],
    standing: Standing | None = None,
    name: str = LEASE,
    times: Times | None = None,
) -> None:
    """Wait for the Lease, and do the work while we hold it.

    Returns when the work does. Cancelled, it ends the work and gives the Lease away, so that
    another one need not wait until it runs out.

    Args:
        api: the cluster.
        work: what only one may do; cancelled when the Lease is lost.
        namespace: of the Lease.
        identity: ours; nobody else has it.
        clock: the time, aware; it is only written into the Lease.
        standing: kept up to date.
        name: of the Lease.
        times: seconds.

    Raises:
        ClusterError: the Lease was lost; the process should end, as nobody knows what is half done.
        Exception: whatever the work raises.
    """
    times = times or Times()
    lock = LeaseLock(api, namespace, name, identity, clock, standing or Standing(), times)
    elected = asyncio.Event()

    async def started() -> None:
        elected.set()

    async def stopped() -> None:
        pass

    config = Config(lock, times.lease, times.renew, times.retry, started, stopped)
    election = asyncio.create_task(LeaderElection(config).run(), name="leader election")
    try:
        await _first(election, asyncio.create_task(elected.wait()))
        if not elected.is_set():
            raise ClusterError(f"the election for the Lease {name} ended: {_why(election)}")
        _log.info("we hold the Lease %s as %s", name, identity)
        lock.standing.leading = True
        await _while_held(work, election, lock, times)
    finally:
        lock.standing.leading = False
        await _cancel(election)
        await lock.release()


async def _while_held(
    work: Callable[[], Coroutine[Any, Any, None]],
    election: asyncio.Task[None],
    lock: LeaseLock,
    times: Times,
) -> None:
    working = asyncio.create_task(work(), name="the leader's work")
    watchdog = asyncio.create_task(lock.until_stale(times.renew + times.retry))
    try:
        await _first(working, election, watchdog, keep=True)
        if working.done():
            working.result()
            return
        raise ClusterError(
            f"the Lease {lock.name} is lost: {lock.standing.problem or _why(election)}"
        )
    finally:
        watchdog.cancel()
        working.cancel()
        await asyncio.wait({working}, timeout=_FINISH_SECONDS)
        if not working.done():
            lock.held = False
            _log.error(
                "the work did not end in %g s; the Lease is left to run out", _FINISH_SECONDS
            )
        elif not working.cancelled() and (error := working.exception()):
            _log.error("the work ended badly: %s: %s", type(error).__name__, error)


async def _first(*tasks: asyncio.Task[Any], keep: bool = False) -> None:
    """Wait for the first of them; the election goes on, helpers end with the wait."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not keep:
            for task in tasks[1:]:
                task.cancel()


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _why(election: asyncio.Task[None]) -> str:
    if election.done() and not election.cancelled() and (error := election.exception()):
        return printable(f"{type(error).__name__}: {error}")
    return "it could not be renewed in time"
