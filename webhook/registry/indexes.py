"""The indexes of an image, read for what they name besides platforms: attestations of BuildKit.

How they stand there says moby/buildkit, docs/attestations, «attestation-storage».
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from webhook.core.image import is_digest
from webhook.registry.content import LARGE, MAX_IMAGE, Served, together
from webhook.registry.documents import bad, document, text_of
from webhook.registry.manifests import (
    INDEX_TYPES,
    MAX_CHILDREN,
    MAX_MANIFEST,
    Descriptor,
    bare,
    descriptor,
)

if TYPE_CHECKING:
    from webhook.registry.access import Access
    from webhook.registry.repository import Repository

_NOTE = "vnd.docker.reference"
_NO_PLATFORM = ("unknown", "unknown")


class Holding(msgspec.Struct, frozen=True):
    """What one index holds."""

    digest: str
    named: frozenset[str]
    """The digests of its entries."""
    attested: dict[str, tuple[Descriptor, ...]]
    """Manifests of attestations, by the digest of the manifest that they are about."""
    indexes: tuple[Descriptor, ...]


async def indexes(access: Access, top: Served, seconds: float) -> tuple[Holding, ...]:
    """The index of an image and the indexes in it, outermost first; none for a single manifest.

    No deeper than `content.read_image` reads, which refuses what has more levels.

    Raises:
        RegistryError: one of them is bad, was not served in so many seconds, or they are too many.
    """
    if bare(top.media_type) not in INDEX_TYPES:
        return ()
    outer = await _read(top)
    inner = outer.indexes
    if len(inner) > MAX_CHILDREN or sum(entry.size for entry in inner) > MAX_IMAGE:
        raise bad(f"the index holds more than {MAX_CHILDREN} indexes or {MAX_IMAGE} bytes of them")
    repository = access.reading(seconds)
    return (outer, *await together(_fetched(repository, entry) for entry in inner))


async def _fetched(repository: Repository, entry: Descriptor) -> Holding:
    body = await repository.manifest(entry)
    return await _read(Served(entry.digest, entry.media_type, body))


async def _read(index: Served) -> Holding:
    return (
        read_index(index) if len(index.body) < LARGE else await asyncio.to_thread(read_index, index)
    )


def read_index(index: Served) -> Holding:
    """Read one index.

    Raises:
        BadContentError: it is none, or an entry for an index or an attestation is no descriptor.
    """
    entries = document(index.body, "the index").get("manifests")
    named: set[str] = set()
    attested: dict[str, tuple[Descriptor, ...]] = {}
    inner: dict[Descriptor, None] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not is_digest(text_of(entry, "digest")):
            continue
        named.add(text_of(entry, "digest"))
        if about := _about(entry):
            found = descriptor(entry, "an entry of the index", MAX_MANIFEST)
            attested[about] = (*attested.get(about, ()), found)
        elif bare(text_of(entry, "mediaType")) in INDEX_TYPES:
            found = descriptor(entry, "an entry of the index", MAX_MANIFEST)
            if (found.os, found.architecture) != _NO_PLATFORM:
                inner[found] = None
    return Holding(index.digest, frozenset(named), attested, tuple(inner))


def _about(entry: dict[str, object]) -> str:
    """What an entry for attestations is about; empty where it is none."""
    notes = entry.get("annotations")
    if not isinstance(notes, dict) or notes.get(f"{_NOTE}.type") != "attestation-manifest":
        return ""
    about = notes.get(f"{_NOTE}.digest")
    return about if isinstance(about, str) and is_digest(about) else ""
