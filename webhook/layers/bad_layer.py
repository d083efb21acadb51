"""What is wrong with a layer: hostile, damaged, or larger than anybody looks into."""

from __future__ import annotations

from webhook.core.facts import Reason
from webhook.errors import BadContentError


class BadLayerError(BadContentError):
    """A layer that no runtime would unpack, or that goes beyond the limits."""

    def __init__(self, detail: str) -> None:
        """`detail` is a clause about the layer: «its gzip breaks off»."""
        super().__init__(Reason.BAD_CONTENT, detail)
