"""Manifests and indexes out of strict JSON: which blobs an image consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.core.annotations import nearest
from webhook.core.claims import READ_LABELS
from webhook.core.image import is_digest
from webhook.core.printable import printable
from webhook.registry.documents import bad, document, known_keys, text_of
from webhook.registry.strict import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX_TYPES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
MANIFEST_TYPES = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
CONFIG_TYPES = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)
MAX_MANIFEST = 4 * 1024 * 1024
"""Bytes; registries must take manifests up to this size, and some refuse longer ones."""
MAX_CONFIG = 8 * 1024 * 1024
"""Bytes; real ones have 2 to 20 KB."""
MAX_CHILDREN = 100
"""Entries of all indexes of one image together."""

_SCHEMA_VERSION = 2
_MANIFEST_KEYS = frozenset(
    "annotations artifactType config fsLayers layers manifests mediaType schemaVersion "
    "subject".split()
)
_DESCRIPTOR_KEYS = frozenset(
    "annotations artifactType data digest mediaType platform size urls".split()
)
_PLATFORM_KEYS = frozenset("architecture features os os.features os.version variant".split())

Notes: TypeAlias = tuple[tuple[str, str], ...]
"""Annotations as sorted pairs, only those that `annotations.nearest` reads: few and short."""


class Descriptor(msgspec.Struct, frozen=True):
    """What a document says about a blob before anybody has seen it (image-spec descriptor.md)."""

    media_type: str
    digest: str
    size: int
    """Bytes; never more than the limit of its kind."""
    os: str = ""
    architecture: str = ""
    """Both empty where the entry of an index names no platform."""
    annotations: Notes = ()
    """Of the entry of an index: what it says of the manifest's origin."""


class Manifest(msgspec.Struct, frozen=True):
    """One platform's image: the config, and what annotations say of its origin."""

    config: Descriptor
    annotations: Notes = ()


class Index(msgspec.Struct, frozen=True):
    """One image for several platforms: the entries that a node could run."""

    entries: tuple[Descriptor, ...]
    annotations: Notes = ()


Document: TypeAlias = Manifest | Index


def read_manifest(body: bytes, media_type: str) -> Document:
    """Read a manifest or an index (image-spec manifest.md and image-index.md).

    Args:
        body: the bytes whose digest was compared already.
        media_type: as the registry's `Content-Type`, or the entry of an index, says.

    Raises:
        BadContentError: it is no strict JSON; it could be taken for another kind of document
            (CVE-2021-41190); it is of schema 1, an artifact, or has no entry that a node could run.
    """
    kind = bare(media_type)
    if kind not in INDEX_TYPES | MANIFEST_TYPES:
        raise bad(
            f"it is of type {printable(kind, 80) or 'nothing'!r}, which is no container image"
        )
    found = document(body, "the manifest")
    known_keys(found, _MANIFEST_KEYS, "the manifest")
    version = found.get("schemaVersion")
    if type(version) is not int or version != _SCHEMA_VERSION or "fsLayers" in found:
        raise bad("the manifest is not of schema version 2; push the image again with a newer tool")
    own = text_of(found, "mediaType")
    if own and own != kind:
        raise bad(
            f"the manifest says it is {printable(own, 80)!r}, the registry says {kind!r}: "
            "tools would take it for two different things"
        )
    if kind in INDEX_TYPES:
        return _index(found)
    return _manifest(found)


def bare(media_type: str) -> str:
    """A media type without parameters, in lower case (RFC 9110, 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def _manifest(found: Mapping[str, object]) -> Manifest:
    if "manifests" in found or not isinstance(found.get("layers"), list):
        raise bad("the manifest is not clearly one image: it must have layers and no manifests")
    config = descriptor(found.get("config"), "the manifest's config", MAX_CONFIG)
    if config.media_type not in CONFIG_TYPES:
        raise bad(
            f"its config is {printable(config.media_type, 80)!r}: it is an artifact, "
            "not a container image"
        )
    return Manifest(config, _notes(found))


def _index(found: Mapping[str, object]) -> Index:
    if "layers" in found or "config" in found:
        raise bad("the index is not clearly an index: it must not have layers or a config")
    children = found.get("manifests")
    if not isinstance(children, list):
        raise bad("the index has no list of manifests")
    if len(children) > MAX_CHILDREN:
        raise bad(f"the index has {len(children)} entries; at most {MAX_CHILDREN} are read")
    entries: dict[Descriptor, None] = {}
    for number, child in enumerate(children):
        entry = descriptor(child, f"entry {number} of the index", MAX_MANIFEST)
        # Attestations of BuildKit: no node is of platform unknown/unknown. Their annotation alone
        # proves nothing, a runtime would start an entry that has it and a real platform.
        if (entry.os, entry.architecture) == ("unknown", "unknown"):
            continue
        if entry.media_type not in INDEX_TYPES | MANIFEST_TYPES:
            raise bad(f"entry {number} of the index is of type {printable(entry.media_type, 80)!r}")
        entries[msgspec.structs.replace(entry, annotations=_notes(child))] = None
    if not entries:
        raise bad("the index has no entry that a node could run")
    return Index(tuple(entries), _notes(found))


def _notes(found: Mapping[str, object]) -> Notes:
    """The annotations that count; what is no text, or too long, is left out: a claim less."""
    said = found.get("annotations")
    if not isinstance(said, dict):
        return ()
    read = {name: said[name] for name in READ_LABELS.intersection(said)}
    return nearest(
        {name: one for name, one in read.items() if isinstance(one, str) and encodable(one)}
    )


def descriptor(value: object, what: str, limit: int) -> Descriptor:
    """Read what a document says about a blob; `what` names it for people.

    Raises:
        BadContentError: it is none, or claims more than `limit` bytes.
    """
    if not isinstance(value, dict):
        raise bad(f"{what} is no descriptor")
    known_keys(value, _DESCRIPTOR_KEYS, what)
    digest = text_of(value, "digest")
    if not is_digest(digest):
        raise bad(f"{what} has no sha256 or sha512 digest")
    size = value.get("size")
    if type(size) is not int or size < 0:
        raise bad(f"{what} has no size in bytes")
    if size > limit:
        raise bad(f"{what} claims {size} bytes; at most {limit} are read")
    platform = value.get("platform")
    if platform is None:
        platform = {}
    if not isinstance(platform, dict):
        raise bad(f"{what} has a platform that is no object")
    known_keys(platform, _PLATFORM_KEYS, what)
    return Descriptor(
        media_type=bare(text_of(value, "mediaType")),
        digest=digest,
        size=size,
        os=text_of(platform, "os"),
        architecture=text_of(platform, "architecture"),
    )
