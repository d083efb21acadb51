"""What the operator recorded of digests, read once; of others, why nothing is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import IMAGE_FACTS
from webhook.cluster.lists import list_pages
from webhook.cluster.mirror import HasMetadata
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.printable import printable
from webhook.core.recorded import RecordedSpec, facts_of, name_of
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from webhook.cluster.api import Api

_MAX_SPEC = 128 * 1024
"""Bytes. The operator writes a quarter of it at most."""
_MAX_TEXT = 300
_NOT_FOUND = 404
_LEARNED = "Learned"
_REASONS = {reason.token: reason for reason in Reason}
_NEW = Unknown(Reason.NOT_FOUND, "not recorded yet: no operator has written ImageFacts of it")
_UNREADABLE = Unknown(Reason.BAD_CONTENT, "not recorded: its ImageFacts cannot be read")
_LARGE = Unknown(Reason.BAD_CONTENT, "not recorded: what its registry says is too large for it")

_spec = msgspec.json.Decoder(RecordedSpec).decode


class _Condition(msgspec.Struct, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class _Status(msgspec.Struct, frozen=True):
    conditions: tuple[_Condition, ...] = ()


class _Beside(msgspec.Struct, frozen=True):
    truncated: bool = False


class _Item(HasMetadata):
    spec: msgspec.Raw = msgspec.Raw(b"{}")
    status: _Status = _Status()


class Records:
    """What was found of the digests that were asked about."""

    def __init__(self, found: Mapping[str, ImageFacts | Unknown], gap: ClusterError | None) -> None:
        """Give facts, or why there are none, by digest.

        Args:
            found: of every digest that has a record.
            gap: why records could not be read; None where they were.
        """
        self._found = found
        self.gap = gap
        """Why nothing is known of any digest."""
        self._none = _NEW if gap is None else _closed(gap)

    def facts(self, digest: str) -> ImageFacts | Unknown:
        """The facts about a digest, or why there are none."""
        return self._found.get(digest, self._none)


async def read_records(api: Api, digests: Collection[str]) -> Records:
    """Read the records of some digests, a page at a time, and hold no others.

    A digest may be that of an index, or of one platform of it that a node runs.
    """
    wanted = {name_of(digest): digest for digest in digests}
    found: dict[str, ImageFacts | Unknown] = {}
    if not wanted:
        return Records(found, None)
    try:
        async for page in list_pages(api, IMAGE_FACTS, _Item):
            for item in page.items:
                if item.metadata.name in wanted:
                    found[wanted[item.metadata.name]] = _read(item)
    except ClusterError as error:
        return Records(found, error)
    return Records(found, None)


def _read(item: _Item) -> ImageFacts | Unknown:
    try:
        if len(memoryview(item.spec)) > _MAX_SPEC:
            return _UNREADABLE
        spec = _spec(item.spec)
        beside = msgspec.json.decode(item.spec, type=_Beside)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _UNREADABLE
    facts = facts_of(item.metadata.name, spec)
    if facts is not None:
        return facts
    if name_of(spec.digest) != item.metadata.name:
        return _UNREADABLE
    if beside.truncated:
        return _LARGE
    return next(_troubles(item.status), _NEW)


def _troubles(status: _Status) -> Iterator[Unknown]:
    """Why the operator did not learn it, by its own words."""
    for one in status.conditions:
        if one.type == _LEARNED and one.status != "True":
            said = printable(one.message or one.reason, _MAX_TEXT)
            yield Unknown(_REASONS.get(one.reason, Reason.NOT_FOUND), f"not recorded yet: {said}")


def _closed(error: ClusterError) -> Unknown:
    if error.status == _NOT_FOUND:
        detail = "not recorded: this cluster has no ImageFacts, Cocket is not installed in it"
        return Unknown(Reason.NOT_CONFIGURED, detail)
    return Unknown(Reason.UNREACHABLE, f"not known: ImageFacts cannot be listed: {error}")
