"""How well the objects of one kind are known, for readiness, metrics and people."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable

if TYPE_CHECKING:
    from typing import Any

    from webhook.cluster.mirror import Mirror

_MAX_PROBLEM = 300


class Watched(msgspec.Struct, frozen=True):
    """One kind, as it stands now."""

    name: str
    """A word for people and metrics: `policies`, `facts`."""
    synced: bool
    """Whether all of them were seen once."""
    seconds: float
    """Since the API server was last heard of; infinite before the first list."""
    problem: str = ""
    """Why what is known may be old; printable; empty where nothing is wrong."""
    required: bool = True
    """Whether nothing can be judged without them."""

    @property
    def trouble(self) -> str:
        """The problem as a clause with its age; empty where there is none."""
        if not self.problem:
            return ""
        if isinf(self.seconds):
            return self.problem
        return f"not followed for {self.seconds:.0f} s: {self.problem}"


def watched(name: str, mirror: Mirror[Any], *, required: bool = True) -> Watched:
    """How a mirror stands."""
    return Watched(
        name, mirror.synced, mirror.behind(), printable(mirror.problem, _MAX_PROBLEM), required
    )
