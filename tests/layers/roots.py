"""Layers and images out of folders and texts, and what a registry would give a reader of them."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import zstandard

from webhook.core.facts import ImageConfig
from webhook.demo.images import sha256
from webhook.layers.answers import Looked
from webhook.layers.limits import Limits
from webhook.layers.reader import Reader
from webhook.registry.exchange import Sink
from webhook.registry.layers import Stored
from webhook.registry.manifests import Descriptor

Content = str | bytes | tarfile.TarInfo


def link(target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A link, for `layer`."""
    found = tarfile.TarInfo()
    found.type, found.linkname = kind, target
    return found


def layer(
    files: Mapping[str, Content], *, mode: int = 0o755, form: int = tarfile.PAX_FORMAT
) -> bytes:
    """A tar archive: texts are files, names that end in a slash are folders."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=form) as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name.rstrip("/"))
            data = content.encode() if isinstance(content, str) else content
            member.mode = mode
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return body.getvalue()


def layer_of(folder: Path) -> bytes:
    """A tar archive of everything in a folder."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(folder, arcname=".")
    return body.getvalue()


def zipped(tar: bytes) -> bytes:
    return gzip.compress(tar, 1, mtime=0)


def zstd(tar: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(tar)


class Shelf:
    """Layers that are at hand, for a reader; counts what was asked for."""

    def __init__(self, *, piece: int = 64 * 1024) -> None:
        self.blobs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self._piece = piece

    async def stream(self, digest: str, size: int, sink: Sink, silence: float) -> None:
        """See `Repository.stream`."""
        del size, silence
        self.asked.append(digest)
        body = self.blobs[digest]
        for at in range(0, len(body), self._piece):
            await sink(body[at : at + self._piece])

    def image(
        self, layers: Sequence[bytes], *, path: str = "", folder: str = "/", claim: str = ""
    ) -> Stored:
        """An image of these layers, from the bottom up."""
        found = []
        for body in layers:
            digest = claim or sha256(body)
            self.blobs[digest] = body
            found.append(Descriptor("application/vnd.oci.image.layer.v1.tar", digest, len(body)))
        return Stored(self, tuple(found), path, folder)  # type: ignore[arg-type]  # its Repository


def config(argv: Sequence[str] = ("/app",), architecture: str = "amd64") -> ImageConfig:
    return ImageConfig(os="linux", architecture=architecture, entrypoint=tuple(argv))


async def look(
    layers: Sequence[bytes],
    argv: Sequence[str] = ("/app",),
    *,
    limits: Limits | None = None,
    architecture: str = "amd64",
    path: str = "",
    folder: str = "/",
) -> Looked:
    """What a reader finds in an image of these layers, from the bottom up."""
    image = Shelf().image(layers, path=path, folder=folder)
    return await Reader(limits=limits).look(image, config(argv, architecture))


def as_data(value: object) -> object:
    return msgspec.to_builtins(value)
