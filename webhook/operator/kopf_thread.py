"""kopf in a thread and an event loop of its own: it cancels whatever else runs there when it ends.

It is begun by its public parts, and ended by us. `kopf.run_tasks` cancels what it began once and
waits for ever; a watch that is cancelled together with its pause waiter while the API server still
owes it the headers takes that for a pause, and watches on (`stream` in clients/api.py, 1.45.2).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import TYPE_CHECKING

import kopf

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_END_SECONDS = 8.0
"""For the thread to end; less than the leader waits for its work."""
_ROUNDS = 3
_ROUND_SECONDS = 1.0
_LAST = "pause-waiter for "
"""So the tasks are named that are cancelled after all others: see above."""
_ONCE = "startup/cleanup activities"
"""The task that closes kopf's connections when the others are gone; cancelled twice it does not."""
_QUIET = "OS signals are ignored: running not in the main thread."


class KopfThread:
    """One run of kopf; a daemon thread, so that a process can end which it does not let go of."""

    def __init__(self, registry: kopf.OperatorRegistry, settings: kopf.OperatorSettings) -> None:
        """Prepare it, inside the event loop that wants to hear of its end."""
        self._loop = asyncio.get_running_loop()
        self._registry = registry
        self._settings = settings
        self._stop = threading.Event()
        self._gone = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self.ending: asyncio.Future[str] = self._loop.create_future()
        """Done as soon as kopf gives up, with the reason, printable; it may hang after that."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    async def end(self) -> bool:
        """Let it end, whatever it does; False: it did not in time, and is left alone."""
        self._stop.set()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._gone.wait()
        except TimeoutError:
            return False
        return True

    def _run(self) -> None:
        quiet = _Quiet()
        loggers = [logging.getLogger(name) for name in ("kopf", "kopf._core.reactor.running")]
        # «Handler succeeded» for every event is nothing that anybody waits for.
        loggers[0].setLevel(max(loggers[0].level, logging.WARNING))
        loggers[1].addFilter(quiet)
        try:
            asyncio.run(self._watch())
        except Exception as error:  # noqa: BLE001 - whatever it is, our loop must hear of it
            self._tell(error)
        finally:
            loggers[1].removeFilter(quiet)
            self._call(self._gone.set)

    async def _watch(self) -> None:
        tasks = await kopf.spawn_tasks(
            registry=self._registry,
            settings=self._settings,
            standalone=True,
            clusterwide=True,
            stop_flag=self._stop,
        )
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        errors = [task.exception() for task in done if not task.cancelled()]
        self._tell(next(filter(None, errors), None))
        await _end_all()

    def _tell(self, error: BaseException | None) -> None:
        why = "no reason given" if error is None else f"{type(error).__name__}: {error}"
        self._call(self._told, printable(why))

    def _told(self, why: str) -> None:
        if not self.ending.done():
            self.ending.set_result(why)

    def _call(self, function: Callable[..., object], *args: object) -> None:
        # One that was left alone may outlive the loop that began it.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *args)


async def _end_all() -> None:
    """Cancel what runs in this loop until it is gone; several times, as kopf swallows some."""
    us = {asyncio.current_task()}
    closing = {task for task in asyncio.all_tasks() if task.get_name() == _ONCE}
    for task in closing:
        task.cancel()
    for _ in range(_ROUNDS):
        tasks = asyncio.all_tasks() - us - closing
        await _end([task for task in tasks if not task.get_name().startswith(_LAST)])
        if not await _end(asyncio.all_tasks() - us - closing):
            break
    if closing:
        await asyncio.wait(closing, timeout=_ROUND_SECONDS)
        await _end([task for task in closing if not task.done()])


async def _end(tasks: Collection[asyncio.Task[object]]) -> Collection[asyncio.Task[object]]:
    """Cancel tasks; gives those that are not done after a round."""
    if not tasks:
        return ()
    for task in tasks:
        task.cancel()
    done, pending = await asyncio.wait(tasks, timeout=_ROUND_SECONDS)
    for task in done:
        if not task.cancelled():
            task.exception()  # seen, or asyncio reports it when the task is collected
    return pending


class _Quiet(logging.Filter):
    """Keeps back that kopf leaves signals alone: that is why it has a thread."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.getMessage() != _QUIET
