"""What the page says of one image in its place: commit, build date, PID 1, where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.reports.running import known_of

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.reports.audited import RunningImage
    from webhook.reports.running import Known


class ImageCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One image as it runs somewhere; see `webhook.reports.running.Known`."""

    name: str
    short: str = ""
    digest: str = ""
    commit: str = ""
    commit_url: str = msgspec.field(name="commitUrl", default="")
    source: str = ""
    source_url: str = msgspec.field(name="sourceUrl", default="")
    built: str = ""
    age: str = ""
    """Of the build when the audit was taken: `8 days before this audit`."""
    pid1: str = ""
    stop: str = ""
    system: str = ""
    """The base system, where its layers were looked at, and its end of life."""
    registry: str = ""
    environment: str = ""
    sure: str = ""
    disputed: str = ""
    """What labels, build and annotations say differently."""
    unknown: str = ""


def card_of(running: RunningImage, taken: datetime) -> ImageCard:
    """The card of one place; `taken` is when the audit was."""
    known = known_of(running, taken)
    return ImageCard(
        name=known.name,
        short=known.short,
        digest=known.digest,
        commit=known.commit,
        commit_url=known.commit_url,
        source=known.source,
        source_url=known.source_url,
        built=known.built,
        age=_age(known.days),
        pid1=known.pid1,
        stop=known.stop,
        system=_system(known),
        registry=known.registry,
        environment=known.environment,
        sure="" if known.unknown else _sure(known),
        disputed=known.differences,
        unknown=known.unknown,
    )


def _age(days: int | None) -> str:
    if days is None:
        return ""
    if days < 0:
        return "after this audit"
    many = "1 day" if days == 1 else f"{days} days"
    return f"{many} before this audit" if days else "on the day of this audit"


def _system(known: Known) -> str:
    if not known.until:
        return known.system
    word = "its end of life was" if known.ended else "end of life"
    return f"{known.system}, {word} {known.until}"


def _sure(known: Known) -> str:
    return f"{known.sure}, {known.detail}" if known.detail else known.sure.value
