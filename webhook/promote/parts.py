"""What a manifest or an index names: all that has to be there before it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.image import is_digest
from webhook.core.printable import printable
from webhook.registry.documents import bad, document, text_of
from webhook.registry.manifests import INDEX_TYPES, MANIFEST_TYPES, MAX_MANIFEST, Descriptor, bare

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BLOBS = 1000
"""Of one manifest. Engines stop at 127 layers; artifacts may have more."""
MAX_MANIFESTS = 200
"""Of one index."""
_MAX_SIZE = 1 << 42
"""Bytes of one blob: 4 TB."""
_MAX_SHOWN = 80


class Blob(msgspec.Struct, frozen=True):
    """A config or a layer."""

    digest: str
    size: int
    """Bytes."""
    foreign: bool = False
    """Whether it is said to lie elsewhere (`urls`, image-spec descriptor.md). That address is never
    contacted: whoever pulls the image would have to, and whoever built it chose it."""


class Parts(msgspec.Struct, frozen=True):
    """What one document names."""

    blobs: tuple[Blob, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    subject: str = ""
    """The digest of what this is attached to; empty: it is nothing's."""
    artifact_type: str = ""


def read_parts(body: bytes, media_type: str) -> Parts:
    """Read a manifest or an index, of an image or of any artifact (image-spec).

    Args:
        body: bytes whose digest was compared.
        media_type: as they were served.

    Raises:
        BadContentError: it is neither, or names something without digest or size.
    """
    kind = bare(media_type)
    if kind not in INDEX_TYPES | MANIFEST_TYPES:
        raise bad(f"{printable(kind, _MAX_SHOWN) or 'nothing'!r} is no manifest that can be copied")
    found = document(body, "the manifest")
    subject = found.get("subject")
    attached_to = text_of(subject, "digest") if isinstance(subject, dict) else ""
    artifact_type = text_of(found, "artifactType")
    if kind in INDEX_TYPES:
        if "layers" in found or "config" in found:
            raise bad("the index is not clearly an index: it must not have layers or a config")
        entries = _list(found, "manifests", MAX_MANIFESTS)
        manifests = tuple(_entry(one) for one in entries)
        return Parts((), manifests, attached_to, artifact_type)
    if "manifests" in found:
        raise bad("the manifest is not clearly a manifest: it must not have manifests")
    config = found.get("config")
    if not isinstance(config, dict):
        raise bad("the manifest has no config")
    blobs = tuple(_blob(one) for one in (config, *_list(found, "layers", MAX_BLOBS)))
    return Parts(blobs, (), attached_to, artifact_type or bare(text_of(config, "mediaType")))


def _list(found: Mapping[str, object], key: str, limit: int) -> list[Mapping[str, object]]:
    items = found.get(key)
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise bad(f"it has no list of {key}")
    if len(items) > limit:
        raise bad(f"it has {len(items)} {key}; at most {limit} are copied")
    return items


def _blob(found: Mapping[str, object]) -> Blob:
    digest, size = _place(found, _MAX_SIZE)
    return Blob(digest, size, foreign=bool(found.get("urls")))


def _entry(found: Mapping[str, object]) -> Descriptor:
    digest, size = _place(found, MAX_MANIFEST)
    return Descriptor(media_type=bare(text_of(found, "mediaType")), digest=digest, size=size)


def _place(found: Mapping[str, object], limit: int) -> tuple[str, int]:
    digest, size = text_of(found, "digest"), found.get("size")
    if not is_digest(digest):
        raise bad("it names something without a sha256 or sha512 digest")
    if type(size) is not int or not 0 <= size <= limit:
        raise bad(f"it names something without a size, or with one of more than {limit} bytes")
    return digest, size
