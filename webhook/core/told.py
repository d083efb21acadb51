"""What people ask first about an image, with one answer for all its platforms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from webhook.core.claims import claims
from webhook.core.labels import Meaning
from webhook.core.printable import printable

if TYPE_CHECKING:
    from webhook.core.claims import Claims
    from webhook.core.facts import PlatformImage
    from webhook.core.source_url import SourceUrl

_MAX_ANSWER = 256
"""Characters of what `kubectl get imagefacts` shows in one column."""


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


def told(platforms: Sequence[PlatformImage]) -> Told:
    """Read the labels of all platforms, as rule `provenance` does."""
    said: list[Claims] = [claims(one.config, base=one.base) for one in platforms]
    urls = {one.source.url if isinstance(one.source, Meaning) else None for one in said}
    revisions = {_value(one.revision) for one in said}
    return Told(
        commit=one_answer((_value(one.revision) for one in said), _MAX_ANSWER),
        source=one_answer((_value(one.source) for one in said), _MAX_ANSWER),
        built=one_answer((_value(one.created) for one in said), _MAX_ANSWER),
        url=urls.pop() if len(urls) == 1 else None,
        revision=revisions.pop() if len(revisions) == 1 else "",
    )


def one_answer(values: Iterable[str], limit: int) -> str:
    """The one answer of all platforms; where they differ, the first that there is, and that."""
    found = list(dict.fromkeys(values))
    first = next((one for one in found if one), "")
    differ = " (not on all platforms)" if first and len(found) > 1 else ""
    return printable(first, limit - len(differ)) + differ


def _value(claim: object) -> str:
    return claim.value if isinstance(claim, Meaning) else ""
