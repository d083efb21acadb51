"""Files that change while the server runs: read anew, tried, and used only if they are good."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Generic, TypeVar

from webhook.core.printable import printable
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from webhook.admission.metrics import Metrics

S = TypeVar("S")
T = TypeVar("T")

_log = logging.getLogger(__name__)


class Reload(Generic[S, T]):
    """Looks at what `read` returns; when it has changed, makes something of it and takes that.

    By content, not by time or inode: Secrets and ConfigMaps are swapped by symbolic links, and two
    files of one generation may be seen one after the other. What cannot be used is said once, and
    what was in force before stays.
    """

    def __init__(
        self,
        what: str,
        *,
        read: Callable[[], S],
        make: Callable[[S], T],
        take: Callable[[T], None],
        before: S,
        metrics: Metrics,
    ) -> None:
        """Put a reload together.

        Args:
            what: names it in logs and metrics.
            read: the files as one value that can be compared; may block, runs in a thread.
            make: turns it into what is used, likewise; raises InputError for what is no good.
            take: puts it in force; runs on the event loop.
            before: the value in force.
            metrics: told of every change.
        """
        self._what = what
        self._read = read
        self._make = make
        self._take = take
        self._in_force = before
        self._complaint = ""
        self._metrics = metrics
        metrics.reload_failing[what] = False

    @property
    def complaint(self) -> str:
        """What is wrong with what was read last; empty where nothing is. Not printable yet."""
        return self._complaint

    async def watch(self, seconds: float) -> None:
        """Look every so many seconds, for ever."""
        while True:
            await asyncio.sleep(seconds)
            await self.look()

    async def look(self) -> None:
        """Look once. What failed before is tried again: a certificate becomes valid with time."""
        try:
            value = await asyncio.to_thread(self._read)
            if value != self._in_force:
                made = await asyncio.to_thread(self._make, value)
                self._take(made)
                self._in_force = value
                self._metrics.reloads[self._what, "ok"] += 1
                _log.info("the %s was read anew", self._what)
        except InputError as error:
            self._failed(str(error))
        else:
            self._complaint = ""
            self._metrics.reload_failing[self._what] = False

    def _failed(self, complaint: str) -> None:
        self._metrics.reload_failing[self._what] = True
        if complaint == self._complaint:
            return
        self._complaint = complaint
        self._metrics.reloads[self._what, "failed"] += 1
        _log.error(
            "the %s cannot be used, what was read before stays in force: %s",
            self._what,
            printable(complaint, 1000),
        )


def read_contents(paths: Sequence[Path]) -> tuple[bytes, ...]:
    """The contents of some files, to compare; blocks.

    Raises:
        InputError: one of them cannot be read.
    """
    contents = []
    for path in paths:
        try:
            contents.append(path.read_bytes())
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return tuple(contents)
