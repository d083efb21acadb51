"""Which manifests of a repository nobody needs: a pure function of what was read."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from webhook.clean.inventory import attached_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from webhook.clean.inventory import Inventory, Stored


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept, whatever else is said."""

    now: datetime
    older_than: timedelta
    keep: int
    """So many of the newest images of each repository."""
    keep_tags: tuple[str, ...] = ()
    """Patterns (`*`, `?`, `[…]`) of tags."""
    in_use: frozenset[str] = frozenset()
    """Digests that clusters use."""


class Doomed(msgspec.Struct, frozen=True):
    """A manifest that nobody needs."""

    digest: str
    tags: tuple[str, ...]
    created: datetime | None
    why: str


class Plan(msgspec.Struct, frozen=True):
    """What one repository would lose."""

    repository: str
    doomed: tuple[Doomed, ...]
    """In the order in which they may be deleted: what is attached, then indexes, then the rest."""
    kept: Mapping[str, int]
    """How many manifests are kept, by the reason."""
    freed: int
    """Bytes that nothing refers to afterwards; the registry frees them when it collects garbage."""
    listed: bool = False
    """Whether the registry lists manifests that no tag leads to; else nobody sees them."""


def decide(inventory: Inventory, terms: Terms) -> Plan:
    """Tell what may go.

    An image is kept while a cluster uses it or a part of it, while it is young or its age is not
    known, among the newest, or under a tag that is to be kept. What no tag leads to, where the
    registry lists it, is an image like the others, but never among the newest. With an image are
    kept its platforms and what is attached to any of these; what is attached to something that is
    not here stays, too.
    """
    stored = inventory.stored
    images = _images(inventory)
    kept = _kept_images(inventory, images, terms)
    for digest in list(kept):
        for part in _below(digest, stored):
            kept.setdefault(part, "part of an image that is kept")
    _keep_attached(inventory, kept)
    tags = _tags_of(inventory)
    doomed = [one for digest, one in stored.items() if digest not in kept]
    order = sorted(doomed, key=lambda one: (_rank(one, tags.get(one.digest, ())), one.digest))
    return Plan(
        inventory.repository,
        tuple(
            Doomed(
                one.digest,
                tuple(sorted(tags.get(one.digest, ()))),
                images.get(one.digest, one.created),
                _why(one, images, tags.get(one.digest, ())),
            )
            for one in order
        ),
        _counted(kept.values()),
        _size(doomed) - _shared(doomed, [stored[one] for one in kept if one in stored]),
        inventory.untagged is not None,
    )


def _images(inventory: Inventory) -> dict[str, datetime | None]:
    """What stands for itself, and when it was built: the newest of its platforms."""
    stored = inventory.stored
    tops = [digest for tag, digest in inventory.tags.items() if not attached_to(tag)]
    parts = {child for one in stored.values() for child in one.children}
    tops += sorted((inventory.untagged or frozenset()) - parts)
    images: dict[str, datetime | None] = {}
    for digest in tops:
        if stored[digest].subject:
            continue
        dates = [stored[one].created for one in (digest, *_below(digest, stored)) if one in stored]
        images[digest] = max((date for date in dates if date is not None), default=None)
    return images


def _kept_images(
    inventory: Inventory, images: Mapping[str, datetime | None], terms: Terms
) -> dict[str, str]:
    tags = _tags_of(inventory)
    dates = [date for digest, date in images.items() if date is not None and digest in tags]
    newest = sorted(dates, reverse=True)[: terms.keep]
    kept: dict[str, str] = {}
    for digest, created in images.items():
        parts = {digest, *_below(digest, inventory.stored)}
        if parts & terms.in_use:
            kept[digest] = "in use"
        elif created is None:
            kept[digest] = "its age is not known"
        elif created > terms.now - terms.older_than:
            kept[digest] = "young"
        elif digest not in tags:
            continue
        elif newest and terms.keep and created >= newest[-1]:
            kept[digest] = "among the newest"
        elif any(fnmatchcase(tag, pattern) for tag in tags[digest] for pattern in terms.keep_tags):
            kept[digest] = "its tag is kept"
    for digest in inventory.stored.keys() & terms.in_use:
        kept.setdefault(digest, "in use")
    return kept


def _keep_attached(inventory: Inventory, kept: dict[str, str]) -> None:
    """Keep what is attached to what is kept, and to what is not here; a few levels up."""
    subjects = {digest: {one.subject} for digest, one in inventory.stored.items() if one.subject}
    for tag, digest in inventory.tags.items():
        if subject := attached_to(tag):
            subjects.setdefault(digest, set()).add(subject)
    changed = True
    while changed:
        changed = False
        for digest, whose in subjects.items():
            needed = any(one in kept or one not in inventory.stored for one in whose)
            if needed and digest not in kept:
                for part in (digest, *_below(digest, inventory.stored)):
                    kept.setdefault(part, "attached to what is kept")
                changed = True


def _below(digest: str, stored: Mapping[str, Stored]) -> list[str]:
    """Children, and theirs; also those that are not here."""
    found: dict[str, None] = {}
    pending = [digest]
    while pending:
        one = stored.get(pending.pop())
        for child in one.children if one else ():
            if child not in found:
                found[child] = None
                pending.append(child)
    return list(found)


def _tags_of(inventory: Inventory) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for tag, digest in inventory.tags.items():
        tags.setdefault(digest, []).append(tag)
    return tags


def _rank(one: Stored, tags: Iterable[str]) -> int:
    if one.subject or any(map(attached_to, tags)):
        return 0
    return 1 if one.children else 2


def _why(one: Stored, images: Mapping[str, object], tags: Sequence[str]) -> str:
    if one.digest in images:
        return "old, and nobody uses it" if tags else "old, without a tag, and nobody uses it"
    if one.subject or any(map(attached_to, tags)):
        return "attached to what goes"
    return "part of what goes"


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items()))


def _size(some: Iterable[Stored]) -> int:
    blobs: dict[str, int] = {}
    for one in some:
        blobs[one.digest] = one.size
        blobs.update(one.blobs)
    return sum(blobs.values())


def _shared(doomed: Iterable[Stored], kept: Iterable[Stored]) -> int:
    """Bytes of blobs that both have."""
    needed = {digest for one in kept for digest, _ in one.blobs}
    shared = {digest: size for one in doomed for digest, size in one.blobs if digest in needed}
    return sum(shared.values())
