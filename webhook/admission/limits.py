"""How much and how long the server lets a peer take."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds; the values and the reasons for them are in Settings."""

    body_bytes: int
    """The largest review that is read."""
    buffered_bytes: int
    """Of all large bodies that are being read at one time; at least `body_bytes`."""
    header_bytes: int
    """Of request line and headers; also what may arrive without being of use."""
    request_seconds: float
    """From the first byte of a request to the last."""
    handshake_seconds: float
    """For the TLS handshake."""
    keep_alive_seconds: float
    """An idle connection is kept this long."""
    connections: int
    """Open at one time; beyond, the one that is idle longest makes room."""
    handshakes: int
    """TLS handshakes at one time; beyond, the oldest makes room."""
    learning: int
    """Reviews that wait for registries at one time."""
    drain_seconds: float
    """Served on after the word to stop, so that peers can learn of it."""
    linger_seconds: float
    """Served on after that, until peers have closed their connections."""
    finish_seconds: float
    """Given to reviews that are still being answered after that."""
    reload_seconds: float
    """Between two looks at the files of certificate and policy."""
