"""The policies of a cluster: one value, made anew whenever a document of theirs changes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.mirror import HasMetadata
from webhook.core.document import Document
from webhook.core.policy import PolicySet
from webhook.core.reading import Loaded
from webhook.core.registries import Registries
from webhook.core.resource import MAX_LOCAL_SPEC, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webhook.cluster.kinds import Kind
    from webhook.cluster.metadata import Key

_VERSION_DIGITS = 12
_LONGEST_PAUSE = 5.0
"""Seconds between two gatherings, where one takes as long."""
_MAX_SAID = 20
"""Lines of log about one change: ten thousand namespaces may have a broken policy each."""

_log = logging.getLogger(__name__)


class Written(msgspec.Struct, frozen=True, gc=False):
    """What counts of a document: its status, labels and annotations may change at will."""

    name: str
    namespace: str
    created: str
    spec: bytes
    """Empty where it is too large to be kept."""

    def document(self, kind: Kind) -> Document:
        """As the reader of policies takes it."""
        metadata = {"name": self.name, "creationTimestamp": self.created}
        if kind.namespaced:
            metadata["namespace"] = self.namespace
        top = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        spec: object
        try:
            spec = msgspec.json.decode(self.spec) if self.spec else TooLarge()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            spec = None  # the reader says what it thinks of it
        return Document("", 0, {**top, "spec": spec})


class Item(HasMetadata):
    """A document as it comes from the API server."""

    spec: msgspec.Raw = msgspec.Raw(b"null")

    def written(self) -> Written:
        """A copy of what counts: the original is part of a whole page."""
        metadata = self.metadata
        too_large = metadata.namespace and len(memoryview(self.spec)) > MAX_LOCAL_SPEC
        spec = b"" if too_large else bytes(self.spec)
        return Written(metadata.name, metadata.namespace, metadata.creation_timestamp or "", spec)


class Gathering:
    """Holds documents, and what was made of them.

    `loaded` is replaced as a whole, and only by something else: who remembers things by its
    identity need not begin anew when a status changes.
    """

    def __init__(self, gather: Callable[[Iterable[Document]], Loaded]) -> None:
        """Begin without documents.

        Args:
            gather: pure; makes one value of all documents, and sets aside what it cannot use.
        """
        self.loaded = Loaded(PolicySet((), Registries()))
        self.version = ""
        """Changes with what is in force, and is the same in every replica; empty before."""
        self.first = asyncio.Event()
        """Set when `loaded` holds what was gathered."""
        self.changed: Callable[[], None] = lambda: None
        """Called when another value is in force."""
        self._gather = gather
        self._documents: dict[tuple[Kind, Key], Written] = {}
        self._stale = asyncio.Event()

    def put(self, kind: Kind, key: Key, written: Written | None) -> None:
        """Take the latest of a document; None where it is gone."""
        place = (kind, key)
        if self._documents.get(place) == written:
            return
        if written is None:
            del self._documents[place]
        else:
            self._documents[place] = written
        self._stale.set()

    async def run(self) -> None:
        """Gather now, and after every change: of changes that come together, once.

        Then it rests for as long as that took: somebody may change a policy all the time, and
        reviews need the processor too.
        """
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self.once()
            ended = loop.time()
            rest = min(ended - began, _LONGEST_PAUSE)
            await self._stale.wait()
            await asyncio.sleep(ended + rest - loop.time())

    async def once(self) -> None:
        """Gather now."""
        self._stale.clear()
        documents = dict(self._documents)
        # Thousands of policies take longer to read than a review may be kept waiting.
        version, loaded = await asyncio.to_thread(_gathered, self._gather, documents)
        if version != self.version:
            _say(self.loaded, loaded)
            self.version, self.loaded = version, loaded
            self.changed()
        self.first.set()


def _gathered(
    gather: Callable[[Iterable[Document]], Loaded], documents: dict[tuple[Kind, Key], Written]
) -> tuple[str, Loaded]:
    """What the documents make, and a short hash of them, whatever their order."""
    places = sorted(documents, key=lambda place: (place[0].plural, place[1]))
    read = [documents[place].document(place[0]) for place in places]
    hashed = hashlib.sha256()
    for document in read:
        hashed.update(msgspec.json.encode(document.data, order="deterministic"))
    return hashed.hexdigest()[:_VERSION_DIGITS], gather(read)


def _say(before: Loaded, after: Loaded) -> None:
    """Tell what became broken or questionable."""
    known = {*before.policies.broken, *before.warnings}
    lines = [
        f"{one.title} is set aside, the others stay in force: {one.message}"
        for one in after.policies.broken
        if one not in known
    ]
    lines += [warning for warning in after.warnings if warning not in known]
    for line in lines[:_MAX_SAID]:
        _log.warning("%s", line)
    if len(lines) > _MAX_SAID:
        _log.warning("and %d more", len(lines) - _MAX_SAID)
    count = len(after.policies.policies)
    _log.info("%d policies are in force, %d broken", count, len(after.policies.broken))
