"""Attestations of one platform of an image: found, opened, compared with what they are about.

Looked for in this order: in the image's own index and the indexes in it (BuildKit,
docs/attestations, «attestation-storage»), among its referrers (distribution-spec, «Listing
Referrers»), under cosign's tags. What is found first answers, unless something later is signed by a
key that was given. Nothing is believed here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import msgspec

from webhook.core.build import Place, Voucher
from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.errors import BadContentError, RegistryError
from webhook.registry.attested import opened
from webhook.registry.documents import bad
from webhook.registry.manifests import INDEX_TYPES, bare
from webhook.registry.referrers import fallback_tag, from_api, read_entries, tagged_index
from webhook.registry.statements import Kind, Statement

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence

    from webhook.core.keys import PublicKey
    from webhook.registry.access import Access
    from webhook.registry.attested import Opened
    from webhook.registry.indexes import Holding
    from webhook.registry.manifests import Descriptor
    from webhook.registry.referrers import Referrer
    from webhook.registry.repository import Repository

T = TypeVar("T")

MAX_OPENED = 20
"""Manifests of attestations that are opened for an image: whoever may push can attach thousands."""
MAX_BYTES = 64 * 1024 * 1024
"""Of all attestations that are read for one image."""
_MAX_PROBLEMS = 4
MAX_HOLDERS = 4
"""Indexes of an image that name one platform, and that statements and attachments may be of."""
_LIKELY = ("in-toto", "spdx", "cyclonedx", "sigstore.bundle", "dsse")
_UNLIKELY = ("simplesigning", "notary.signature", "cocket.promotion")


class Attestation(msgspec.Struct, frozen=True):
    """One that is about the platform, and in a format that is read here."""

    statement: Statement
    voucher: Voucher


class Attested(msgspec.Struct, frozen=True):
    """All that was found."""

    by_kind: dict[Kind, Attestation]
    problems: tuple[str, ...] = ()
    """Clauses: why something that is attached does not count."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which attestations are wanted, of what."""

    digest: str
    """Of the platform's manifest."""
    indexes: tuple[Holding, ...] = ()
    """The image's index and those in it, outermost first; none where the platform's manifest is
    all there is."""
    wanted: frozenset[Kind]
    keys: tuple[PublicKey, ...] = ()
    attached: bool = True
    """Whether to look beyond the index, where anybody may attach something who may push."""

    @property
    def subjects(self) -> dict[Kind, tuple[str, ...]]:
        """What statements may be about. An index is built as a whole; packages differ."""
        named = [one.digest for one in self.indexes[1:] if self.digest in one.named]
        outermost = [one.digest for one in self.indexes[:1]]
        holders = (outermost + named)[:MAX_HOLDERS]
        both = tuple(dict.fromkeys((self.digest, *holders)))
        return {kind: both if kind is Kind.PROVENANCE else (self.digest,) for kind in self.wanted}

    @property
    def digests(self) -> tuple[str, ...]:
        """Where something may be attached."""
        return max(self.subjects.values(), key=len)


async def attestations(access: Access, asked: Question, seconds: float) -> Attested:
    """Look for attestations; what is bad is no answer and told, and the rest is looked at.

    Raises:
        RegistryError: what is attached could not be told, or not be read, in so many seconds.
    """
    look = _Look(access.reading(seconds), asked)
    count = 0
    async for manifest, place, attached_to in _manifests(access, asked, seconds):
        count += 1
        if count > MAX_OPENED:
            look.problems.append(f"more than {MAX_OPENED} things are attached to it")
            break
        await look.into(manifest, place, attached_to)
        # Before the next place is asked for what it has.
        if not look.missing:
            break
    return Attested(look.found, tuple(look.problems[:_MAX_PROBLEMS]))


class _Look:
    """One look for attestations."""

    def __init__(self, repository: Repository, asked: Question) -> None:
        self.found: dict[Kind, Attestation] = {}
        self.problems: list[str] = []
        self._repository = repository
        self._asked = asked
        self._left = MAX_BYTES

    @property
    def missing(self) -> frozenset[Kind]:
        """What is still looked for: where keys are given, something signed by one of them, too."""
        return frozenset(
            kind
            for kind in self._asked.wanted
            if kind not in self.found or (self._asked.keys and not self.found[kind].voucher.signers)
        )

    async def into(self, manifest: Descriptor | str, place: Place, attached_to: str) -> None:
        """Open a manifest, and what it names."""
        body = await self._told(self._body(manifest))
        if body is None:
            return
        try:
            pieces = opened(body, place, attached_to)
        except BadContentError as error:
            self._note(error)
            return
        for piece in pieces:
            if piece.may_be(self.missing):
                await self._told(self._read(piece))

    async def _body(self, manifest: Descriptor | str) -> bytes | None:
        if isinstance(manifest, str):
            served = await self._repository.by_tag(manifest)
            return None if bare(served.media_type) in INDEX_TYPES else served.body
        return await self._repository.manifest(manifest)

    async def _read(self, piece: Opened) -> None:
        self._left -= piece.blob.size
        if self._left < 0:
            raise bad(f"its attestations have more than {MAX_BYTES} bytes")
        blob = await self._repository.blob(piece.blob, "an attestation")
        asked = self._asked
        # In a thread: a long list of components takes a second.
        read = await asyncio.to_thread(piece.read, blob, asked.subjects, asked.keys)
        if read is None:
            return
        statement, signed, signers = read
        kind = statement.form.kind
        held = self.found.get(kind)
        if held is None or (signers and not held.voucher.signers):
            voucher = Voucher(piece.place, signed, tuple(sorted(signers)))
            self.found[kind] = Attestation(statement, voucher)

    async def _told(self, step: Awaitable[T]) -> T | None:
        """What a step brings; None where it is bad, which is noted, or where nothing is there."""
        try:
            return await step
        except BadContentError as error:
            self._note(error)
        except RegistryError as error:
            if error.reason is not Reason.NOT_FOUND:  # A list may name what was deleted.
                raise
        return None

    def _note(self, error: BadContentError) -> None:
        self.problems.append(printable(str(error), 200))


async def _manifests(
    access: Access, asked: Question, seconds: float
) -> AsyncIterator[tuple[Descriptor | str, Place, str]]:
    """Manifests that may hold attestations, place by place, each asked when its turn comes.

    A tag stands for itself.
    """
    inside = (one for index in asked.indexes for one in index.attested.get(asked.digest, ()))
    for entry in dict.fromkeys(inside):
        yield entry, Place.INDEX, asked.digest
    if not asked.attached:
        return
    deadline = asyncio.get_running_loop().time() + seconds
    for digest in asked.digests:
        listed = await from_api(access, digest, deadline)
        if listed is None:
            tagged = await tagged_index(access, digest, seconds)
            listed = [] if tagged is None else read_entries(tagged.body)
        for one in _likely(listed):
            yield one.descriptor, Place.REFERRER, digest
    suffixes = (".att", ".sbom") if Kind.SBOM in asked.wanted else (".att",)
    for digest in asked.digests:
        for suffix in suffixes:
            yield f"{fallback_tag(digest)}{suffix}", Place.TAG, digest


def _likely(listed: Sequence[Referrer]) -> list[Referrer]:
    """Those first that say what they are; those that say they are something else not at all."""
    named = [one for one in listed if any(word in one.artifact_type for word in _LIKELY)]
    others = [
        one
        for one in listed
        if one not in named and not any(word in one.artifact_type for word in _UNLIKELY)
    ]
    return [*named, *others]
