"""Takes the webhook configuration away, before an uninstall takes away what would answer.

The operator repairs a configuration that somebody deletes, so it has to stop first. We may not stop
its Pod; but a leader that finds another name in the Lease ends at once (`cluster.leader`), and who
waits for the Lease waits on as long as it is renewed. So we take it, wait until the old leader has
ended, delete the configuration, and leave the Lease to run out: whoever uninstalls has until then
to take the operator away. If he does not, it comes back and repairs: nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from webhook.cluster.kinds import VALIDATING_WEBHOOKS
from webhook.cluster.leader import LEASE
from webhook.cluster.lease_lock import LeaseLock, Standing, Times
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.cluster.api import Api

_TAKE_SECONDS = 60.0
"""Until the Lease must be ours; its holder writes it every two seconds, and we in between."""
_END_SECONDS = 14.0
"""For the old leader to see that it is not ours any more (2), and to end its work (10)."""
_PAUSE = 0.2
_NOT_FOUND = 404

_log = logging.getLogger(__name__)


async def remove_configuration(
    api: Api,
    name: str,
    *,
    namespace: str,
    identity: str,
    clock: Callable[[], datetime],
    take_seconds: float = _TAKE_SECONDS,
    end_seconds: float = _END_SECONDS,
    times: Times | None = None,
) -> bool:
    """Stop the leader and delete the webhook configuration; gives whether there was one.

    Args:
        api: the cluster.
        name: of the configuration.
        namespace: of the Lease.
        identity: ours; nobody else has it.
        clock: the time, aware; it is only written into the Lease.
        take_seconds: until the Lease must be ours.
        end_seconds: that an old leader gets to end.
        times: those of the election.

    Raises:
        ClusterError: the Lease could not be taken, or the configuration not be deleted; it is as it
            was then.
    """
    times = times or Times()
    lock = LeaseLock(api, namespace, LEASE, identity, clock, Standing(), times)
    await _take(lock, take_seconds)
    _log.info("we hold the Lease %s: waiting %g s for its old holder to end", LEASE, end_seconds)
    loop = asyncio.get_running_loop()
    end = loop.time() + end_seconds
    while (left := end - loop.time()) > 0:
        await asyncio.sleep(min(times.retry, left))
        await _take(lock, times.renew)
    try:
        await api.delete(VALIDATING_WEBHOOKS.path(name=name))
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        _log.info("there is no webhook configuration %s", name)
        return False
    _log.info("the webhook configuration %s is deleted: nothing is asked any more", name)
    return True


async def _take(lock: LeaseLock, seconds: float) -> None:
    """Write our name into the Lease, whoever holds it; again if somebody was faster."""
    said = ""
    try:
        async with asyncio.timeout(seconds):
            while True:
                found, record = await lock.get(lock.name, lock.namespace)
                if found:
                    written = await lock.update(lock.name, lock.namespace, record)  # type: ignore[arg-type]
                elif getattr(record, "status", 0) == _NOT_FOUND:
                    written = await lock.create(lock.name, lock.namespace, record)  # type: ignore[arg-type]
                else:
                    written = False
                if written:
                    return
                said = lock.standing.problem
                await asyncio.sleep(_PAUSE)
    except TimeoutError:
        why = said or "others write it"
        raise ClusterError(
            f"the Lease {lock.name} could not be taken in {seconds:g} s: {why}"
        ) from None
