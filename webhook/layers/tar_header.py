"""One header block of a tar archive, and the extended headers in front of it.

Read as Go's archive/tar reads them, with which containerd, CRI-O and Docker unpack layers: where
two readers could take one archive for two different things, the runtime's view is the one that
counts. What no honest tool writes is refused.
"""

from __future__ import annotations

import msgspec

from webhook.layers.bad_layer import BadLayerError

BLOCK = 512
_CHECKSUM_AT, _CHECKSUM_END = 148, 156
_MAGIC = slice(257, 265)
_USTAR = b"ustar\x0000"
_STAR_END = b"tar\x00"
_BASE_256 = 0x80
_NEGATIVE = 0x40
_MAX_SIZE = 1 << 50
_HEADER_ONLY = b"123456"
"""Types whose size field says nothing about what follows (archive/tar, isHeaderOnlyType)."""
_SPARSE_FLAG = 482


class Header(msgspec.Struct, gc=False):
    """One member of an archive."""

    kind: bytes
    """The type flag, one byte (POSIX.1-2017, pax, «ustar Interchange Format»)."""
    name: bytes
    mode: int
    size: int
    """Bytes of content that follow; 0 where none can."""
    link: bytes
    sparse: bool = False
    """Its content is not stored as it is read."""
    extended: bool = False
    """Further blocks of an old GNU sparse map follow."""


def read_header(block: bytes) -> Header:
    """Read a block of 512 bytes that is not all zeros.

    Raises:
        BadLayerError: the checksum is wrong, or a number is none.
    """
    stated = _octal(block[_CHECKSUM_AT:_CHECKSUM_END], "checksum")
    computed = sum(block) - sum(block[_CHECKSUM_AT:_CHECKSUM_END]) + 8 * 32
    if stated != computed:
        raise BadLayerError("its tar has a header with a wrong checksum")
    kind = block[156:157]
    name = _text(block[:100])
    if block[_MAGIC] == _USTAR:
        width = 131 if block[508:512] == _STAR_END else 155
        prefix = _text(block[345 : 345 + width])
        if prefix:
            name = prefix + b"/" + name
    if kind == b"\0":
        # Before POSIX a trailing slash was all that told a folder (archive/tar, TypeRegA).
        kind = b"5" if name.endswith(b"/") else b"0"
    size = number(block[124:136], "size")
    return Header(
        kind=kind,
        name=name,
        mode=number(block[100:108], "mode"),
        size=0 if kind in _HEADER_ONLY else size,
        link=_text(block[157:257]),
        sparse=kind == b"S",
        extended=kind == b"S" and block[_SPARSE_FLAG] != 0,
    )


def number(field: bytes, what: str) -> int:
    """A number in octal, or in base 256 where the first bit is set (GNU).

    Raises:
        BadLayerError: it is none, negative, or beyond what any file has.
    """
    if field[0] & _BASE_256:
        if field[0] & _NEGATIVE:
            raise BadLayerError(f"its tar has a negative {what}")
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if value > _MAX_SIZE:
            raise BadLayerError(f"its tar has a {what} that no file has")
        return value
    return _octal(field, what)


def _octal(field: bytes, what: str) -> int:
    digits = field.strip(b" \0").partition(b"\0")[0]
    if not digits:
        return 0
    # int() would take signs, blanks and underscores, too.
    if digits.strip(b"01234567"):
        raise BadLayerError(f"its tar has a {what} that is no number")
    return int(digits, 8)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def pax_records(body: bytes) -> dict[bytes, bytes]:
    """The records of an extended header: `LENGTH KEY=VALUE` and a newline.

    The last of one key wins; an empty value takes back what the header says.

    Raises:
        BadLayerError: a record is not of this form, or holds a NUL where a path stands.
    """
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(body):
        blank = body.find(b" ", at, at + 20)
        digits = body[at:blank]
        if blank < 0 or not digits.isdigit():
            raise BadLayerError("its tar has an extended header that cannot be read")
        end = at + int(digits)
        record = body[blank + 1 : end]
        key, equals, value = record.partition(b"=")
        if end > len(body) or not record.endswith(b"\n") or not equals or not key:
            raise BadLayerError("its tar has an extended header that cannot be read")
        value = value[:-1]
        if b"\0" in key or (b"\0" in value and key in {b"path", b"linkpath"}):
            raise BadLayerError("its tar has an extended header with a NUL in it")
        records[key] = value
        at = end
    return records


def with_pax(header: Header, records: dict[bytes, bytes]) -> Header:
    """The header with what the extended header in front of it says.

    Raises:
        BadLayerError: the size is no number.
    """
    name = records.get(b"GNU.sparse.name") or records.get(b"path") or header.name
    size = header.size
    stated = records.get(b"size")
    if stated and header.kind not in _HEADER_ONLY:
        if not stated.isdigit() or len(stated) > len(str(_MAX_SIZE)):
            raise BadLayerError("its tar has a size that is no number")
        size = int(stated)
    sparse = header.sparse or any(key.startswith(b"GNU.sparse.") for key in records)
    link = records.get(b"linkpath") or header.link
    return msgspec.structs.replace(header, name=name, size=size, link=link, sparse=sparse)
