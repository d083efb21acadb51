"""What one repository holds, as far as tags and lists lead: manifests and what is attached."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from webhook.core.image import is_digest
from webhook.core.timestamps import FIRST_BELIEVABLE, parse_moment
from webhook.errors import RegistryError
from webhook.promote.parts import read_parts
from webhook.registry.content import Served
from webhook.registry.documents import bad, document, text_of
from webhook.registry.manifests import CONFIG_TYPES, MAX_CONFIG, Descriptor, bare
from webhook.registry.referrers import referrers

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from datetime import datetime

    from webhook.promote.parts import Parts
    from webhook.registry.access import Access
    from webhook.registry.lists import Listing

MAX_MANIFESTS = 20_000
"""Of one repository."""
_SECONDS = 60.0
"""For one manifest."""
_AT_ONCE = 8
_ATTACHED_TAG = "sha256-"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One manifest or index."""

    digest: str
    size: int
    """Bytes of itself."""
    blobs: tuple[tuple[str, int], ...] = ()
    """Digest and bytes of config and layers."""
    children: tuple[str, ...] = ()
    subject: str = ""
    """What it is attached to."""
    created: datetime | None = None
    """As its config says; None where it says nothing that can be believed."""


class Inventory(msgspec.Struct, frozen=True):
    """All of one repository."""

    repository: str
    stored: dict[str, Stored]
    tags: dict[str, str]
    """The digest behind each tag."""
    untagged: frozenset[str] | None = None
    """Digests that the registry lists and no tag leads to, not even in a roundabout way; None: it
    lists tags alone, and nobody knows what else it has."""


async def take_inventory(
    access: Access, listing: Listing, step: Callable[[], None] = lambda: None
) -> Inventory:
    """Read everything that the list of a repository leads to.

    Args:
        access: to the repository.
        listing: all of its tags, and all of its manifests where the registry tells them.
        step: called for every tag that was read.

    Raises:
        RegistryError: something could not be read; then nothing may be decided.
    """
    reader = _Reader(access)
    found: dict[str, str] = {}

    async def one(tag: str) -> None:
        async with reader.room:
            served = await access.reading(_SECONDS).by_tag(tag)
        found[tag] = served.digest
        await reader.take(served)
        step()

    async def other(digest: str) -> None:
        async with reader.room:
            served = await access.reading(_SECONDS).by_digest(digest)
        await reader.take(served)

    await _all(one(tag) for tag in listing.tags)
    untagged = None
    if listing.digests is not None:
        untagged = frozenset(listing.digests) - reader.stored.keys()
        await _all(map(other, sorted(untagged)))
    return Inventory(access.repository, reader.stored, found, untagged)


async def _all(questions: Iterable[Coroutine[None, None, None]]) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for one in questions:
                group.create_task(one)
    except ExceptionGroup as failed:
        first = next((one for one in failed.exceptions if isinstance(one, RegistryError)), None)
        if first is None:
            raise
        raise first from failed


class _Reader:
    def __init__(self, access: Access) -> None:
        self.stored: dict[str, Stored] = {}
        self.room = asyncio.Semaphore(_AT_ONCE)
        self._access = access
        self._begun: set[str] = set()

    async def take(self, served: Served) -> None:
        """Keep a manifest, its children, and what is attached to it; each once."""
        if served.digest in self._begun:
            return
        self._begun.add(served.digest)
        if len(self._begun) > MAX_MANIFESTS:
            raise bad(f"{self._access.repository} has more than {MAX_MANIFESTS} manifests")
        parts = read_parts(served.body, served.media_type)
        async with self.room:
            created = await self._created(served, parts)
            listed = await referrers(self._access, served.digest, _SECONDS)
        self.stored[served.digest] = Stored(
            digest=served.digest,
            size=len(served.body),
            blobs=tuple((blob.digest, blob.size) for blob in parts.blobs if not blob.foreign),
            children=tuple(one.digest for one in parts.manifests),
            subject=parts.subject,
            created=created,
        )
        for descriptor in (*parts.manifests, *(one.descriptor for one in listed.entries)):
            await self._follow(descriptor)

    async def _follow(self, descriptor: Descriptor) -> None:
        if descriptor.digest in self._begun:
            return
        repository = self._access.reading(_SECONDS)
        async with self.room:
            if not await repository.holds(f"manifests/{descriptor.digest}"):
                return  # an index may name platforms that nobody pushed here
            body = await repository.manifest(descriptor)
        await self.take(Served(descriptor.digest, descriptor.media_type, body))

    async def _created(self, served: Served, parts: Parts) -> datetime | None:
        """When the config says that it was built; builders write the epoch where they know none."""
        config = next(iter(parts.blobs), None)
        kind = ""
        if config is not None:
            inner = document(served.body, "the manifest").get("config")
            kind = bare(text_of(inner, "mediaType")) if isinstance(inner, dict) else ""
        if config is None or kind not in CONFIG_TYPES or config.size > MAX_CONFIG:
            return None
        described = Descriptor(kind, config.digest, config.size)
        body = await self._access.reading(_SECONDS).blob(described, "the image config")
        said = document(body, "the image config").get("created")
        moment = parse_moment(said) if isinstance(said, str) else None
        return None if moment is None or moment.at < FIRST_BELIEVABLE else moment.at


def attached_to(tag: str) -> str:
    """The digest that a tag of signing tools is about, as in `sha256-….sig`; empty: it is none.

    >>> attached_to("sha256-" + "ab" * 32 + ".sig")[:13]
    'sha256:ababab'
    """
    if not tag.startswith(_ATTACHED_TAG):
        return ""
    digest = f"sha256:{tag.removeprefix(_ATTACHED_TAG).partition('.')[0]}"
    return digest if is_digest(digest) else ""
