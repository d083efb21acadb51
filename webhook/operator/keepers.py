"""What the leader runs: keepers, each of which keeps one thing for ever."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
"""Seconds before a keeper that the API server stopped begins anew."""
_LONG_ENOUGH = 120.0
"""Seconds after which a keeper that ran counts as well; the next pause is a short one again."""

_log = logging.getLogger(__name__)


class Keeper(msgspec.Struct, frozen=True):
    """A coroutine that has no end."""

    name: str
    """For messages: what is kept."""
    run: Callable[[], Coroutine[Any, Any, None]]


class Troubles(msgspec.Struct):
    """Which keepers wait for the API server, and what it said."""

    by_name: dict[str, str] = {}


async def keep(keepers: Iterable[Keeper], troubles: Troubles | None = None) -> None:
    """Run all keepers for ever.

    What the API server refuses is said, and the keeper begins anew after a while; any other
    exception is a bug, and a keeper that is away would be missed by nobody: it ends them all.

    Args:
        keepers: each is run once at a time.
        troubles: kept up to date.

    Raises:
        Exception: what the first of them died of; it is logged with the keeper's name.
    """
    told = troubles or Troubles()
    tasks = {
        asyncio.create_task(_kept(keeper, told), name=keeper.name): keeper for keeper in keepers
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept(keeper: Keeper, troubles: Troubles) -> None:
    loop = asyncio.get_running_loop()
    pause = _FIRST_PAUSE
    while True:
        began = loop.time()
        try:
            await keeper.run()
        except* ClusterError as group:
            said = "; ".join(sorted({str(error) for error in _leaves(group)}))
            _log.warning("%s: %s; beginning anew in a while", keeper.name, said)
            troubles.by_name[keeper.name] = said
        except* Exception as group:
            _log.critical("%s died, so the operator ends", keeper.name, exc_info=group)
            raise
        else:
            _log.critical("%s ended, so the operator ends", keeper.name)
            raise RuntimeError(f"{keeper.name} ended, and has no end")
        if loop.time() - began > _LONG_ENOUGH:
            pause = _FIRST_PAUSE
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        pause = min(2 * pause, _LONGEST_PAUSE)
        troubles.by_name.pop(keeper.name, None)


def _leaves(group: BaseExceptionGroup[ClusterError]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
