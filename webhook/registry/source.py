"""Where the engine gets its facts: a file, else memory, else a configured registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.printable import printable
from webhook.core.registries import Registry
from webhook.errors import RegistryError
from webhook.registry.cache import Pinned, Tagged, question

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.image import ImageRef
    from webhook.core.registries import Registries
    from webhook.core.workload import Workload
    from webhook.registry.client import RegistryClient
    from webhook.registry.given import GivenFacts

_MAX_PLACES = 16_384


class _Asked(msgspec.Struct, frozen=True):
    """An image whose registry is asked, and the question as memory keeps it."""

    registry: Registry
    question: Tagged | Pinned


_Place: TypeAlias = ImageFacts | Unknown | _Asked

_OFFLINE = Unknown(Reason.OFFLINE, "not looked up: nothing is asked over the network (--offline)")


class RegistrySource:
    """Facts about images. A registry that no Registry names is never contacted."""

    def __init__(
        self,
        *,
        registries: Callable[[], Registries],
        client: RegistryClient | None,
        given: GivenFacts,
        ask_unconfigured: bool = False,
    ) -> None:
        """Put the sources together.

        Args:
            registries: those configured now; another object means that they changed.
            client: asks them; None where nothing may be asked.
            given: facts that need no registry.
            ask_unconfigured: whether any registry may be asked, over HTTPS and past the guard: only
                where a person typed the name.
        """
        self._registries = registries
        self._client = client
        self._given = given
        self._ask_unconfigured = ask_unconfigured
        self._places: dict[ImageRef, _Place] = {}
        self._places_of: Registries | None = None

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What can be said at once; None where `learn` must be asked."""
        place = self._place(ref)
        if not isinstance(place, _Asked):
            return place
        return _OFFLINE if self._client is None else self._client.known(place.question, needs)

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """Ask the registry; every failure of its own is an `Unknown`."""
        del workload  # its pull secrets will count here, one day
        place = self._place(ref)
        if not isinstance(place, _Asked):
            return place
        if self._client is None:
            return _OFFLINE
        try:
            return await self._client.facts(ref, needs, place.registry)
        except RegistryError as error:
            return Unknown(error.reason, str(error))

    def _place(self, ref: ImageRef) -> _Place:
        """Where facts about the image are; remembered, the hot path comes by here."""
        registries = self._registries()
        if registries is not self._places_of or len(self._places) > _MAX_PLACES:
            self._places = {}
            self._places_of = registries
        place = self._places.get(ref)
        if place is None:
            place = self._places[ref] = self._find(ref, registries)
        return place

    def _find(self, ref: ImageRef, registries: Registries) -> _Place:
        facts = self._given.of(ref)
        if facts is not None:
            return facts
        registry = registries.of(ref)
        if registry is None and self._ask_unconfigured:
            registry = Registry(name="", host=ref.host)
        if registry is None:
            return _not_configured(ref)
        return _Asked(registry, question(ref, registry))


def _not_configured(ref: ImageRef) -> Unknown:
    return Unknown(
        Reason.NOT_CONFIGURED,
        f"not looked up: no Registry is configured for {printable(ref.name, 200)}",
    )
