"""A tar archive that streams by: members are shown to a sink, and their bytes where it wants them.

Own code, not tarfile: the pieces are pushed from a download, bounds hold before anything is kept,
and the archive is read as runtimes read it (see `tar_header`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webhook.layers.bad_layer import BadLayerError
from webhook.layers.tar_header import BLOCK, Header, pax_records, read_header, with_pax

if TYPE_CHECKING:
    from webhook.layers.limits import Limits

_ZEROS = bytes(BLOCK)
_CONTENT = b"07S"
_LINKS = b"12"
_DEVICES = b"346"
_LONG_NAME, _LONG_LINK, _PAX, _GLOBAL = b"L", b"K", b"x", b"g"


class Sink(Protocol):
    """What is told of an archive."""

    def member(self, header: Header) -> int:
        """A member begins: how many of its first bytes are wanted.

        Raises:
            BadLayerError: nobody wants to read on.
        """

    def more(self, body: bytes) -> int:
        """These first bytes were wanted: how many are wanted in all, now that they are known."""

    def content(self, body: bytes) -> bool:
        """The wanted bytes of the member that began last; whether the others matter, too."""

    def rest(self, data: bytes, at: int, end: int) -> bool:
        """What follows of such a member, in `data` from `at` to `end`; whether more matters."""


class Tar:
    """Reads one archive."""

    def __init__(self, sink: Sink, limits: Limits) -> None:
        """Show members to `sink`, within `limits`."""
        self._sink = sink
        self._limits = limits
        self._entries = 0
        self._partial = bytearray()
        """A part of a header block."""
        self._left = 0
        """Bytes of the member and its padding that are still to come."""
        self._wanted = 0
        """Bytes that are still to be collected."""
        self._asked = False
        """Whether `more` was asked already."""
        self._watched = False
        """Whether what is not collected matters."""
        self._body = bytearray()
        self._size = 0
        self._special = b""
        """The kind of the extended header whose body is collected."""
        self._sparse_map = False
        self._zero_blocks = 0
        self._pax: dict[bytes, bytes] = {}
        self._long_name = b""
        self._long_link = b""

    @property
    def ended(self) -> bool:
        """Whether the two blocks of zeros came; what follows them is nobody's business."""
        return self._zero_blocks > 1

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises:
            BadLayerError: what no runtime would unpack, or what goes beyond the limits.
        """
        at, end = 0, len(data)
        while at < end and self._zero_blocks < 2:  # noqa: PLR2004 - see `ended`
            if self._left:
                at = self._skip(data, at, end)
            elif not self._partial and end - at >= BLOCK:
                self._block(data[at : at + BLOCK])
                at += BLOCK
            else:
                taken = data[at : at + BLOCK - len(self._partial)]
                self._partial += taken
                at += len(taken)
                if len(self._partial) == BLOCK:
                    block = bytes(self._partial)
                    self._partial.clear()
                    self._block(block)

    def close(self) -> None:
        """Say that this was all. An archive without its end is one where it ends between members.

        Raises:
            BadLayerError: it breaks off within a member.
        """
        if self._left or self._partial or self._pax or self._long_name or self._sparse_map:
            raise BadLayerError("its tar breaks off")

    def _skip(self, data: bytes, at: int, end: int) -> int:
        step = min(self._left, end - at)
        if self._wanted:
            taken = min(self._wanted, step)
            self._body += data[at : at + taken]
            self._wanted -= taken
            if not self._wanted:
                step = taken
                self._collected()
        elif self._watched:
            self._watched = self._sink.rest(data, at, at + step)
        self._left -= step
        return at + step

    def _collected(self) -> None:
        body = bytes(self._body)
        if self._special:
            self._body.clear()
            self._extended(body)
            return
        if not self._asked:
            self._asked = True
            wanted = min(self._sink.more(body), self._size)
            if wanted > len(body):
                self._wanted = wanted - len(body)
                return
        self._body.clear()
        self._watched = self._sink.content(body)

    def _block(self, block: bytes) -> None:
        if self._sparse_map:
            self._sparse_map = block[504] != 0
            if not self._sparse_map:
                self._left = self._padded(self._size)
            return
        if block == _ZEROS:
            self._zero_blocks += 1
            return
        if self._zero_blocks:
            raise BadLayerError("its tar has a block of zeros between two members")
        header = read_header(block)
        self._entries += 1
        if self._entries > self._limits.entries:
            raise BadLayerError(f"it has more than {self._limits.entries} entries")
        self._special = b""
        if header.kind in {_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK}:
            self._begin_extended(header)
        else:
            self._begin_member(header)

    def _begin_extended(self, header: Header) -> None:
        if header.size > self._limits.header:
            raise BadLayerError(f"its tar has an extended header of {header.size} bytes")
        self._special = header.kind
        self._left, self._wanted = self._padded(header.size), header.size
        if not header.size:
            self._extended(b"")

    def _extended(self, body: bytes) -> None:
        match self._special:
            case b"x":
                self._pax = pax_records(body)
            case b"L":
                self._long_name = body.partition(b"\0")[0]
            case b"K":
                self._long_link = body.partition(b"\0")[0]
            case _:
                # Runtimes do not apply what is said for all members that follow.
                pass

    def _begin_member(self, header: Header) -> None:
        if self._pax:
            header, self._pax = with_pax(header, self._pax), {}
        if self._long_name:
            header.name, self._long_name = self._long_name, b""
        if self._long_link:
            header.link, self._long_link = self._long_link, b""
        if header.kind not in _CONTENT + _LINKS + _DEVICES + b"5":
            raise BadLayerError(f"its tar has a member of the unknown type {header.kind!r}")
        self._size = header.size
        wanted = min(self._sink.member(header), header.size)
        if header.sparse:
            wanted = 0
        self._asked = self._watched = False
        self._left, self._wanted = self._padded(header.size), wanted
        self._sparse_map = header.extended
        if header.extended:
            # The blocks of the map come before the content.
            self._left = 0

    @staticmethod
    def _padded(size: int) -> int:
        return (size + BLOCK - 1) // BLOCK * BLOCK
