"""The spec of an `ImageContents` object: which packages an image holds, packed, and read again."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Sequence

import msgspec

from webhook.core.printable import printable

MAX_PACKED = 256 * 1024
"""Characters of packages as the object holds them. A large image of 2000 has a tenth of it."""
_MAX_UNPACKED = 16 * 1024 * 1024
_MAX_TEXT = 512


class Package(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One installed package, as its database says."""

    name: str
    version: str
    """With epoch and release, as the system's own tool prints it."""
    architecture: str = ""
    source: str = ""
    """The source package's name, where it is another."""
    language: str = ""
    """Of a package that is not the system's: its purl type, such as `npm`; only SBOMs name such."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The spec, as far as it is read."""

    digest: str = ""
    image: str = ""
    platform: str = ""
    os: str = ""
    kind: str = ""
    count: int = 0
    packages: str = ""
    truncated: bool = False
    source: str = ""
    voucher: str = ""
    problem: str = ""


def contents_of(
    digest: str,
    packages: Sequence[Package],
    *,
    image: str = "",
    platform: str = "",
    os: str = "",
    kind: str = "",
    source: str = "",
    voucher: str = "",
    problem: str = "",
) -> dict[str, object]:
    """The spec that lists packages, as plain data; the first of them where not all have room."""
    some = list(packages)
    packed = _pack(some)
    while len(packed) > MAX_PACKED:
        # Packed, all lines take much the same room.
        some = some[: min(len(some) - 1, len(some) * MAX_PACKED // len(packed))]
        packed = _pack(some)
    said = {
        "digest": digest,
        "image": printable(image, _MAX_TEXT),
        "platform": printable(platform, _MAX_TEXT // 2),
        "os": printable(os, _MAX_TEXT // 2),
        "kind": kind,
        "count": len(packages),
        "packages": packed,
        "truncated": len(some) < len(packages),
        "source": source,
        "voucher": printable(voucher, _MAX_TEXT),
        "problem": printable(problem, _MAX_TEXT),
    }
    return {key: value for key, value in said.items() if value != ""}


def packages_in(contents: Contents) -> tuple[Package, ...] | None:
    """The packages that an object lists; None where it cannot be read.

    Somebody may have written a bomb into it: no more is unfolded than any image's list has.
    """
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(contents.packages), _MAX_UNPACKED)
        lines = text.decode().splitlines()
    except (zlib.error, binascii.Error, ValueError):
        return None
    if not unpacker.eof:
        return None
    return tuple(_package(line.split("\t")) for line in lines if line.count("\t") > 1)


def _package(columns: Sequence[str]) -> Package:
    name, version, architecture, *more = columns
    return Package(name, version, architecture, language=more[0] if more else "")


def _pack(packages: Iterable[Package]) -> str:
    lines = [
        "\t".join(
            map(_plain, (one.name, one.version, one.architecture, one.language)),
        ).removesuffix("\t")
        for one in packages
    ]
    return base64.b64encode(zlib.compress("\n".join(lines).encode(), 9)).decode()


def _plain(text: str) -> str:
    return printable(text, _MAX_TEXT)
