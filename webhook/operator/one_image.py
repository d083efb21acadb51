"""Looks into one platform of an image: what is attached first, then its layers for what is left."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core.base_image import chains
from webhook.errors import BadContentError, ClusterError, RegistryError
from webhook.layers.sbom import answer
from webhook.registry.attestations import Attested, Question, attestations
from webhook.registry.bases import compared, named
from webhook.registry.builds import build_in
from webhook.registry.statements import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.base_image import BaseImage
    from webhook.core.facts import ImageFacts, PlatformImage
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registries
    from webhook.layers.answers import Looked
    from webhook.layers.reader import Reader
    from webhook.operator.bases import Bases
    from webhook.operator.facts_steps import Ask
    from webhook.registry.client import RegistryClient
    from webhook.registry.layers import Stored

_BOTH = frozenset(Kind)
_READ_SECONDS = 3600.0

_log = logging.getLogger(__name__)


class Seen(msgspec.Struct, frozen=True):
    """One platform, looked into."""

    platform: PlatformImage
    """With what is inside, its build and its base."""
    looked: Looked


class UnreadLayersError(RegistryError):
    """The layers could not be read, and an SBOM tells the packages all the same."""

    def __init__(self, error: RegistryError, told: Looked) -> None:
        """Why, and what the SBOM says."""
        super().__init__(error.reason, str(error))
        self.told = told


class OneImage:
    """Asks registries and reads layers; what it learns is for somebody else to record."""

    def __init__(
        self,
        *,
        client: RegistryClient,
        reader: Reader,
        registries: Callable[[], Registries],
        keys: Callable[[], tuple[PublicKey, ...]],
        bases: Bases,
    ) -> None:
        """Put it together.

        Args:
            client: asks registries.
            reader: reads layers.
            registries: those configured now.
            keys: what attestations are verified with, now.
            bases: the images that are recorded.
        """
        self._client = client
        self._reader = reader
        self._registries = registries
        self._keys = keys
        self._bases = bases

    async def look(self, ask: Ask, facts: ImageFacts, one: PlatformImage) -> Seen:
        """Look into one platform.

        Raises:
            UnreadLayersError: its layers could not be read; an SBOM tells the packages.
            RegistryError: its layers could not be read.
        """
        attested = await self._attested(ask, facts, one)
        known = await asyncio.to_thread(_credible, attested) if attested is not None else None
        try:
            where = replace(ask.ref, tag=None, digest=one.digest)
            stored = await self._client.stored(where, ask.registry, seconds=_READ_SECONDS)
            looked = await self._reader.look(stored, one.config, known)
        except RegistryError as error:
            if known is None:
                raise
            raise UnreadLayersError(error, known) from error
        stacks = chains(layer.digest for layer in stored.layers)
        found = replace(
            one,
            inside=looked.inside,
            build=None if attested is None else build_in(attested),
            base=await self._base(facts.digest, one, stored, stacks),
            chain=stacks[-1] if stacks else "",
        )
        return Seen(found, looked)

    async def _attested(self, ask: Ask, facts: ImageFacts, one: PlatformImage) -> Attested | None:
        """What is attached; None where that could not be told.

        Without keys nothing that is only attached could count: the registry is not asked for it.
        """
        keys = self._keys()
        if not keys and facts.digest == one.digest:
            return Attested({})
        try:
            top = await self._client.top(ask.ref.with_digest(facts.digest), ask.registry)
            access = await self._client.access(ask.ref, ask.registry)
            asked = Question(
                digest=one.digest, top=top, wanted=_BOTH, keys=keys, attached=bool(keys)
            )
            return await attestations(access, asked, self._client.limits.image_seconds)
        except RegistryError as error:
            _log.info("image %s: what is attached: %s", facts.digest, error)
            return None

    async def _base(
        self, digest: str, one: PlatformImage, stored: Stored, stacks: tuple[str, ...]
    ) -> BaseImage | None:
        said = named(one, stored)
        if said is not None:
            said = await compared(self._client, said, one, stored, self._registries().of)
            if said.found:
                return said
        below = self._bases.below(digest, stacks)
        try:
            return (await self._bases.base(below, one) if below else None) or said
        except ClusterError as error:
            _log.info("image %s: its base %s: %s", digest, below, error)
            return said


def _credible(attested: Attested) -> Looked | None:
    """What an SBOM says that nobody can have attached who only may push.

    Layers are read anyway, for the programs: what they say is better than what anybody says.
    """
    sbom = attested.by_kind.get(Kind.SBOM)
    if sbom is None or not sbom.voucher.credible:
        return None
    try:
        return answer(sbom)
    except BadContentError as error:
        _log.info("an SBOM is not counted: %s", error)
        return None
