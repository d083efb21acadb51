"""Which build made an image: asked of what is attached to it, and kept by digest.

What lies in the image's own index, and what a key of the policies signed, stays true and is kept
without end. That there is nothing, or that it could not be asked, is believed for seconds.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from webhook.core.build import Build
from webhook.core.facts import ImageFacts, PlatformImage, Unknown
from webhook.core.promotion import place_of
from webhook.errors import RegistryError
from webhook.registry.attestations import Question, attestations
from webhook.registry.cache import Brief
from webhook.registry.flights import Flights
from webhook.registry.slsa import read_build
from webhook.registry.statements import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.image import ImageRef
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registry
    from webhook.registry.attestations import Attested
    from webhook.registry.client import RegistryClient

GAP_SECONDS = 5.0
_MAX_KEPT = 16_384
"""Images; 20 MB at most."""
_WANTED = frozenset({Kind.PROVENANCE})

Keys: TypeAlias = tuple["PublicKey", ...]
_Builds: TypeAlias = tuple[Build | Unknown, ...]
_Key: TypeAlias = tuple[Keys, str, str]


class Builds:
    """Asks, and remembers."""

    def __init__(
        self,
        client: RegistryClient,
        *,
        keys: Callable[[], Keys],
        monotonic: Callable[[], float],
    ) -> None:
        """Put it together; nothing is asked yet.

        Args:
            client: asks.
            keys: those of the policies of now that make an attestation count.
            monotonic: seconds that never go back.
        """
        self._client = client
        self._keys = keys
        self._kept: OrderedDict[_Key, _Builds] = OrderedDict()
        absent = client.limits.absent_seconds
        self._absent: Brief[_Key, _Builds] = Brief(absent, monotonic)
        self._gaps: Brief[_Key, _Builds] = Brief(GAP_SECONDS, monotonic)
        self._flights: Flights[_Key, _Builds] = Flights()

    def by(self, keys: Callable[[], Keys]) -> Builds:
        """The same memory and the same questions on their way, for what other keys signed."""
        other = copy(self)
        other._keys = keys  # noqa: SLF001 - of our own kind
        return other

    def known(self, ref: ImageRef, facts: ImageFacts) -> ImageFacts | None:
        """The facts with what memory or a record holds of their builds; None where it is asked."""
        keys = self._keys()
        recorded = [one.build for one in facts.platforms]
        if facts.platforms and all(_lasts(one, keys) for one in recorded):
            return facts
        key = (keys, place_of(ref), facts.digest)
        found = self._kept.get(key) or self._absent.get(key) or self._gaps.get(key)
        return None if found is None else _with(facts, found)

    async def learn(self, ref: ImageRef, facts: ImageFacts, registry: Registry) -> ImageFacts:
        """The facts with what is attached to each platform; what is not told is a gap of its own.

        Args:
            ref: the image.
            facts: with platforms and their digests.
            registry: where it is served.
        """
        if (found := self.known(ref, facts)) is not None:
            return found
        key = (self._keys(), place_of(ref), facts.digest)
        learned = await self._flights.join(key, lambda: self._ask(key, ref, facts, registry))
        return _with(facts, learned)

    async def close(self) -> None:
        """End all questions."""
        await self._flights.close()

    async def _ask(
        self, key: _Key, ref: ImageRef, facts: ImageFacts, registry: Registry
    ) -> _Builds:
        keys = key[0]
        try:
            top = await self._client.top(ref.with_digest(facts.digest), registry)
            access = await self._client.access(ref, registry)
        except RegistryError as error:
            learned: _Builds = (Unknown(error.reason, str(error)),) * len(facts.platforms)
        else:
            # One after the other: a hundred platforms are no reason for hundreds of questions.
            learned = ()
            until = asyncio.get_running_loop().time() + self._client.limits.image_seconds
            for one in facts.platforms:
                asked = Question(digest=one.digest, top=top, wanted=_WANTED, keys=keys)
                left = max(until - asyncio.get_running_loop().time(), 0.0)
                try:
                    learned += (build_in(await attestations(access, asked, left)),)
                except RegistryError as error:
                    learned += (Unknown(error.reason, str(error)),)
        if any(isinstance(one, Unknown) for one in learned):
            self._gaps.put(key, learned)
        elif all(_lasts(one, keys) for one in learned):
            self._kept[key] = learned
            if len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        else:
            self._absent.put(key, learned)
        return learned


def build_in(attested: Attested) -> Build:
    """What the provenance among attestations says; with the reasons why some do not count."""
    found = attested.by_kind.get(Kind.PROVENANCE)
    if found is None:
        return Build(problem="; ".join(attested.problems))
    return read_build(found.statement, found.voucher)


def _lasts(build: Build | Unknown | None, keys: Keys) -> bool:
    """Whether nothing that is attached later can say more than this."""
    if not isinstance(build, Build) or build.voucher is None:
        return False
    if not keys:
        return build.voucher.credible
    return bool({key.fingerprint for key in keys}.intersection(build.voucher.signers))


@lru_cache(maxsize=2048)
def _with(facts: ImageFacts, builds: tuple[Build | Unknown | None, ...]) -> ImageFacts:
    platforms: list[PlatformImage] = [
        replace(one, build=build) for one, build in zip(facts.platforms, builds, strict=True)
    ]
    return replace(facts, platforms=tuple(platforms))


def with_builds_of(facts: ImageFacts, recorded: ImageFacts | None) -> ImageFacts:
    """The facts with the builds that a record of the same digest has."""
    if recorded is None or recorded is facts or not any(one.build for one in recorded.platforms):
        return facts
    builds = {(one.digest, one.platform): one.build for one in recorded.platforms}
    found = tuple(builds.get((one.digest, one.platform)) for one in facts.platforms)
    return _with(facts, found)
