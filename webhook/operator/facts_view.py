"""The `ImageFacts` objects as they are now: what the watch brought, and what we wrote since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.cluster.kinds import IMAGE_FACTS
from webhook.cluster.mirror import Mirror
from webhook.core.recorded import name_of
from webhook.operator.recorded_facts import FactsItem, Recorded, digest_of, recorded_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webhook.cluster.api import Api
    from webhook.cluster.metadata import Key


class FactsView:
    """Objects by digest."""

    def __init__(self, api: Api, changed: Callable[[str, Recorded | None], None]) -> None:
        """`changed` is called with every digest whose object changed, or is gone."""
        self.mirror = Mirror(api, IMAGE_FACTS, FactsItem, recorded_of, changed=self._seen)
        self._changed = changed
        self._written: dict[str, Recorded] = {}

    def latest(self, digest: str) -> Recorded | None:
        """The object about a digest; None where there is none."""
        written = self._written.get(digest)
        return written if written is not None else self.mirror.held.get(_key(digest))

    def wrote(self, digest: str, recorded: Recorded) -> None:
        """This is what we wrote: the watch brings it, too, and earlier states before it."""
        seen = self.mirror.held.get(_key(digest))
        if seen is None or seen.is_older(recorded):
            self._written[digest] = recorded

    def digests(self) -> Iterator[str]:
        """All digests that an object is about."""
        return iter([digest_of(name) for _, name in self.mirror.held])

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.mirror.held)

    def _seen(self, key: Key, recorded: Recorded | None) -> None:
        digest = digest_of(key[1])
        written = self._written.get(digest)
        if written is not None and (recorded is None or not recorded.is_older(written)):
            del self._written[digest]
        self._changed(digest, recorded)


def _key(digest: str) -> Key:
    return ("", name_of(digest))
