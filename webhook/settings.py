"""Every setting that is no option of one command: limits and times, each with unit and reason."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults are what we would run in production; only `cli/` reads this."""

    check_patience: float = 60.0
    """Seconds for all look-ups of one `cocket check` object. Nobody waits at an API server here."""
    image_patience: float = 30.0
    """Seconds for one name in `cocket image`: long enough for a slow registry, short for a person."""
    tag_seconds: float = 10.0
    """Seconds that a tag's digest is believed. A tag moves; a rollout asks a hundred times at once."""
    cache_bytes: int = 64 * 1024 * 1024
    """Bytes of image configs kept in memory, by digest. About 30,000 images."""
