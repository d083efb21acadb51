"""A pull secret as a Pod names it: whose login it is, and for whom it may speak."""

from __future__ import annotations

import msgspec


class PullSecret(msgspec.Struct, frozen=True):
    """One of the `imagePullSecrets` of a Pod or of its ServiceAccount."""

    name: str
    """`namespace/name`."""
    config: bytes = b""
    """The docker config JSON in it; empty where there is a `problem`."""
    problem: str = ""
    """Why it cannot be used: a clause that names it, and holds nothing of what stands there."""

    def __repr__(self) -> str:
        """Without what stands in it."""
        return f"PullSecret({self.name!r}, …)"
