"""What people ask first about an image, with one answer for all its platforms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from webhook.core.agreement import Agreement
from webhook.core.origin import ORIGINS, Origin, answers_of
from webhook.core.printable import printable

if TYPE_CHECKING:
    from webhook.core.facts import PlatformImage
    from webhook.core.origin import Stated
    from webhook.core.source_url import SourceUrl

_MAX_ANSWER = 256
"""Characters of what `kubectl get imagefacts` shows in one column."""
_WORST = (Agreement.DISAGREES, Agreement.UNTOLD, Agreement.AGREES)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Printable answers; what there is no answer to is empty."""

    commit: str
    source: str
    built: str
    """RFC 3339 in UTC."""
    url: SourceUrl | None = None
    """Of the source, where all platforms agree."""
    revision: str = ""
    """The commit by itself, where all platforms agree."""
    commit_from: Origin | None = None
    source_from: Origin | None = None
    built_from: Origin | None = None
    """Who answers; of several platforms the least sure. None where there is no answer."""
    build: str = ""
    """Where the attestation that counts was found, and who signed it; empty where none counts."""
    dirty: bool = False
    """Whether the commit is that of a build with changes which are in no commit."""
    agreement: Agreement | None = None
    """How labels and attested build stand to each other; of several platforms the worst. None
    where no attestation counts."""
    differences: tuple[str, ...] = ()
    """What two of labels, annotations and build say differently, a clause each."""


def told(platforms: Sequence[PlatformImage]) -> Told:
    """Read labels, builds and annotations of all platforms: see `origin`."""
    said = [answers_of(one) for one in platforms]
    commits = [one.commit for one in said]
    sources = [one.source for one in said]
    built = [one.built for one in said]
    urls = {one.url for one in sources}
    revisions = {one.value for one in commits}
    agreements = {one.agreement for one in said}
    vouchers = dict.fromkeys(str(one.voucher) for one in said if one.voucher is not None)
    return Told(
        commit=one_answer((one.value for one in commits), _MAX_ANSWER),
        source=one_answer((one.value for one in sources), _MAX_ANSWER),
        built=one_answer((one.value for one in built), _MAX_ANSWER),
        url=urls.pop() if len(urls) == 1 else None,
        revision=revisions.pop() if len(revisions) == 1 else "",
        commit_from=_origin(commits),
        source_from=_origin(sources),
        built_from=_origin(built),
        build="; ".join(vouchers),
        dirty=any(one.dirty for one in said),
        agreement=next((one for one in _WORST if one in agreements), None),
        differences=tuple(dict.fromkeys(each for one in said for each in one.differences)),
    )


def one_answer(values: Iterable[str], limit: int) -> str:
    """The one answer of all platforms; where they differ, the first that there is, and that."""
    found = list(dict.fromkeys(values))
    first = next((one for one in found if one), "")
    differ = " (not on all platforms)" if first and len(found) > 1 else ""
    return printable(first, limit - len(differ)) + differ


def _origin(stated: Iterable[Stated]) -> Origin | None:
    """The least sure of those who answer."""
    origins = {one.origin for one in stated}
    return next((one for one in reversed(ORIGINS) if one in origins), None)
