"""What is attached to an image, for `cocket image`: asked before any layer, by few requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from webhook.core.image import is_digest
from webhook.errors import BadContentError
from webhook.layers.sbom import answer
from webhook.registry.attestations import Question, attestations
from webhook.registry.builds import build_in
from webhook.registry.cache import DEFAULT_TAG
from webhook.registry.indexes import indexes
from webhook.registry.manifests import INDEX_TYPES, MANIFEST_TYPES, Index, bare, read_manifest
from webhook.registry.statements import Kind

if TYPE_CHECKING:
    from webhook.core.build import Build
    from webhook.core.facts import PlatformImage, Unknown
    from webhook.core.image import ImageRef
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registry
    from webhook.layers.answers import Looked
    from webhook.registry.access import Access
    from webhook.registry.client import RegistryClient
    from webhook.registry.content import Served

USUAL = "linux/amd64"
"""The platform that is looked at where nobody says which."""
_SBOM = frozenset({Kind.SBOM})
_BOTH = frozenset({Kind.SBOM, Kind.PROVENANCE})


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is attached to one platform."""

    digest: str
    """Of the platform's manifest."""
    looked: Looked | None = None
    """What its SBOM says; None where there is none that can be used."""
    build: Build | Unknown | None = None
    """What its provenance says; None where nobody asked."""
    problems: tuple[str, ...] = ()
    """Clauses: what is attached and does not count, and why."""


class Attached:
    """Asks what is attached to images."""

    def __init__(self, client: RegistryClient, keys: tuple[PublicKey, ...], seconds: float) -> None:
        """Ask by `client`, for one image within `seconds`; verify with `keys`."""
        self._client = client
        self._keys = keys
        self._seconds = seconds

    async def packages(self, ref: ImageRef, registry: Registry, platform: str) -> Found | None:
        """The SBOM of one platform, without asking for its config; None where that would be needed.

        An index, the manifest of its attestations and the SBOM are three requests.

        Args:
            ref: the image.
            registry: where it is served.
            platform: as an index says it; empty: the only one, else the usual one.

        Raises:
            RegistryError: what is attached could not be told.
        """
        access = await self._client.access(ref, registry)
        repository = access.reading(self._seconds)
        top = await (
            repository.by_digest(ref.digest)
            if ref.digest is not None and is_digest(ref.digest)
            else repository.by_tag(ref.tag or DEFAULT_TAG)
        )
        digest = _chosen(top, platform)
        return None if digest is None else await self._ask(access, digest, top, _SBOM)

    async def all(
        self, ref: ImageRef, registry: Registry, top: str, platform: PlatformImage
    ) -> Found:
        """SBOM and provenance of one platform of an image whose facts are known.

        Raises:
            RegistryError: what is attached could not be told.
        """
        access = await self._client.access(ref, registry)
        served = await self._client.top(ref.with_digest(top), registry)
        return await self._ask(access, platform.digest, served, _BOTH)

    async def _ask(
        self, access: Access, digest: str, top: Served, wanted: frozenset[Kind]
    ) -> Found:
        held = await indexes(access, top, self._seconds)
        asked = Question(digest=digest, indexes=held, wanted=wanted, keys=self._keys)
        attested = await attestations(access, asked, self._seconds)
        problems = list(attested.problems)
        sbom = attested.by_kind.get(Kind.SBOM)
        looked = None
        if sbom is not None:
            try:
                # In a thread: fifty thousand packages take a second.
                looked = await asyncio.to_thread(answer, sbom)
            except BadContentError as error:
                problems.append(str(error))
        return Found(
            digest=digest,
            looked=looked,
            build=build_in(attested) if Kind.PROVENANCE in wanted else None,
            problems=tuple(problems),
        )


def _chosen(top: Served, platform: str) -> str | None:
    """The manifest of the platform that is asked for, as far as the index itself says."""
    if bare(top.media_type) not in INDEX_TYPES:
        # Which platform it is, only its config says.
        return None if platform else top.digest
    document = read_manifest(top.body, top.media_type)
    found = document.entries if isinstance(document, Index) else ()
    entries = [one for one in found if one.media_type in MANIFEST_TYPES]
    if not platform and len(found) == 1 and entries:
        return entries[0].digest
    wanted = platform or USUAL
    named = [one.digest for one in entries if f"{one.os}/{one.architecture}" == wanted]
    return named[0] if len(named) == 1 else None
