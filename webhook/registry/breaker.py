"""A breaker for each registry: what is in trouble is left alone for a while, and says so at once.

One question is let through when the while is over; only its answer opens the door for all.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from webhook.core.facts import Reason, Unknown
from webhook.errors import BlockedError, RegistryError, UnavailableError
from webhook.registry.patience import asked_pause

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from webhook.registry.exchange import Request, Response, Transport

OF_THE_REGISTRY = frozenset({Reason.UNREACHABLE, Reason.TIMED_OUT, Reason.UNTRUSTED_TLS})
"""Failures that say more about the registry than about the image."""
_TROUBLED = frozenset({502, 503, 504})
"""Not 500: a name that a tenant chose may be all that a registry cannot bear."""
_LIMITED = 429
_TOLERATED = 3
"""Failures in a row after which the registry is in trouble: one may be the image's own."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
_LONGEST_LIMITED = 900.0
_EARLY = 0.01
"""Seconds that whoever was told to come again may be early: clocks of event loops are coarse."""
_MOST_DOUBLINGS = 8
_MAX_BREAKERS = 4096


class Breaker:
    """The state of one door. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        """Closed: everything goes through."""
        self._failures = 0
        self._until = 0.0
        self._probing = False
        self.why: Unknown | None = None
        """Why nobody, or only one, is let through."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to remember."""
        return not self._failures and self.why is None and not self._probing

    def enter(self, now: float) -> Unknown | None:
        """Go through, or hear why not. Who goes through calls `leave` in the end."""
        if self.why is None:
            return None
        if now < self._until or self._probing:
            return self.why
        self._probing = True
        return None

    def leave(self, failed: Unknown | None, now: float, pause: float = 0.0) -> None:
        """Tell what came of it.

        Args:
            failed: what went wrong with the registry; None where nothing did.
            now: seconds.
            pause: seconds that it asked for itself; it is left alone for them at once.
        """
        self._probing = False
        if failed is None:
            self._failures, self.why = 0, None
            return
        self._failures += 1
        if not pause and self._failures < _TOLERATED:
            return
        if not pause:
            doublings = min(self._failures - _TOLERATED, _MOST_DOUBLINGS)
            pause = min(_FIRST_PAUSE * 2.0**doublings, _LONGEST_PAUSE)
        self._until = max(self._until, now + min(pause, _LONGEST_LIMITED) - _EARLY)
        self.why = failed

    def abandon(self) -> None:
        """Nobody waited for the answer: it says nothing."""
        self._probing = False


class Breakers:
    """The breakers of one process, by registry and by whose login asks.

    By login, so that a tenant who has used up his own pulls stops nobody but himself.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """All doors are open."""
        self.monotonic = monotonic
        self._breakers: dict[tuple[str, Hashable], Breaker] = {}
        self.refused: Counter[str] = Counter()
        """Questions that were refused without asking, by registry."""

    def of(self, host: str, who: Hashable) -> Breaker:
        """The breaker of one door."""
        key = (host, who)
        found = self._breakers.get(key)
        if found is None:
            if len(self._breakers) >= _MAX_BREAKERS:
                kept = {key: one for key, one in self._breakers.items() if not one.idle}
                self._breakers = kept if len(kept) < _MAX_BREAKERS else {}
            found = self._breakers[key] = Breaker()
        return found

    def open(self) -> Mapping[str, bool]:
        """Which registries are left alone now, by host, for whoever asks with no login of his own.

        Those that nothing ever went wrong with are there too.
        """
        return {
            host: one.why is not None for (host, who), one in self._breakers.items() if who == ()
        }


class Breaking:
    """Sends unless the registry is in trouble; a refusal costs nothing and waits for nobody."""

    def __init__(self, inner: Transport, breakers: Breakers, host: str, who: Hashable = ()) -> None:
        """Watch what `inner` meets at `host`."""
        self._inner = inner
        self._breakers = breakers
        self._breaker = breakers.of(host, who)
        self._host = host

    async def send(self, request: Request) -> Response:
        """See `Transport.send`.

        Raises:
            UnavailableError: it is left alone; the reason is that of its last failure.
        """
        breaker, now = self._breaker, self._breakers.monotonic
        why = breaker.enter(now())
        if why is not None:
            self._breakers.refused[self._host] += 1
            raise UnavailableError(
                why.reason, f"{self._host} is left alone for a while, because {why.detail}"
            )
        try:
            response = await self._inner.send(request)
        except RegistryError as error:
            # What our guard forbids says nothing of the registry, and costs nobody a wait.
            counts = error.reason in OF_THE_REGISTRY and not isinstance(error, BlockedError)
            breaker.leave(Unknown(error.reason, str(error)) if counts else None, now())
            raise
        except BaseException:
            breaker.abandon()
            raise
        failed, pause = _meaning(response, self._host)
        breaker.leave(failed, now(), pause)
        return response


def _meaning(response: Response, host: str) -> tuple[Unknown | None, float]:
    """What an answer says about the registry, and for how long it wants to be left alone."""
    if response.status == _LIMITED:
        detail = f"{host} has had too many requests (429)"
        return Unknown(Reason.RATE_LIMITED, detail), asked_pause(response)
    if response.status in _TROUBLED:
        return Unknown(Reason.UNREACHABLE, f"{host} is in trouble ({response.status})"), 0.0
    return None, 0.0
