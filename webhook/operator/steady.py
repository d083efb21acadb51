"""For how long something has been so, without a break and without a gap in the looking."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable


class Steady:
    """Measured by a clock that never jumps; nothing is known before the first look."""

    def __init__(self, longest_gap: float) -> None:
        """Begin anew after `longest_gap` seconds without a look: who slept has seen nothing."""
        self._longest_gap = longest_gap
        self._what: Hashable = None
        self._since = 0.0
        self._seen = 0.0

    def see(self, what: Hashable, at: float) -> float:
        """Look.

        Args:
            what: is so now; None is a break.
            at: seconds of a monotonic clock.

        Returns:
            Seconds that the same has been seen; 0 at a break, and at the first look.
        """
        if what is None or what != self._what or at - self._seen > self._longest_gap:
            self._since = at
        self._what, self._seen = what, at
        return at - self._since
