"""Promotion evidence in a registry: what is attached to an image and says that it is evidence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.promotion import ARTIFACT_TYPE
from webhook.errors import BadContentError, RegistryError
from webhook.registry.documents import document, text_of
from webhook.registry.envelopes import ENVELOPE_TYPE, MAX_ENVELOPE, PAYLOAD_TYPE
from webhook.registry.manifests import Descriptor, bare
from webhook.registry.referrers import referrers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.registry.access import Access
    from webhook.registry.referrers import Referrer
    from webhook.registry.repository import Repository

MAX_OPENED = 50
"""Attached things that are opened: whoever may push can attach thousands."""
_EMPTY_TYPES = frozenset({"", "application/vnd.oci.empty.v1+json"})
"""What some registries say of every artifact."""


class Evidence(msgspec.Struct, frozen=True):
    """One piece of evidence, read and not believed."""

    manifest: str
    """The digest of the manifest that attaches it."""
    body: bytes
    """An envelope, or a bare statement."""
    signed: bool
    """Whether it is an envelope; who signed it, if anybody, is to be verified."""


class Attached(msgspec.Struct, frozen=True):
    """All evidence about one digest."""

    evidence: tuple[Evidence, ...]
    whole: bool
    """False where more is attached than was opened."""


async def read_evidence(access: Access, digest: str, seconds: float) -> Attached:
    """Read the evidence that is attached to an image; what only looks like it is left out.

    Raises:
        RegistryError: what is attached could not be told.
    """
    listed = (await referrers(access, digest, seconds)).entries
    ordered = sorted(listed, key=_likeliness)
    opened = [one for one in ordered if _likeliness(one) < _OTHER][:MAX_OPENED]
    opened += [one for one in ordered if _likeliness(one) == _OTHER][: MAX_OPENED - len(opened)]
    repository = access.reading(seconds)
    found = await asyncio.gather(*[_open(repository, one.descriptor, digest) for one in opened])
    return Attached(tuple(filter(None, found)), len(opened) == len(listed))


_OTHER = 2


def _likeliness(one: Referrer) -> int:
    if one.artifact_type == ARTIFACT_TYPE:
        return 0
    return 1 if one.artifact_type in _EMPTY_TYPES else _OTHER


async def _open(repository: Repository, entry: Descriptor, digest: str) -> Evidence | None:
    """The evidence that a manifest attaches to this digest; None where it does not.

    Raises:
        RegistryError: the registry did not say.
    """
    try:
        layer = _layer(await repository.manifest(entry), digest)
        if layer is None:
            return None
        body = await repository.blob(layer, "the evidence")
    except BadContentError:
        return None
    except RegistryError as error:
        if error.reason is Reason.NOT_FOUND:  # A list may name what was deleted.
            return None
        raise
    return Evidence(entry.digest, body, signed=layer.media_type == ENVELOPE_TYPE)


def _layer(body: bytes, digest: str) -> Descriptor | None:
    found = document(body, "an attached manifest")
    subject, layers = found.get("subject"), found.get("layers")
    if text_of(found, "artifactType") != ARTIFACT_TYPE or not _names(subject, digest):
        return None
    if not isinstance(layers, list) or len(layers) != 1 or not isinstance(layers[0], dict):
        return None
    return _descriptor(layers[0])


def _names(subject: object, digest: str) -> bool:
    return isinstance(subject, dict) and subject.get("digest") == digest


def _descriptor(layer: Mapping[str, object]) -> Descriptor | None:
    kind, size = bare(text_of(layer, "mediaType")), layer.get("size")
    usable = kind in {ENVELOPE_TYPE, PAYLOAD_TYPE} and type(size) is int
    if not usable or not isinstance(size, int) or not 0 < size <= MAX_ENVELOPE:
        return None
    return Descriptor(kind, text_of(layer, "digest"), size)
