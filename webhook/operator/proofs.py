"""Every replica proves, again and again, that it shows the certificate that is in the Secret."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.operator.handshake import Shown, shows
from webhook.operator.replicas import Replica, Seen, Sightings
from webhook.operator.steady import Steady
from webhook.operator.stored import union

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.operator.scene import Scene
    from webhook.operator.stored import Stored

LONGEST_GAP = 30.0
"""Seconds without a look after which a proof begins anew."""
_EVERY = 5.0
"""Seconds between two looks."""
_SHORTEST = 2.0
_MOST_FRESH = 500
_MOST_STALE = 32
"""Replicas that fell silent; the youngest of them are asked too."""
_STALE_SECONDS = 3600.0
"""After which nobody asks any more: the address may be another's by now."""
_AT_ONCE = 32

_log = logging.getLogger(__name__)


class Census(msgspec.Struct, frozen=True):
    """One look at all replicas."""

    trust: tuple[bytes, ...] = ()
    """CAs by which they were asked to prove themselves."""
    fresh: int = 0
    ready: int = 0
    """Fresh, ready by their own word, and proven."""
    hindrances: tuple[str, ...] = ()
    """Why an old CA must stay."""
    clock: float | None = None
    clock_known: bool = False


class Proofs:
    """The latest census, and for how long there was nothing to be said against it."""

    def __init__(self, scene: Scene, clock: Callable[[], datetime]) -> None:
        """Nothing is asked before `run`."""
        self.census = Census()
        self._scene = scene
        self._clock = clock
        self._sightings = Sightings()
        self._steady = Steady(LONGEST_GAP)
        self._proven = 0.0
        self._looked = 0.0
        self._said: tuple[str, ...] = ()

    def proven(self, trust: tuple[bytes, ...]) -> float:
        """Seconds that all replicas, at least one, have shown a certificate from these CAs."""
        late = asyncio.get_running_loop().time() - self._looked > LONGEST_GAP
        return self._proven if trust and self.census.trust == trust and not late else 0.0

    async def run(self) -> None:
        """Look for ever."""
        await self._scene.wait_synced()
        ear = self._scene.ear()
        while True:
            ear.clear()
            await self.look()
            await asyncio.sleep(_SHORTEST)
            try:
                async with asyncio.timeout(_EVERY):
                    await ear.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Ask every replica once."""
        scene = self._scene
        seen = self._sightings.look(
            list(scene.leases.held.values()), asyncio.get_running_loop().time(), self._clock()
        )
        trust = trusted(scene.stored)
        self.census = await self._asked(seen, trust, scene.live_bundle)
        good = trust and self.census.fresh and not self.census.hindrances
        self._looked = asyncio.get_running_loop().time()
        self._proven = self._steady.see(
            trust if good and not scene.leases.problem else None, self._looked
        )
        if self._said != self.census.hindrances:
            self._said = self.census.hindrances
            for hindrance in self._said:
                _log.info("%s", hindrance)

    async def _asked(self, seen: Seen, trust: tuple[bytes, ...], live: tuple[bytes, ...]) -> Census:
        fresh = [one for one in seen.replicas if one.fresh]
        stale = [one for one in seen.replicas if not one.fresh and one.age < _STALE_SECONDS]
        old = tuple(ca for ca in union(self._scene.stored.bundle, live) if ca not in trust)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(replica: Replica) -> str:
            async with turns:
                return await self._hindrance(replica, trust, old)

        asked = [*fresh[:_MOST_FRESH], *stale[:_MOST_STALE]] if trust else []
        found = dict(zip(asked, await asyncio.gather(*map(ask, asked)), strict=True))
        hindrances = [said for said in found.values() if said]
        if len(fresh) > _MOST_FRESH:
            hindrances.append(f"{len(fresh)} replicas: more than {_MOST_FRESH} are not asked")
        return Census(
            trust=trust,
            fresh=len(fresh),
            ready=sum(one.fresh and one.said.ready and not found[one] for one in found),
            hindrances=tuple(hindrances),
            clock=seen.clock,
            clock_known=seen.clock_known,
        )

    async def _hindrance(
        self, replica: Replica, trust: tuple[bytes, ...], old: tuple[bytes, ...]
    ) -> str:
        """Why this replica still needs an old CA; empty where it does not."""
        name = f"replica {printable(replica.said.name, 100)}"
        server_name = self._scene.options.shape.endpoint.server_name
        address = replica.said.address
        if address is None:
            return f"{name}: its Lease names no address that may be asked" if replica.fresh else ""
        shown = await shows(address, trust, server_name)
        if shown is Shown.GOOD:
            return ""
        if replica.fresh:
            return f"{name} has not proven the certificate of the Secret: it {shown.value}"
        # It has stopped to say that it is there. It may serve all the same.
        if old and await shows(address, old, server_name) is Shown.GOOD:
            return f"{name} has not renewed its Lease, and still serves with an old certificate"
        return ""


def trusted(stored: Stored) -> tuple[bytes, ...]:
    """The CAs alone by which replicas have to prove themselves."""
    return (stored.serving.ca,) if stored.serving else stored.bundle
