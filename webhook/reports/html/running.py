"""What the page says of one image in its place: commit, build date, PID 1, where it came from."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from webhook.core.argv import effective
from webhook.core.facts import ImageConfig, Unknown
from webhook.core.files import UNSEEN, Seen
from webhook.core.image import ImageRef
from webhook.core.pid1 import pid1, summary
from webhook.core.printable import printable
from webhook.core.process import look
from webhook.core.timestamps import parse_moment
from webhook.core.told import Told, one_answer, told
from webhook.core.workload import Role
from webhook.errors import InvalidImageError
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.facts import ImageFacts, PlatformImage
    from webhook.core.inside import Inside
    from webhook.core.source_url import SourceUrl
    from webhook.core.workload import ImageUse
    from webhook.reports.audited import RunningImage

_MAX_PID1 = 200
_WEB = ("https", "http")
# The path to one commit below a repository, on forges whose paths are known.
_COMMITS = {
    "github.com": "commit",
    "gitlab.com": "-/commit",
    "codeberg.org": "commit",
    "bitbucket.org": "commits",
}
_REPOSITORY = 2
"""Segments of a path that can name a repository: owner and name."""
_SHORTENED = re.compile(r"(@sha(?:256|512):[0-9a-f]{12})[0-9a-f]+$")
_WINDOWS = "windows"
_NO_CONFIG = ImageConfig()
_NOTHING = Told(commit="", source="", built="")
_STARTED = (Role.CONTAINER, Role.SIDECAR, Role.INIT, Role.EPHEMERAL)


class ImageCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One image as it runs somewhere; printable texts, and URLs that are safe to open."""

    name: str
    short: str = ""
    """The name with few of its digest's digits, for a column."""
    digest: str = ""
    """What a name without digest points to."""
    commit: str = ""
    commit_url: str = msgspec.field(name="commitUrl", default="")
    """Of the commit where the forge is known, else of the source; http(s) or empty."""
    source: str = ""
    source_url: str = msgspec.field(name="sourceUrl", default="")
    built: str = ""
    """`YYYY-MM-DD HH:MM` in UTC, or as it was written."""
    age: str = ""
    """Of the build when the audit was taken: `8 days before this audit`."""
    pid1: str = ""
    system: str = ""
    """The base system, where its layers were looked at."""
    registry: str = ""
    """Registry and repository."""
    environment: str = ""
    unknown: str = ""
    """Why nothing is known of it."""


def card_of(running: RunningImage, taken: datetime) -> ImageCard:
    """The card of one place; `taken` is when the audit was."""
    use, facts = running.use, running.facts
    platforms = () if isinstance(facts, Unknown) else facts.platforms
    said = told(platforms) if platforms else _NOTHING
    systems = (one.inside.system.name for one in platforms if one.inside is not None)
    source_url = _web(said.url)
    built, age = _built(said.built, taken)
    return ImageCard(
        name=printable(use.image, MAX_NAME),
        short=_SHORTENED.sub(r"\1…", printable(use.image, MAX_NAME)),
        digest="" if running.digest in use.image else printable(running.digest, MAX_NAME),
        commit=said.commit,
        commit_url=_commit_url(said) or source_url if said.commit else "",
        source=said.source,
        source_url=source_url,
        built=built,
        age=age,
        pid1=_pid1(use, platforms),
        system=one_answer(systems, MAX_NAME),
        registry=_registry(use.image),
        environment=printable(running.environment, MAX_NAME),
        unknown=_unknown(facts),
    )


def _unknown(facts: ImageFacts | Unknown) -> str:
    if not isinstance(facts, Unknown):
        return ""
    return printable(
        f"{facts.reason}: {facts.detail}" if facts.detail else facts.reason, MAX_SENTENCE
    )


def _web(url: SourceUrl | None) -> str:
    return str(url) if url is not None and url.scheme in _WEB else ""


def _commit_url(said: Told) -> str:
    url = said.url
    if url is None or not said.revision or url.scheme not in _WEB:
        return ""
    below = _COMMITS.get(url.host)
    return f"{url}/{below}/{said.revision}" if below and len(url.path) >= _REPOSITORY else ""


def _built(text: str, taken: datetime) -> tuple[str, str]:
    moment = parse_moment(text) or parse_moment(text, minutes=True)
    if moment is None:
        return text, ""
    days = (taken - moment.at).days
    shown = f"{moment.at:%Y-%m-%d %H:%M}"
    if days < 0:
        return shown, "after this audit"
    many = "on the day" if days == 0 else "1 day" if days == 1 else f"{days} days"
    return shown, f"{many} of this audit" if days == 0 else f"{many} before this audit"


def _pid1(use: ImageUse, platforms: Sequence[PlatformImage]) -> str:
    """What starts here: the Pod's words over the image's, as rule `init` sees it."""
    if use.role not in _STARTED:
        return ""
    if use.command and not platforms:
        return printable(_started(use, _NO_CONFIG, None), _MAX_PID1)
    return one_answer((_started(use, one.config, one.inside) for one in platforms), _MAX_PID1)


def _started(use: ImageUse, config: ImageConfig, inside: Inside | None) -> str:
    if config.os == _WINDOWS:
        return pid1(config).summary
    argv = effective(config.entrypoint, config.cmd, use.command, use.args, use.env)
    files = UNSEEN if inside is None else Seen(inside, use.mounts)
    return summary(look(argv, (), files), argv)


def _registry(image: str) -> str:
    try:
        return printable(ImageRef.parse(image).name, MAX_NAME)
    except InvalidImageError:
        return ""
