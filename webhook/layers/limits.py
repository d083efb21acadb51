"""How much of an image is read before somebody gives up, and says so."""

from __future__ import annotations

import msgspec

_MB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of reading one image. What goes beyond them makes the answer unknown."""

    layers: int = 256
    """No runtime mounts more than 128 of them."""
    packed: int = 4096 * _MB
    """Bytes of all layers as they are stored."""
    unpacked: int = 16384 * _MB
    """Bytes that all layers unfold to."""
    entries: int = 600_000
    """Of one layer. The largest honest ones have some 300 000."""
    kept: int = 120_000
    """Names of one layer that are remembered: folders, links, programs."""
    names: int = 16 * _MB
    """Characters of those names and of where links lead to."""
    header: int = _MB
    """Bytes of one extended header (PAX, GNU long names)."""
    path: int = 4096
    """Characters of one path: PATH_MAX of Linux."""
    texts: int = 4 * _MB
    """Bytes of the scripts of one layer that are looked into."""
    script: int = 64 * 1024
    """Bytes of one script; of a longer one only the first line is read."""
    member: int = 24 * _MB
    """Bytes of one package database."""
    members: int = 48 * _MB
    """Bytes of all package databases of one layer."""
    seconds: float = 300.0
    """For all layers of one image."""
