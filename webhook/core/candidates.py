"""Policies that are not in force yet, added to those that are: what would decide then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec.structs import replace

from webhook.core.document import Document
from webhook.core.policy import Broken, PolicySet
from webhook.core.resource import identity, read_resource
from webhook.core.timestamps import Moment
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from webhook.core.reading import Loaded
    from webhook.core.resource import Resource


class Gathered:
    """Makes policies of documents, and remembers of which it was done last."""

    def __init__(self, gather: Callable[[Iterable[Document]], Loaded]) -> None:
        """Nothing was gathered yet."""
        self.documents: tuple[Document, ...] = ()
        self.gather = gather

    def __call__(self, documents: Iterable[Document]) -> Loaded:
        """Gather."""
        self.documents = tuple(documents)
        return self.gather(self.documents)


class Candidate(msgspec.Struct, frozen=True):
    """What would decide, and how that differs."""

    policies: PolicySet
    added: tuple[str, ...]
    """Titles of documents that are not in force yet."""
    replaced: tuple[str, ...]
    """Titles of those that stand in the place of one that is."""
    warnings: tuple[str, ...]


def candidate(gathered: Gathered, documents: Iterable[Document], now: datetime) -> Candidate:
    """What would decide if these documents were applied.

    Args:
        gathered: those in force.
        documents: of the same kinds; each is added, or replaces the one of its kind and name.
        now: aware; from then on new ones are there.

    Raises:
        InvalidPolicyError: there are none, there are two of one name, or one cannot be used or
            would have no effect; says which, and why.
    """
    before = {identity(one.data): one for one in gathered.documents}
    new = _by_key(documents)
    added = {key: one for key, one in new.items() if key not in before}
    kept = [one for key, one in before.items() if key not in new]
    dated = [_dated(one.document, before.get(key), now) for key, one in new.items()]
    loaded = gathered.gather([*kept, *dated])
    for problem in (*loaded.policies.broken, *loaded.ignored):
        resource = new.get((problem.kind, problem.namespace, problem.name))
        if resource is not None:
            where = resource.document.where
            raise InvalidPolicyError(f"{where}: {problem.title}: {problem.message}")
    files = tuple({one.document.file for one in new.values() if one.document.file})
    return Candidate(
        policies=loaded.policies,
        added=tuple(Broken(*key, "").title for key in added),
        replaced=tuple(Broken(*key, "").title for key in new if key in before),
        warnings=tuple(one for one in loaded.warnings if one.startswith(files)),
    )


def _by_key(documents: Iterable[Document]) -> dict[tuple[str, str, str], Resource]:
    found: dict[tuple[str, str, str], Resource] = {}
    for document in documents:
        resource = read_resource(document)
        if resource.key in found:
            raise resource.top.error("there are two of this name", "metadata", "name")
        found[resource.key] = resource
    if not found:
        raise InvalidPolicyError("there is no document, so nothing would change")
    return found


def _dated(document: Document, before: Document | None, now: datetime) -> Document:
    """With the time at which the API server made the one before, or would make it."""
    match before.data if before else None:
        case {"metadata": {"creationTimestamp": str(created)}}:
            pass
        case _:
            created = str(Moment(now))
    # It was read before: it is a mapping with a mapping in it.
    data = cast("dict[str, Any]", document.data)
    metadata = {**data["metadata"], "creationTimestamp": created}
    return replace(document, data={**data, "metadata": metadata})
