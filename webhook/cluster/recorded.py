"""What the operator recorded about digests: `ImageFacts`, of which only the spec is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.cluster.kinds import IMAGE_FACTS
from webhook.cluster.mirror import HasMetadata, Mirror
from webhook.cluster.packed import pack, unpack
from webhook.core.recorded import RecordedSpec, facts_of, name_of

if TYPE_CHECKING:
    from webhook.cluster.api import Api
    from webhook.cluster.metadata import Key
    from webhook.core.facts import ImageFacts

_MAX_SPEC = 128 * 1024
"""Bytes. The operator writes a quarter of it at most."""
_MAX_READ = 4096
"""Digests that are held read: those that Pods are made of now."""
_UNUSABLE = b""

_spec = msgspec.json.Decoder(RecordedSpec).decode
_kept = msgspec.json.Decoder(RecordedSpec).decode


class Item(HasMetadata):
    """A record as it comes from the API server."""

    spec: msgspec.Raw = msgspec.Raw(b"null")


class RecordedFacts:
    """Facts by digest, and which digests are in use; told by the cluster, at hand at once."""

    def __init__(self, api: Api) -> None:
        """Nothing is asked before the mirror runs."""
        self.ignored: set[Key] = set()
        """Records that nobody can use: name and digest disagree, or they cannot be read."""
        self.unlearned: set[Key] = set()
        """Records of digests of which nothing is known but that they are in use."""
        self.mirror: Mirror[bytes] = Mirror(api, IMAGE_FACTS, Item, self.keep, changed=self.forget)
        self.read: dict[str, ImageFacts] = {}
        """Those that were asked for of late, unpacked."""

    def facts(self, digest: str) -> ImageFacts | None:
        """The facts about a digest, of an index or of a manifest; None where there are none."""
        found = self.read.get(digest)
        if found is not None:
            return found
        name = name_of(digest)
        packed = self.mirror.held.get(("", name))
        if not packed:
            return None
        facts = facts_of(name, replace(_kept(unpack(packed)), digest=digest))
        if facts is None:
            return None
        if len(self.read) >= _MAX_READ:
            del self.read[next(iter(self.read))]
        self.read[digest] = facts
        return facts

    def in_use(self, digest: str) -> bool:
        """Whether something in this cluster names the digest, or did a few days ago.

        The operator deletes facts some time after the last user went, and not before.
        """
        return bool(self.mirror.held.get(("", name_of(digest))))

    def keep(self, item: Item) -> bytes:
        """What is judged from, packed; nothing where it cannot be used."""
        key = item.metadata.key
        self.ignored.discard(key)
        self.unlearned.discard(key)
        spec = _read(item.spec)
        name = item.metadata.name
        if spec is None or name_of(spec.digest) != name:
            self.ignored.add(key)
            return _UNUSABLE
        if facts_of(name, spec) is None:
            self.unlearned.add(key)
            spec = RecordedSpec()
        # The name says the digest already.
        whole = replace(spec, digest="", platforms=spec.whole, inside=(), made=())
        return pack(msgspec.json.encode(whole))

    def forget(self, key: Key, value: bytes | None) -> None:
        """Unpack it anew when it is asked for again; None where it is gone."""
        self.read.pop(key[1].replace("-", ":", 1), None)
        if value is None:
            self.ignored.discard(key)
            self.unlearned.discard(key)


def _read(spec: msgspec.Raw) -> RecordedSpec | None:
    """None where it is no record."""
    if len(memoryview(spec)) > _MAX_SPEC:
        return None
    try:
        return _spec(spec)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
