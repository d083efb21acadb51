"""The login of a Registry that names a provider, asked for anew before it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from webhook.core.cloud_hosts import belongs, ecr_host
from webhook.core.facts import Reason
from webhook.errors import RegistryError, UnavailableError
from webhook.registry.cloud.acr import acr_login
from webhook.registry.cloud.asking import Asking
from webhook.registry.cloud.ecr import ecr_login
from webhook.registry.cloud.gar import gar_login
from webhook.registry.credentials import Credential, Held
from webhook.registry.flights import Flights

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.registry.cloud.given import Given
    from webhook.registry.cloud.place import CloudPlace

_NAMES = {"ecr": "Amazon ECR", "acr": "Azure Container Registry", "gar": "Artifact Registry"}
_MAX_KEPT = 1024
_NEW_SECONDS = 60.0
"""A login that is refused so soon is not refused for its age."""


class _Kept(msgspec.Struct, frozen=True):
    credential: Credential
    since: float
    until: float


class CloudLogins:
    """Logins by provider and by what they are good for."""

    def __init__(
        self,
        place: CloudPlace,
        clock: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        asking: Asking | None = None,
        writes: bool = False,
    ) -> None:
        """Nothing is asked yet.

        Args:
            place: where we run.
            clock: the time, aware; signatures carry it.
            monotonic: seconds that never go back.
            asking: how the clouds are asked.
            writes: whether a login must be good for pushes and deletions, too.
        """
        self._place = place
        self._clock = clock
        self._monotonic = monotonic
        self._asking = asking or Asking()
        self._writes = writes
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._flights: Flights[tuple[str, str], Given] = Flights()

    async def of(self, provider: str, host: str, registry: str) -> list[Held]:
        """The login for a host of the provider; for any other there is none.

        Args:
            provider: `ecr`, `acr` or `gar`.
            host: of the registry, in normal form.
            registry: name of the Registry, for messages.

        Raises:
            UnavailableError: nobody gives us one; the message says who and why.
        """
        key = _key(provider, host)
        if key is None:
            return []
        source = f"the login that {_NAMES[provider]} gives to Registry {registry}"
        kept = self._kept.get(key)
        if kept is None or self._monotonic() >= kept.until:
            asked = self._monotonic()
            try:
                given = await self._flights.join(key, lambda: self._ask(provider, host))
            except RegistryError as error:
                reason = error.reason
                if reason is Reason.BAD_CONTENT:
                    reason = Reason.UNAUTHORIZED
                raise UnavailableError(reason, f"{source} could not be had: {error}") from error
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            kept = self._kept[key] = _Kept(given.credential, asked, asked + given.seconds)
        return [Held(kept.credential, source)]

    def forget(self, provider: str, host: str) -> bool:
        """Its registry refused it. True where another one may be better: this one was not new."""
        key = _key(provider, host)
        kept = None if key is None else self._kept.get(key)
        if key is None or kept is None or self._monotonic() - kept.since < _NEW_SECONDS:
            return False
        del self._kept[key]
        return True

    async def close(self) -> None:
        """End what is being asked, and close every connection."""
        await self._flights.close()
        await self._asking.close()

    async def _ask(self, provider: str, host: str) -> Given:
        now = self._clock()
        match provider:
            case "acr":
                return await acr_login(self._asking, self._place, host)
            case "gar":
                return await gar_login(self._asking, self._place, now, writes=self._writes)
            case _:
                found = ecr_host(host)
                if found is None:  # pragma: no cover - `_key` let nothing else through
                    raise UnavailableError(Reason.UNAUTHORIZED, f"{host} is no ECR")
                return await ecr_login(self._asking, self._place, found, now)


def _key(provider: str, host: str) -> tuple[str, str] | None:
    """What one login is good for; None where the host is not the provider's."""
    if not belongs(provider, host):
        return None
    found = ecr_host(host)
    if provider == "ecr" and found is not None:
        return provider, found.endpoint
    # Google's login opens all of its registries, Azure's the one that gave it.
    return provider, host if provider == "acr" else ""
