"""What a record says of how the platforms of an image were made: their build, and their base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.core.agreement import Agreement, agreement
from webhook.core.base_image import BaseImage
from webhook.core.build import Build
from webhook.core.claims import claims
from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.facts import PlatformImage

MAX_MADE = 16 * 1024
"""Bytes of all platforms as JSON. One has 200 to 600."""
_MAX_TEXT = 512
_MAX_PROBLEM = 128


class RecordedMade(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One platform."""

    platform: str
    digest: str = ""
    """Of the platform's manifest; empty where the name says which one it is."""
    build: Build | None = None
    base: BaseImage | None = None
    chain: str = ""
    """A name for all its layers (`base_image.chains`): another image may stand on it."""
    agreement: Agreement | None = None
    """For people: how its labels and its build stand to each other, where they do not agree."""
    as_first: bool = False
    """Whether all but its layers is as the first entry has it."""


def made_of(platforms: Sequence[PlatformImage]) -> dict[str, object]:
    """What is recorded; nothing where nobody looked, so that what is recorded stays."""
    found = [one for platform in platforms if (one := _made(platform)) is not None]
    if not found:
        return {}
    written = msgspec.json.encode(_short(found, [one.platform for one in platforms]))
    if len(written) > MAX_MADE:
        return {"made": [], "truncated": True}
    return {"made": msgspec.json.decode(written)}


def whole_made(written: Sequence[RecordedMade]) -> tuple[RecordedMade, ...]:
    """What is recorded, entry by entry, with what was not written again."""
    return tuple(
        replace(
            written[0], platform=one.platform, digest=one.digest, chain=one.chain, as_first=False
        )
        if one.as_first
        else one
        for one in written
    )


def _short(made: Sequence[RecordedMade], platforms: Sequence[str]) -> list[RecordedMade]:
    """The entries as they are written: see `recorded_parts`."""
    written: list[RecordedMade] = []
    for one in made:
        digest = "" if platforms.count(one.platform) == 1 else one.digest
        found = replace(one, digest=digest)
        if written and _of_anyone(one) == _of_anyone(made[0]):
            found = RecordedMade(one.platform, digest, chain=one.chain, as_first=True)
        written.append(found)
    return written


def _of_anyone(one: RecordedMade) -> RecordedMade:
    return replace(one, platform="", digest="", chain="")


def _made(one: PlatformImage) -> RecordedMade | None:
    build = one.build if isinstance(one.build, Build) else None
    if build is None and one.base is None and not one.chain:
        return None
    told = build is not None and build.voucher is not None
    return RecordedMade(
        platform=one.platform,
        digest=one.digest,
        build=None if build is None else _bounded(build),
        base=one.base,
        chain=one.chain,
        agreement=_trouble(agreement(claims(one.config, base=one.base), build))
        if told and build
        else None,
    )


def _trouble(found: Agreement) -> Agreement | None:
    """What is worth its room: that all agree is said for the image as a whole."""
    return None if found is Agreement.AGREES else found


def _bounded(build: Build) -> Build:
    """As much of it as an object has room for; what a rule compares is left whole."""
    return replace(
        build,
        builder=printable(build.builder, _MAX_TEXT),
        problem=printable(build.problem, _MAX_PROBLEM),
    )
