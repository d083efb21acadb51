"""Who uses which digest, kept up to date with every change of an object."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webhook.cluster.metadata import Key
    from webhook.core.image import ImageRef
    from webhook.operator.named_images import Pinned

SHOWN = 10
"""Users that are named; the others are counted."""
_MOST_NAMES = 8
"""Names of one digest among which its registries are looked for."""
_POD = "Pod"


class UsedBy(msgspec.Struct, frozen=True):
    """`status.usedBy` of ImageFacts."""

    count: int = 0
    """Of objects: a Deployment, its ReplicaSet and its Pods are three kinds of user."""
    names: tuple[str, ...] = ()
    """`namespace/Kind/name`, the first in the order of the alphabet."""


class _Used(msgspec.Struct):
    """One digest."""

    users: set[str] = msgspec.field(default_factory=set)
    names: dict[ImageRef, int] = msgspec.field(default_factory=dict)
    """How many objects use it by that name."""
    pods: int = 0


class Usage:
    """Digests, and the objects that name them. Nothing is ever written to an object."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        """`changed` is called with every digest that won or lost a user."""
        self._changed = changed
        self._images: dict[str, Pinned] = {}
        self._used: dict[str, _Used] = {}

    def follow(self, kind: str) -> Callable[[Key, Pinned | None], None]:
        """What a mirror of a kind tells its changes to; None: the object is gone."""
        pod = kind == _POD

        def changed(key: Key, images: Pinned | None) -> None:
            self._put(f"{key[0]}/{kind}/{key[1]}", images or (), pod=pod)

        return changed

    def digests(self) -> Iterator[str]:
        """Every digest in use."""
        return iter(tuple(self._used))

    def names(self, digest: str) -> tuple[ImageRef, ...]:
        """The images by which the digest is used, some at most, in order."""
        used = self._used.get(digest)
        return tuple(nsmallest(_MOST_NAMES, used.names, key=str)) if used else ()

    def is_used(self, digest: str) -> bool:
        """True where any object names it."""
        return digest in self._used

    def in_pods(self, digest: str) -> bool:
        """True where a Pod names it, not only templates."""
        used = self._used.get(digest)
        return used is not None and used.pods > 0

    def used_by(self, digest: str) -> UsedBy:
        """Who uses it."""
        used = self._used.get(digest)
        if used is None:
            return UsedBy()
        return UsedBy(len(used.users), tuple(nsmallest(SHOWN, used.users)))

    def __len__(self) -> int:
        """How many digests are in use."""
        return len(self._used)

    def _put(self, user: str, images: Pinned, *, pod: bool) -> None:
        before = self._images.get(user, ())
        if before == images:
            return
        if images:
            self._images[user] = images
        else:
            self._images.pop(user, None)
        for ref in images:
            if ref not in before:
                names = self._used.setdefault(_digest(ref), _Used()).names
                names[ref] = names.get(ref, 0) + 1
        for ref in before:
            if ref not in images:
                names = self._used[_digest(ref)].names
                names[ref] -= 1
                if not names[ref]:
                    del names[ref]
        self._count(user, frozenset(map(_digest, before)), frozenset(map(_digest, images)), pod=pod)
        # Told at the end: who looks then sees the whole change.
        for digest in {_digest(ref) for ref in (*before, *images)}:
            self._changed(digest)

    def _count(self, user: str, before: frozenset[str], now: frozenset[str], *, pod: bool) -> None:
        for digest in now - before:
            used = self._used[digest]
            used.users.add(user)
            used.pods += pod
        for digest in before - now:
            used = self._used[digest]
            used.users.discard(user)
            used.pods -= pod
            if not used.users:
                del self._used[digest]


def _digest(ref: ImageRef) -> str:
    return ref.digest or ""
