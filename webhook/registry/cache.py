"""What was learned: by digest without end, by tag for seconds, what failed for fewer."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from webhook.core.facts import ImageFacts, Need, OldTag, Unknown
from webhook.registry.old_tags import OldTags

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from webhook.core.facts import ImageConfig
    from webhook.core.image import ImageRef
    from webhook.core.registries import Registry
    from webhook.errors import RegistryError
    from webhook.registry.credentials import Credential

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")

DEFAULT_TAG = "latest"
_STRING_BYTES = 60
"""What a string costs in memory beside its characters."""
_STRUCT_BYTES = 250
_MAX_BRIEF = 16_384


class Pinned(msgspec.Struct, frozen=True):
    """An image by digest in one repository.

    The content of a digest is the same everywhere, but that one repository serves it proves nothing
    about another, which may be private or not have it at all.
    """

    host: str
    repository: str
    digest: str
    access: tuple[Credential, ...] = ()
    """The logins of the tenant who asks; none: what is told to everybody."""


class Tagged(msgspec.Struct, frozen=True):
    """An image by tag, as one Registry entry (and so one set of credentials) sees it."""

    registry: str
    host: str
    repository: str
    tag: str
    access: tuple[Credential, ...] = ()
    """See `Pinned.access`."""


def question(
    ref: ImageRef, registry: Registry, access: tuple[Credential, ...] = ()
) -> Tagged | Pinned:
    """What is asked about an image; without tag and digest it is `latest`."""
    if ref.digest is not None:
        return Pinned(ref.host, ref.repository, ref.digest, access)
    return Tagged(registry.name, ref.host, ref.repository, ref.tag or DEFAULT_TAG, access)


class Bounded(Generic[K, V]):
    """The entries used last, as many as their weights allow."""

    def __init__(self, limit: int, weigh: Callable[[V], int]) -> None:
        """`limit` is the sum of the weights, in bytes."""
        self._limit = limit
        self._weigh = weigh
        self._entries: OrderedDict[K, V] = OrderedDict()
        self.weight = 0

    def get(self, key: K) -> V | None:
        """The entry, which is thereby the one used last."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: K, value: V) -> None:
        """Keep the entry; what was not used for longest goes."""
        old = self._entries.pop(key, None)
        if old is not None:
            self.weight -= self._weigh(old)
        self._entries[key] = value
        self.weight += self._weigh(value)
        while self.weight > self._limit and self._entries:
            _, gone = self._entries.popitem(last=False)
            self.weight -= self._weigh(gone)

    def __len__(self) -> int:
        """How many entries."""
        return len(self._entries)


class Brief(Generic[K, V]):
    """Entries that are believed for some seconds."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds that never go back."""
        self._seconds = seconds
        self._monotonic = monotonic
        self._entries: OrderedDict[K, tuple[V, float]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The entry, while it is believed."""
        found = self._entries.get(key)
        if found is None:
            return None
        value, until = found
        if self._monotonic() < until:
            return value
        del self._entries[key]
        return None

    def put(self, key: K, value: V) -> None:
        """Keep the entry from now on; the oldest goes when there are too many."""
        self._entries.pop(key, None)
        self._entries[key] = (value, self._monotonic() + self._seconds)
        if len(self._entries) > _MAX_BRIEF:
            self._entries.popitem(last=False)

    def __len__(self) -> int:
        """How many entries, those included that nobody looked at since they ended."""
        return len(self._entries)


class Memory:
    """All that one process knows about images from registries."""

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        max_bytes: int,
        tag_seconds: float,
        failure_seconds: float,
        stale_tag_seconds: float = 0.0,
    ) -> None:
        """Bounds: bytes of facts in all, seconds for a tag, a failure, a tag in silence."""
        self.facts: Bounded[Pinned, ImageFacts] = Bounded(max_bytes, _facts_bytes)
        self.configs: Bounded[str, ImageConfig] = Bounded(max_bytes // 4, _config_bytes)
        """By digest of the config: a fact about bytes, whoever served them."""
        self.tags: Brief[Tagged, str] = Brief(tag_seconds, monotonic)
        self.old_tags = OldTags(stale_tag_seconds, monotonic)
        self.failures: Brief[tuple[Tagged | Pinned, bool], Unknown] = Brief(
            failure_seconds, monotonic
        )
        """By image and whether configs were asked for."""

    def known(self, asked: Tagged | Pinned, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What is known at once: facts, a failure of a moment ago, or None.

        A tag whose registry is silent is answered by what it pointed to before, with its age, where
        `old_tags` is asked to know it; a digest never.
        """
        pinned = asked if isinstance(asked, Pinned) else self._pinned(asked)
        if pinned is not None and (facts := self._kept(pinned, needs)) is not None:
            return facts
        failure = self.failures.get((asked, Need.CONFIG in needs))
        if failure is None or isinstance(asked, Pinned):
            return failure
        seen = self.old_tags.of(asked, failure.reason)
        found = None if seen is None else self._kept(_at(asked, seen.digest), needs)
        if seen is None or found is None:
            return failure
        return replace(found, old_tag=OldTag(seen.seconds, failure))

    def told(self, asked: Tagged, digest: str) -> Pinned:
        """A registry said what a tag points to; gives the image by digest."""
        self.tags.put(asked, digest)
        self.old_tags.saw(asked, digest)
        return _at(asked, digest)

    def failed(
        self, asked: Tagged | Pinned, errors: Sequence[RegistryError], *, with_configs: bool
    ) -> None:
        """An image was not learned; the last of the errors is the one that is told."""
        if isinstance(asked, Tagged):
            self.old_tags.failed(asked, errors)
        last = errors[-1]
        self.failures.put((asked, with_configs), Unknown(last.reason, str(last)))

    def _pinned(self, asked: Tagged) -> Pinned | None:
        return _at(asked, digest) if (digest := self.tags.get(asked)) else None

    def _kept(self, pinned: Pinned, needs: frozenset[Need]) -> ImageFacts | None:
        if (facts := self.facts.get(pinned)) is not None:
            return facts
        if Need.CONFIG in needs:
            return None
        return ImageFacts(digest=pinned.digest, source=pinned.host)


def _at(asked: Tagged, digest: str) -> Pinned:
    return Pinned(asked.host, asked.repository, digest, asked.access)


def _facts_bytes(facts: ImageFacts) -> int:
    return _STRUCT_BYTES + sum(
        _STRUCT_BYTES + _config_bytes(image.config) for image in facts.platforms
    )


def _config_bytes(config: ImageConfig) -> int:
    """About what a config costs; label keys and other words that images share are not counted."""
    texts = [config.created, *config.entrypoint, *config.cmd]
    texts += [value for _, value in config.labels]
    return _STRUCT_BYTES + sum(_STRING_BYTES + len(text) for text in texts)
