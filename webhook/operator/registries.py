"""Asks every registry now and then whether it is there and lets us in, and writes what it said."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import REGISTRIES
from webhook.core.facts import Reason, Unknown
from webhook.core.printable import printable
from webhook.errors import RegistryError
from webhook.operator.bell import Bell
from webhook.operator.probe import Looked, conditions, fields, set_aside
from webhook.operator.statuses import write_conditions
from webhook.registry.forbidden import NOTHING, Forbidden
from webhook.registry.logins import Logins
from webhook.registry.ping import ping
from webhook.registry.transport import Connections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.core.registries import Registry
    from webhook.operator.conditions import Found
    from webhook.operator.desk import Desk
    from webhook.operator.reading import Item
    from webhook.registry.cloud.logins import CloudLogins
    from webhook.registry.credentials import Held, Secrets

_AT_ONCE = 8
_PATIENCE = 15.0
"""Seconds for all questions to one registry."""
_LOOK_SECONDS = 2.0
"""Between two looks at what is due; a Secret that changed shows within it."""
_TROUBLED = 0.2
"""Of the usual pause, where a registry is not ready: whoever mends it wants to see that."""


class ProbeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How often registries are asked."""

    seconds: float = 300.0
    """Between two looks at one registry."""


class _Known(msgspec.Struct):
    """What a registry was asked about last, and when it is asked again."""

    basis: object
    due: float
    looked: Looked | None = None
    ready: bool = False


class Prober:
    """Looks at each registry at once when it, or its Secret, changed; else when it is due."""

    def __init__(
        self,
        api: Api,
        desk: Desk,
        *,
        secrets: Secrets,
        secrets_read: Callable[[], bool],
        clock: Callable[[], datetime],
        options: ProbeOptions | None = None,
        cloud: CloudLogins | None = None,
        forbidden: Forbidden = NOTHING,
    ) -> None:
        """Nothing is asked before `run`.

        Args:
            api: where the statuses go.
            desk: tells which registries there are.
            secrets: the logins, by name.
            secrets_read: whether `secrets` knows them yet.
            clock: aware times.
            options: see there.
            forbidden: where no registry may lead.
        """
        self.bell = Bell()
        """Rung when the desk read other Registries."""
        self.changed: Callable[[], None] = lambda: None
        """Called when a Registry that was known, or its Secret, is another one now."""
        self._api = api
        self._desk = desk
        self._secrets = secrets
        self._secrets_read = secrets_read
        self._clock = clock
        self._options = options or ProbeOptions()
        self._logins = Logins(secrets, cloud)
        self._forbidden = forbidden
        self._known: dict[str, _Known] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)

    def latest(self) -> Mapping[str, tuple[Looked, bool]]:
        """What each registry said last, and whether it is ready."""
        return {
            name: (known.looked, known.ready)
            for name, known in self._known.items()
            if known.looked is not None
        }

    async def run(self) -> None:
        """Look for ever."""
        await self._desk.read.wait()
        while True:
            await self._round()
            await self.bell.wait(_LOOK_SECONDS)

    async def _round(self) -> None:
        """Look at all that are due, and forget those that are gone."""
        now = asyncio.get_running_loop().time()
        for name in self._known.keys() - self._desk.items.keys():
            del self._known[name]
        usable = {one.name: one for one in self._desk.registries.all if not one.broken}
        async with asyncio.TaskGroup() as group:
            for name, item in self._desk.items.items():
                registry = usable.get(name)
                if registry is not None and registry.secret_name and not self._secrets_read():
                    continue
                basis = self._basis(item, registry)
                known = self._known.get(name)
                if known is None or known.basis != basis:
                    if known is not None:
                        self.changed()
                    known = self._known[name] = _Known(basis, now)
                if known.due <= now:
                    known.due = now + self._options.seconds * _jitter()
                    group.create_task(self._look(name, item, registry, known))

    def _basis(self, item: Item, registry: Registry | None) -> object:
        """What an answer depends on, as far as it is ours."""
        secret = registry.secret_name if registry else ""
        return (
            item.metadata.uid,
            item.metadata.generation,
            registry,
            self._secrets(secret) if secret else None,
            self._desk.broken.get(item.metadata.name),
        )

    async def _look(self, name: str, item: Item, registry: Registry | None, known: _Known) -> None:
        now = self._clock()
        if registry is None:
            why = self._desk.broken.get(name, "it cannot be used")
            found = set_aside(why)
            told = dict.fromkeys(fields(Unknown(Reason.NOT_CONFIGURED, why), now))
        else:
            async with self._room:
                known.looked, found = await self._ask(registry)
            told = dict(fields(known.looked, now))
        known.ready = found[0].status.value == "True"
        if not known.ready and registry is not None:
            known.due -= (1 - _TROUBLED) * self._options.seconds
        # The object may have been written meanwhile, by us too.
        latest = self._desk.items.get(name, item)
        await write_conditions(
            self._api, REGISTRIES, latest, found, told, now=now, limit=self._room
        )

    async def _ask(self, registry: Registry) -> tuple[Looked, list[Found]]:
        unusable: Unknown | None = None
        credentials: list[Held] = []
        try:
            credentials = await self._logins.of(registry.location, registry)
        except RegistryError as error:
            unusable = Unknown(error.reason, str(error))
        if registry.secret_name and not credentials and unusable is None:
            unusable = Unknown(
                Reason.UNAUTHORIZED,
                f"Secret {registry.secret_name} holds no credentials for {registry.location}",
            )
        looked: Looked
        try:
            connections = Connections(forbidden=self._forbidden)
            looked = await ping(registry, credentials, seconds=_PATIENCE, connections=connections)
        except RegistryError as error:
            looked = Unknown(error.reason, printable(str(error), 500))
        return looked, conditions(looked, credentials=len(credentials), unusable=unusable)


def _jitter() -> float:
    """Not all at the same moment."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - no secret
