"""A registry that listens beside the command, which brings an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING

from webhook.demo.registry import DemoRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def registry_in_thread() -> Iterator[DemoRegistry]:
    """A demo registry in a loop and a thread of its own; add images before you ask."""
    ready: Future[tuple[DemoRegistry, Callable[[], object]]] = Future()

    async def serve() -> None:
        async with DemoRegistry() as registry:
            loop, end = asyncio.get_running_loop(), asyncio.Event()
            ready.set_result((registry, lambda: loop.call_soon_threadsafe(end.set)))
            await end.wait()

    # `run` ends also a request that was to hang for long.
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    registry, stop = ready.result(30)
    try:
        yield registry
    finally:
        stop()
        thread.join(30)


def reachable(registry: DemoRegistry, folder: Path) -> Path:
    """A policy file that says how to reach the registry, and nothing else."""
    path = folder / "registries.yaml"
    path.write_text(
        f"""\
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {{name: demo}}
spec:
  host: {registry.host}
  environment: production
  allowPrivateAddresses: true
  tls: {{plainHTTP: true}}
""",
        encoding="utf-8",
    )
    return path
