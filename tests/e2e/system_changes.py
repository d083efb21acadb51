"""What goes on in a cluster meanwhile: certificates change, replicas are replaced, load comes."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.e2e.counters import counted
from tests.e2e.load import Load, Wanted, delete_pods, send_load, stored
from tests.e2e.replicas import policy
from tests.e2e.server import wait_until
from tests.e2e.system_view import SECRET
from webhook.demo.samples import samples
from webhook.operator.authority import BACKDATED, LEAF_LIFETIME, Issued, issue, renewed_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from tests.e2e.processes import Process
    from tests.e2e.system import System

_NAMES = ["localhost"]
_ROTATION_SECONDS = 60.0


def due_in(time: timedelta) -> Issued:
    """A certificate that is to be renewed after so long."""
    now = datetime.now(UTC)
    renewed = renewed_at(now - BACKDATED, now + LEAF_LIFETIME) - now
    return issue(_NAMES, now + time - renewed)


def begin_rotation(system: System) -> bytes:
    """Ask for one as docs/operations.md says; gives the CA that has to go."""
    serving = system.stored().serving
    assert serving is not None
    assert system.plane.ask("DELETE", SECRET)[0] == 200
    return serving.ca


def wait_rotated(system: System, old: bytes) -> None:
    """Wait until another CA is all that is trusted."""
    wait_until(
        lambda: system.settled() and old not in system.bundle(), "rotated", _ROTATION_SECONDS
    )


class Changes:
    """Goes on for as long as the block, and counts what was done whole.

    Attributes:
        rotations: CAs that were replaced.
        replaced: replicas that made room for a new one.
    """

    def __init__(self, system: System) -> None:
        self.rotations = 0
        self.replaced = 0
        self._system = system
        self._number = 0
        self._retired: list[Process] = []

    async def rotate(self, done: asyncio.Event) -> None:
        """One rotation after the other."""
        while not done.is_set():
            old = await asyncio.to_thread(begin_rotation, self._system)
            await asyncio.to_thread(wait_rotated, self._system, old)
            self.rotations += 1

    async def replace(self, done: asyncio.Event) -> None:
        """A rolling restart after the other: a new replica is ready before an old one goes."""
        while not done.is_set():
            await asyncio.to_thread(self._replace_oldest)
            self.replaced += 1

    def _replace_oldest(self) -> None:
        oldest = next(iter(self._system.replicas))
        self._number += 1
        self._system.start_replica(f"next-{self._number}").wait_ready()
        self._system.balancer.wait_ready(len(self._system.replicas))
        self._retired.append(self._system.retire(oldest))

    def end(self) -> None:
        """End the replicas that still wait for the API server to close its connections."""
        for process in self._retired:
            if process.running:
                process.signal(signal.SIGTERM)
        assert {process.wait(30) for process in self._retired} <= {0}


def every_kind(system: System) -> Callable[[int], Wanted]:
    """The demo's Pods in turn; every third is a good one, so that most have to be refused."""
    wanted = [
        Wanted(one.pod["spec"]["containers"][0]["image"], admitted=one.decision != "denied")
        for one in samples(system.host)
        # What is cured in the Pod cannot be sent as an image alone.
        if "shareProcessNamespace" not in one.pod["spec"]
    ]
    good = next(one for one in wanted if one.admitted)
    return lambda number: good if number % 3 == 0 else wanted[number % len(wanted)]


def enforce(system: System, namespace: str) -> None:
    """The demo's policy for the namespace; returns when all replicas follow it."""
    system.create(policy(f"for-{namespace}", [namespace], rules=system.rules))
    tagged = f"{system.host}/prod/web:1.0"
    wait_until(
        lambda: not any(one["allowed"] for one in system.answers(namespace, tagged).values()),
        "the policy is in force",
    )


class Judged:
    """A load that is over, and what it left: the judge of a fault test."""

    def __init__(self, load: Load, slipped: tuple[str, ...], missing: tuple[str, ...]) -> None:
        self.load = load
        self.slipped = slipped
        self.missing = missing
        self.call_failures = 0
        """What the API server counted."""

    @property
    def figures(self) -> str:
        """For the record."""
        load = self.load
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(load.tally.items()))
        return (
            f"n={len(load.sent)} at {load.per_second:.0f}/s ({told}), "
            f"failed={len(load.failed)}, wrong={len(load.wrong)}, "
            f"slipped={len(self.slipped)}, missing={len(self.missing)}, "
            f"failed calls by the API server's count={self.call_failures}, "
            f"slowest {load.longest():.2f} s"
        )

    def assert_nothing_got_in(self) -> None:
        """What was meant to be refused is not there, and no verdict was a wrong one."""
        assert self.slipped == (), self.figures
        assert self.load.wrong == [], self.figures

    def assert_flawless(self) -> None:
        """That, and every Pod got a verdict."""
        self.assert_nothing_got_in()
        assert self.load.failed[:3] == [], self.figures
        assert self.missing == (), self.figures
        assert self.call_failures == 0, self.figures


async def under_load(
    system: System, namespace: str, *, count: int, per_second: float, stop: asyncio.Event
) -> Judged:
    """Send the load, until it is asked to stop, and judge it."""
    before = await asyncio.to_thread(counted, system.plane)
    load = await send_load(
        system.plane,
        namespace,
        every_kind(system),
        count=count,
        per_second=per_second,
        stop=stop,
    )
    stop.set()
    there = await stored(system.plane, load)
    judged = Judged(load, there.slipped, there.missing)
    judged.call_failures = (await asyncio.to_thread(counted, system.plane)).since(before).failures
    await delete_pods(system.plane, load)
    return judged
