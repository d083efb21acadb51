"""A balancer in a loop of its own: a test may wait, and the API server is served meanwhile."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tests.e2e.balancer import Backend, Balancer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_PATIENCE = 60.0


class BalancerThread:
    """A context manager; every method may be called from any thread but its own."""

    def __init__(self) -> None:
        self.balancer = Balancer()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer", daemon=True)

    @property
    def url(self) -> str:
        """For `clientConfig.url` of a webhook behind it."""
        return self.balancer.url

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self.balancer.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self.balancer.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def replace(self, *backends: Backend) -> None:
        """As `Balancer.replace`."""
        self._run(_called(lambda: self.balancer.replace(*backends)))

    def ready(self) -> frozenset[Backend]:
        """The replicas that get connections now."""
        return self._run(_called(lambda: self.balancer.ready))

    def wait_ready(self, count: int) -> None:
        """As `Balancer.wait_ready`."""
        self._run(self.balancer.wait_ready(count))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)


async def _called(function: Callable[[], T]) -> T:
    return function()
