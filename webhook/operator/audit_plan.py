"""When to look at what: everything now and then, and at once where something changed."""

from __future__ import annotations

import math

import msgspec

_GATHER_SECONDS = 2.0
"""From a change to the look: a rollout brings the next change at once."""
_REST, _LONGEST_REST = 4.0, 30.0
"""Times as long as a look took, nothing is looked at, but so many seconds at most: a cluster in
which something changes all the time costs a fifth of a processor."""
_MOST_NAMESPACES = 16
"""Beyond, one look at everything is cheaper: each namespace costs a list of every kind."""


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How often to look."""

    interval_seconds: float = 600.0
    """Between two looks at everything: tags that moved, and what drifted, nobody tells of."""
    gather_seconds: float = _GATHER_SECONDS
    """That changes are gathered."""
    retry_seconds: float = 15.0
    """Until what could not be checked is looked at again; doubled each time, up to the interval."""


class Plan:
    """What is due, by a clock that never jumps. The first look is due at once.

    Attributes:
        everything: what `take` gives where all namespaces are due.
    """

    everything = frozenset({""})

    def __init__(self, options: PlanOptions, now: float) -> None:
        """Begin."""
        self._options = options
        self._full = now
        self._due: dict[str, float] = {}
        self._rest_until = now
        self._again = options.retry_seconds

    def all_changed(self, now: float) -> None:
        """Everything may be judged otherwise from now on."""
        self._full = min(self._full, now + self._options.gather_seconds)

    def changed(self, namespace: str, now: float) -> None:
        """Something else runs there, or is judged otherwise."""
        self.at(namespace, now + self._options.gather_seconds)

    def at(self, namespace: str, when: float) -> None:
        """Something is judged otherwise there from then on."""
        self._due[namespace] = min(self._due.get(namespace, when), when)

    def wait(self, now: float) -> float:
        """Seconds until something is due."""
        due = min([self._full, *self._due.values()])
        return max(0.0, due - now, self._rest_until - now)

    def take(self, now: float) -> frozenset[str]:
        """The namespaces to look at now, all that are due together; none before their time.

        What changes from here on is due again.
        """
        if now < self._rest_until:
            return frozenset()
        due = frozenset(name for name, when in self._due.items() if when <= now)
        for name in due:
            del self._due[name]
        if self._full > now and len(due) <= _MOST_NAMESPACES:
            return due
        self._full = math.inf
        return self.everything

    def looked(self, taken: frozenset[str], began: float, now: float) -> None:
        """The look is over."""
        if taken == self.everything:
            self._full = min(self._full, now + self._options.interval_seconds)
        self._rest_until = now + min(_REST * (now - began), _LONGEST_REST)

    def failed(self, now: float, pause: float) -> None:
        """The look came to nothing: everything is due, after a pause."""
        self._full = self._rest_until = now + pause

    def undecided(self, namespaces: frozenset[str], now: float) -> None:
        """What could not be checked there may be known soon; none: all is known."""
        if not namespaces:
            self._again = self._options.retry_seconds
            return
        for name in namespaces:
            self.at(name, now + self._again)
        self._again = min(2 * self._again, self._options.interval_seconds)
