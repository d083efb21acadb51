"""Places in a text where a digest belongs, and what stands there that must be left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.errors import InvalidImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MAX_NAME = 600


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """Characters to replace by `before`, the digest of `image`, and `after`."""

    image: str
    """The name to look up."""
    start: int
    end: int
    line: int
    before: str = ""
    after: str = ""
    tag: str = ""
    """What stands there, where it is only the tag of the name; else empty."""


class Left(msgspec.Struct, frozen=True):
    """A name that is no digest and was not touched."""

    line: int
    image: str
    why: str
    """A clause for people, with what to write instead."""


class Found(msgspec.Struct):
    """Everything in one text that names an image."""

    spots: list[Spot] = []
    left: list[Left] = []
    pinned: int = 0
    """Names that have a digest already."""

    def name(self, text: str, *, start: int, end: int, line: int, before: str = "") -> None:
        """Take a whole name that stands between `start` and `end`."""
        kind = needs_digest(text)
        if isinstance(kind, str):
            self.left.append(Left(line, printable(text, _MAX_NAME), kind))
        elif not kind:
            self.pinned += 1
        else:
            self.spots.append(
                Spot(image=text, start=start, end=end, line=line, before=f"{before}{text}@")
            )


def needs_digest(text: str) -> bool | str:
    """Whether a name has no digest yet; a text says why nobody can tell."""
    try:
        ref = ImageRef.parse(text)
    except InvalidImageError as error:
        return str(error)
    if ref.digest is not None and not ref.pinned:
        return "no registry serves a digest of that kind: use its sha256 digest"
    return not ref.pinned


def rewrite(text: str, spots: Sequence[Spot], digests: Mapping[str, str]) -> str:
    """The text with the digests that are known; every character outside of the spots stays.

    Args:
        text: what the spots were found in.
        spots: none overlaps another.
        digests: by the name that was looked up.
    """
    out: list[str] = []
    at = 0
    for spot in sorted(spots, key=lambda one: (one.start, one.end)):
        digest = digests.get(spot.image)
        if digest is None:
            continue
        out += (text[at : spot.start], spot.before, digest, spot.after)
        at = spot.end
    return "".join((*out, text[at:]))
