"""A process with what some replicas know of a cluster: `KUBECONFIG COUNT`.

It prints a line of JSON for everything that happens, and a report for every line it is given; it
ends with its standard input.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from bench.scale.processes import Wire, megabytes
from webhook.cli.serving import settle
from webhook.cluster.login import open_api
from webhook.cluster.state import ClusterState
from webhook.core.resources import gather_policies
from webhook.core.rules.provenance import ProvenanceRule

_TICK_SECONDS = 0.005
_LOOK_SECONDS = 1.0


class Synced(msgspec.Struct, frozen=True, tag="synced"):
    """All replicas of this process know everything."""

    seconds: float
    """From the first request on."""
    processor_seconds: float
    base_megabytes: float
    """Before the first request."""
    megabytes: float
    received: int
    """Bytes from the API server, TLS included."""
    stall_ms: float
    """The longest that the event loop was late."""
    computed_ms: float
    """The longest that it computed without looking at anything else: no noise of neighbours."""


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """One replica has other policies."""

    replica: int
    at: float
    """Of the machine's monotonic clock, which all processes share."""
    sources: tuple[str, ...]
    """What its policy says."""


class Report(msgspec.Struct, frozen=True, tag="report"):
    """What the process has needed until now."""

    megabytes: float
    processor_seconds: float
    received: int


Said = Synced | Changed | Report


class Ticker:
    """Measures how long the event loop lets a timer wait."""

    def __init__(self) -> None:
        self.stall = 0.0
        self.computed = 0.0

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            wall, computed = time.monotonic(), time.thread_time()
            await asyncio.sleep(_TICK_SECONDS)
            self.stall = max(self.stall, time.monotonic() - wall - _TICK_SECONDS)
            self.computed = max(self.computed, time.thread_time() - computed)


def say(what: Said) -> None:
    """Print it."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


def sources_of(state: ClusterState) -> tuple[str, ...]:
    """What marks a policy."""
    return tuple(
        source
        for policy in state.policies().policies
        for active in policy.rules
        if isinstance(active.rule, ProvenanceRule)
        for source in active.rule.sources
    )


async def main(kubeconfig: str, count: str) -> None:
    """Follow the cluster until nobody listens any more."""
    wire, ticker = Wire(), Ticker()
    base = megabytes("self")
    gather = partial(gather_policies, exception_namespaces=frozenset(), max_exception_days=90)
    async with AsyncExitStack() as stack:
        apis = [
            await stack.enter_async_context(open_api(kubeconfig=Path(kubeconfig)))
            for _ in range(int(count))
        ]
        settle()  # as in a replica that serves, and must see everything anew
        states = [ClusterState(api, namespace="default", gather=gather) for api in apis]
        started, computed = time.monotonic(), time.process_time()
        tasks = [asyncio.create_task(one) for one in (ticker.run(), _look(wire))]
        tasks += [asyncio.create_task(state.run()) for state in states]
        await asyncio.gather(*(state.wait_synced() for state in states))
        took = time.monotonic() - started
        wire.look()
        say(
            Synced(
                took,
                time.process_time() - computed,
                base,
                megabytes("self"),
                wire.received,
                ticker.stall * 1000,
                ticker.computed * 1000,
            )
        )
        for number, state in enumerate(states):
            state.on_change(partial(_changed, number, state))
        await _reports(wire)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _changed(number: int, state: ClusterState) -> None:
    say(Changed(number, time.monotonic(), sources_of(state)))


async def _look(wire: Wire) -> None:
    while True:
        wire.look()
        await asyncio.sleep(_LOOK_SECONDS)


async def _reports(wire: Wire) -> None:
    """Answer every line with a report, until there are no more."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        wire.look()
        say(Report(megabytes("self"), time.process_time(), wire.received))


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    uvloop.run(main(*sys.argv[1:]))
