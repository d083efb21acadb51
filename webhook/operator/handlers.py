"""What kopf does for us: it sees that one of our own objects changed, and rings.

Its handlers of changes keep their state in annotations and finalizers, and lose it with either. Our
answers depend on all objects together, so an event only says «look again»: nothing is ever written
by kopf, and the storages below are named after us for the day that something is. kopf has a thread
of its own, which may hang: nobody waits for that without an end.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import kopf
import msgspec

from webhook.errors import ClusterError
from webhook.operator.kopf_thread import KopfThread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from webhook.cluster.credentials import ClusterLogin
    from webhook.cluster.kinds import Kind

PREFIX = "cocket.dev"
_CHUNK = 100
"""Objects in a page: one may have a megabyte."""

_log = logging.getLogger(__name__)


async def watch(
    kinds: Iterable[Kind],
    login: Callable[[], Coroutine[Any, Any, ClusterLogin]],
    changed: Callable[[], None],
) -> None:
    """Watch all objects of some kinds, for ever.

    Args:
        kinds: of this project; they are served by the cluster already.
        login: gives credentials as they are now; asked again when they are refused.
        changed: called in this loop for every object that is, changes or goes.

    Raises:
        ClusterError: kopf gave up, which it does where an API server that starts answers 404.
        RuntimeError: it gave up, and hangs.
    """
    loop = asyncio.get_running_loop()

    async def log_in(**_: Any) -> kopf.ConnectionInfo:
        # Asked for in our loop: a program that gives tokens belongs to the loop that began it.
        asked = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(login(), loop))
        given: ClusterLogin = await asked
        return kopf.ConnectionInfo(**msgspec.structs.asdict(given))

    async def see(**_: Any) -> None:
        loop.call_soon_threadsafe(changed)

    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(log_in)
    for kind in kinds:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(see)
    thread = KopfThread(registry, settings())
    thread.start()
    try:
        why = await thread.ending
    finally:
        ended = await thread.end()
        if not ended:
            _log.error("kopf hangs, and is left alone")
    if not ended:
        raise RuntimeError(f"kopf gave up, and hangs: {why}")
    raise ClusterError(f"kopf gave up: {why}")


def settings() -> kopf.OperatorSettings:
    """How kopf behaves: silent towards the cluster, and without any trace of its own name."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True  # our kinds are there, and it need not watch for others
    chosen.watching.chunk_size = _CHUNK
    chosen.watching.connect_timeout = 10.0
    chosen.networking.request_timeout = 30.0
    chosen.networking.connect_timeout = 10.0
    chosen.queueing.idle_timeout = 1.0  # seconds that a task for each object stays
    chosen.process.ultimate_exiting_timeout = None  # it would kill the whole process
    chosen.persistence.finalizer = f"{PREFIX}/operator"
    chosen.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=PREFIX)
    chosen.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=PREFIX)
    return chosen
