"""How many questions one registry gets at a time, and how long none while it is in trouble."""

from __future__ import annotations

from webhook.core.facts import Reason, Unknown

OF_THE_REGISTRY = frozenset(
    {Reason.UNREACHABLE, Reason.TIMED_OUT, Reason.RATE_LIMITED, Reason.UNTRUSTED_TLS}
)
"""Reasons that say more about the registry than about the image.

Not «unauthorized»: a stranger's Pod may name a repository that is closed to us, and must not stop
the questions about all others.
"""
_TOLERATED = 3
"""Failures in a row after which the registry is in trouble: one may be the image's own."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 120.0
_FIRST_LIMITED, _LONGEST_LIMITED = 30.0, 900.0
"""Seconds after a 429 that waiting within the question did not cure."""
_MOST_DOUBLINGS = 16


class RegistryGate:
    """Lets questions to one registry through. Times are seconds of a clock that never goes back."""

    def __init__(self, at_once: int) -> None:
        """At most `at_once` at a time; one while it recovers."""
        self._at_once = at_once
        self._inside = 0
        self._failures = 0
        self._closed_until = 0.0
        self._why: Unknown | None = None
        self._waiting: dict[str, None] = {}

    def closed(self, now: float) -> Unknown | None:
        """Why nobody is let through now; None where it is open, or only full."""
        return self._why if now < self._closed_until else None

    def enter(self, digest: str, now: float) -> float | None:
        """Go through, or wait.

        Returns:
            0: go on, and call `leave` in the end. Seconds: come again then. None: `leave` of
            another one will name this digest.
        """
        if now < self._closed_until:
            return self._closed_until - now
        if self._inside < (1 if self._why is not None else self._at_once):
            self._waiting.pop(digest, None)
            self._inside += 1
            return 0.0
        self._waiting[digest] = None
        return None

    def leave(self, unknown: Unknown | None, now: float, chance: float) -> list[str]:
        """Tell what came of the question; gives the digests that may come next.

        Args:
            unknown: why it failed; None where it did not.
            now: seconds.
            chance: from 0 to 1, so that many do not come back at one moment.
        """
        self._inside -= 1
        if unknown is None or unknown.reason not in OF_THE_REGISTRY:
            self._failures, self._why = 0, None
        else:
            self._fail(unknown, now, chance)
        # Whoever waits for a registry that was left alone has to say so elsewhere.
        room = len(self._waiting) if self.closed(now) else max(1, self._at_once - self._inside)
        following = list(self._waiting)[:room]
        for digest in following:
            del self._waiting[digest]
        return following

    def _fail(self, unknown: Unknown, now: float, chance: float) -> None:
        self._failures += 1
        limited = unknown.reason is Reason.RATE_LIMITED
        if not limited and self._failures < _TOLERATED:
            return
        first, longest = (
            (_FIRST_LIMITED, _LONGEST_LIMITED) if limited else (_FIRST_PAUSE, _LONGEST_PAUSE)
        )
        doublings = min(self._failures - (1 if limited else _TOLERATED), _MOST_DOUBLINGS)
        pause = min(first * 2.0**doublings, longest) * (0.75 + 0.25 * chance)
        self._closed_until = max(self._closed_until, now + pause)
        self._why = unknown
