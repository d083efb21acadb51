"""Reading one image: manifest, platforms, configs; every byte is compared with its digest first."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import msgspec

from webhook.core.annotations import nearest
from webhook.core.facts import PlatformImage
from webhook.core.printable import printable
from webhook.errors import RegistryError
from webhook.registry.documents import bad, read_config
from webhook.registry.manifests import (
    MAX_CHILDREN,
    Descriptor,
    Index,
    Manifest,
    Notes,
    read_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from webhook.core.facts import ImageConfig

MAX_DEPTH = 2
"""An index in an index is read; one level more is not."""
MAX_IMAGE = 32 * 1024 * 1024
"""Bytes of all manifests and configs of one image. A hundred platforms have one megabyte."""
_LARGE = 256 * 1024
"""Bytes from which on reading is no longer done between two requests, but in a thread."""

T = TypeVar("T")


class Served(msgspec.Struct, frozen=True):
    """A manifest or an index, as it was served."""

    digest: str
    media_type: str
    body: bytes


class Blobs(Protocol):
    """Where the parts of one image come from; what comes has the digest and size asked for."""

    async def manifest(self, descriptor: Descriptor) -> bytes:
        """The manifest that an index names."""

    async def config(self, descriptor: Descriptor) -> ImageConfig:
        """The config that a manifest names."""


async def read_image(top: Served, blobs: Blobs) -> tuple[PlatformImage, ...]:
    """Every platform of an image that a node could run; never none.

    Raises:
        RegistryError: anything is missing, too much or wrong; half an image is no image.
    """
    found = await _manifests(top, blobs)
    size = sum(one.manifest.config.size for one in found.values())
    if size > MAX_IMAGE:
        raise bad(f"the configs of the image have {size} bytes; at most {MAX_IMAGE} are read")
    configs = await together(blobs.config(one.manifest.config) for one in found.values())
    platforms: list[PlatformImage] = []
    for (digest, one), config in zip(found.items(), configs, strict=True):
        for entry in one.entries:
            _check_platform(entry, config)
        notes = nearest(dict(one.manifest.annotations), *map(dict, one.around))
        platforms.append(PlatformImage(config.platform, digest, config, annotations=notes))
    return tuple(platforms)


async def read_config_of(body: bytes) -> ImageConfig:
    """`documents.read_config`, without holding up everybody else for a large one."""
    return await _aside(read_config, body)


def check_digest(body: bytes, digest: str, what: str) -> None:
    """Compare bytes with the digest that they were asked by.

    Raises:
        BadContentError: they are other bytes.
    """
    if digest_of(body, digest.partition(":")[0]) != digest:
        raise bad(f"{what} is not what its digest {digest[:19]}… says: other bytes were served")


def digest_of(body: bytes, algorithm: str = "sha256") -> str:
    """`algorithm:hex` of exactly these bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, body, usedforsecurity=True).hexdigest()}"


async def together(questions: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers, in order; the first failure ends the rest and is raised.

    Raises:
        RegistryError: what the first question that failed raised.
    """
    failure: RegistryError | None = None
    tasks: list[asyncio.Task[T]] = []
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(question) for question in questions]
    except* RegistryError as failures:
        failure = _first(failures)
    if failure is not None:
        raise failure
    return [task.result() for task in tasks]


class _Found(msgspec.Struct):
    """One manifest, and what leads to it."""

    manifest: Manifest
    entries: list[Descriptor] = []
    around: tuple[Notes, ...] = ()
    """What is said of it around it: by the entry that names it first, by that one's index …"""


_Entries: TypeAlias = dict[Descriptor, tuple[Notes, ...]]
"""Entries of indexes, each with what is said around it."""


async def _manifests(top: Served, blobs: Blobs) -> dict[str, _Found]:
    """All manifests by digest, each with the entries that name it."""
    document = await _aside(lambda body: read_manifest(body, top.media_type), top.body)
    if isinstance(document, Manifest):
        return {top.digest: _Found(document)}
    found: dict[str, _Found] = {}
    entries: _Entries = dict.fromkeys(document.entries, (document.annotations,))
    seen = len(entries)
    size = len(top.body)
    for _ in range(MAX_DEPTH):
        size += sum(entry.size for entry in entries)
        if seen > MAX_CHILDREN or size > MAX_IMAGE:
            raise bad(f"the index leads to more than {MAX_CHILDREN} manifests or {MAX_IMAGE} bytes")
        documents = await together(_document(entry, blobs) for entry in entries)
        below: _Entries = {}
        for (entry, above), inner in zip(entries.items(), documents, strict=True):
            around = (entry.annotations, *above)
            if isinstance(inner, Index):
                for one in inner.entries:
                    below.setdefault(one, (inner.annotations, *around))
            else:
                known = found.setdefault(entry.digest, _Found(inner, around=around))
                known.entries.append(entry)
        if not below:
            return found
        entries = below
        seen += len(entries)
    raise bad(f"the index holds indexes that hold indexes; at most {MAX_DEPTH} levels are read")


async def _document(entry: Descriptor, blobs: Blobs) -> Manifest | Index:
    body = await blobs.manifest(entry)
    return await _aside(lambda body: read_manifest(body, entry.media_type), body)


async def _aside(read: Callable[[bytes], T], body: bytes) -> T:
    return read(body) if len(body) < _LARGE else await asyncio.to_thread(read, body)


def _check_platform(entry: Descriptor, config: ImageConfig) -> None:
    """An entry that says amd64 over a config that says arm64 means two images to two readers."""
    claimed, true = (entry.os, entry.architecture), (config.os, config.architecture)
    if claimed not in {("", ""), true}:
        raise bad(
            f"the index says {printable('/'.join(claimed), 60)} where the config says "
            f"{printable('/'.join(true), 60)}"
        )


def _first(failures: BaseExceptionGroup[RegistryError]) -> RegistryError:
    for failure in failures.exceptions:
        return _first(failure) if isinstance(failure, BaseExceptionGroup) else failure
    raise AssertionError  # pragma: no cover - a group is never empty
