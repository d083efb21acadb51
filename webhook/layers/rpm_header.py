"""One package's header as rpm stores it: an index of tags, then their values."""

from __future__ import annotations

import struct

import msgspec

_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH, _SOURCE = 1000, 1001, 1002, 1003, 1022, 1044
_INT32, _STRING = 4, 6
_ENTRY = struct.Struct(">IIII")
_MAX_ENTRIES = 65_536


class RpmHeader(msgspec.Struct, frozen=True, gc=False):
    """What a header says of its package."""

    name: str
    version: str
    release: str
    epoch: int | None = None
    architecture: str = ""
    source_rpm: str = ""


def read_rpm_header(blob: bytes) -> RpmHeader:
    """Read a header: two lengths, index entries of (tag, type, offset, count), values.

    Raises:
        ValueError: it is none, or its package has no name, version or release.
    """
    if len(blob) < 8:  # noqa: PLR2004 - two lengths
        raise ValueError("a package's header is too short")
    entries, size = struct.unpack_from(">II", blob)
    values = 8 + entries * _ENTRY.size
    if entries > _MAX_ENTRIES or values + size > len(blob):
        raise ValueError("a package's header is longer than it says")
    wanted = {_NAME, _VERSION, _RELEASE, _EPOCH, _ARCH, _SOURCE}
    texts: dict[int, str] = {}
    epoch: int | None = None
    for number in range(entries):
        tag, kind, offset, count = _ENTRY.unpack_from(blob, 8 + number * _ENTRY.size)
        if tag not in wanted or offset >= size:
            continue
        at = values + offset
        if kind == _INT32 and count and tag == _EPOCH and at + 4 <= len(blob):
            (epoch,) = struct.unpack_from(">I", blob, at)
        elif kind == _STRING:
            end = blob.find(b"\0", at)
            texts[tag] = blob[at : end if end >= 0 else len(blob)].decode(errors="replace")
    if not all(texts.get(tag) for tag in (_NAME, _VERSION, _RELEASE)):
        raise ValueError("a package has no name, version or release")
    return RpmHeader(
        name=texts[_NAME],
        version=texts[_VERSION],
        release=texts[_RELEASE],
        epoch=epoch,
        architecture=texts.get(_ARCH, ""),
        source_rpm=texts.get(_SOURCE, ""),
    )
