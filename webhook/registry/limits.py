"""How much a registry client asks, keeps and waits for."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how much; seconds and bytes."""

    image_seconds: float = 15.0
    """For all questions about one image, whoever still waits for them."""
    tag_seconds: float = 10.0
    stale_tag_seconds: float = 0.0
    """A tag whose registry is silent counts for so long after its last word; 0: never."""
    absent_seconds: float = 30.0
    """That an image was not promoted, or that nothing is attached to it, is believed so long."""
    failure_seconds: float = 5.0
    """A registry in trouble is not asked about the same image again before."""
    cache_bytes: int = 64 * 1024 * 1024
    disk_bytes: int = 512 * 1024 * 1024
    requests_per_second: float | None = None
    """To all registries together; None: as fast as they answer."""
    breaking: bool = True
    """Whether a registry in trouble is left alone; the operator has gates of its own for that."""
