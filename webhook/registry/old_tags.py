"""What tags pointed to when their registry last said so, for a while in which it says nothing.

Only silence makes use of it: a registry that answers «no such tag» or «not for you» has answered,
and ends what was known (RFC 5861, section 4, has the same line between error and answer).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.errors import BlockedError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webhook.registry.cache import Tagged

_SILENT = frozenset({Reason.UNREACHABLE, Reason.TIMED_OUT})
_UNDECIDED = frozenset({Reason.RATE_LIMITED})
"""No word about the tag, and no silence: neither used nor forgotten."""
_MAX_TAGS = 16_384


class Seen(msgspec.Struct, frozen=True):
    """What a tag pointed to."""

    digest: str
    seconds: int
    """Since the registry said so; rounded up."""


class OldTags:
    """Believed for so many seconds from the last word of the registry, and never for longer."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        """Nothing is kept for 0 `seconds`; `monotonic` gives seconds that never go back."""
        self._seconds = seconds
        self._monotonic = monotonic
        self._entries: OrderedDict[Tagged, tuple[str, float]] = OrderedDict()

    def saw(self, asked: Tagged, digest: str) -> None:
        """The registry said what the tag points to now; the oldest goes when there are too many."""
        if self._seconds <= 0:
            return
        self._entries.pop(asked, None)
        self._entries[asked] = (digest, self._monotonic())
        if len(self._entries) > _MAX_TAGS:
            self._entries.popitem(last=False)

    def failed(self, asked: Tagged, errors: Iterable[RegistryError]) -> None:
        """The tag was not learned: one who did answer, registry or mirror, ends what was known."""
        if any(not _says_nothing(error) for error in errors):
            self._entries.pop(asked, None)

    def of(self, asked: Tagged, reason: Reason) -> Seen | None:
        """What the tag pointed to, where its registry is silent now for this `reason`."""
        found = self._entries.get(asked)
        if found is None or reason not in _SILENT:
            return None
        digest, at = found
        age = self._monotonic() - at
        if age < self._seconds:
            return Seen(digest, int(age) + 1)
        del self._entries[asked]
        return None

    def __len__(self) -> int:
        """How many tags, those included that nobody looked at since they ended."""
        return len(self._entries)


def _says_nothing(error: RegistryError) -> bool:
    # What our own guard forbids to dial is no registry that is down: its name leads elsewhere now.
    return error.reason in _SILENT | _UNDECIDED and not isinstance(error, BlockedError)
