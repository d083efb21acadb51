"""What a record says of how the platforms of an image were made: their build, and their base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

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


class RecordedMade(msgspec.Struct, frozen=True, omit_defaults=True):
    """One platform."""

    platform: str
    digest: str = ""
    """Of the platform's manifest."""
    build: Build | None = None
    base: BaseImage | None = None
    chain: str = ""
    """A name for all its layers (`base_image.chains`): another image may stand on it."""
    agreement: Agreement | None = None
    """For people: how its labels and its build stand to each other."""


def made_of(platforms: Sequence[PlatformImage]) -> dict[str, object]:
    """What is recorded; nothing where nobody looked, so that what is recorded stays."""
    found = [one for platform in platforms if (one := _made(platform)) is not None]
    if not found:
        return {}
    written = msgspec.json.encode(found)
    if len(written) > MAX_MADE:
        return {"made": [], "truncated": True}
    return {"made": msgspec.json.decode(written)}


def _made(one: PlatformImage) -> RecordedMade | None:
    build = one.build if isinstance(one.build, Build) else None
    if build is None and one.base is None and not one.chain:
        return None
    told = build is not None and build.voucher is not None
    return RecordedMade(
        platform=one.platform,
        digest=one.digest,
        build=None if build is None else _short(build),
        base=one.base,
        chain=one.chain,
        agreement=agreement(claims(one.config, base=one.base), build) if told and build else None,
    )


def _short(build: Build) -> Build:
    """As much of it as an object has room for; what a rule compares is left whole."""
    return msgspec.structs.replace(
        build,
        builder=printable(build.builder, _MAX_TEXT),
        problem=printable(build.problem, _MAX_PROBLEM),
    )
