"""What is known of one image in its place: OS, application, build date, PID 1, and how surely."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from webhook.core.argv import effective
from webhook.core.facts import ImageConfig, Unknown
from webhook.core.files import UNSEEN, Seen
from webhook.core.image import ImageRef
from webhook.core.origin import Origin
from webhook.core.pid1 import pid1, summary
from webhook.core.printable import printable
from webhook.core.process import look
from webhook.core.timestamps import parse_moment
from webhook.core.told import Told, one_answer, told
from webhook.core.workload import Role
from webhook.errors import InvalidImageError
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from webhook.core.agreement import Agreement
    from webhook.core.facts import ImageFacts, PlatformImage
    from webhook.core.inside import Inside
    from webhook.core.source_url import SourceUrl
    from webhook.core.workload import ImageUse
    from webhook.reports.audited import RunningImage

_MAX_PID1 = 200
_MAX_SIGNAL = 40
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
_DEFAULT_SIGNAL = "SIGTERM"
"""What runtimes send where nobody says another one (CRI, `StopContainer`)."""
_LAYERS = "layers"
_NO_CONFIG = ImageConfig()
_NOTHING = Told(commit="", source="", built="")
_STARTED = (Role.CONTAINER, Role.SIDECAR, Role.INIT, Role.EPHEMERAL)


class Sure(StrEnum):
    """Where what is said comes from, the surest first."""

    FILES = "files in layers"
    ATTESTED = "attestation"
    """An SBOM that is attached to it told the system; PID 1 is of its files."""
    CONFIG = "image config"
    """OS unknown, and a script is not looked into."""
    LABELS = "labels only"
    """The config says nothing of what would start."""
    UNKNOWN = "unknown"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The system that an image is made of, printable."""

    name: str
    until: str
    """End of life, `YYYY-MM-DD`."""
    ended: bool
    """Whether that was before the look."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Printable texts, and URLs that are safe to open; empty where there is no answer."""

    name: str
    short: str
    """The name with few of its digest's digits, for a column."""
    digest: str
    """What a name without digest points to, or what runs instead of what is named."""
    application: str
    """Path of the source, as `acme/web`."""
    commit: str
    commit_url: str
    """Of the commit where the forge is known, else of the source; http(s) or empty."""
    source: str
    source_url: str
    built: str
    """`YYYY-MM-DD HH:MM` in UTC, or as it was written."""
    days: int | None
    """Between the build and the look; negative where it claims to be built later."""
    pid1: str
    stop: str
    """The signal that will be sent to it."""
    system: str
    until: str
    """End of life of the system, `YYYY-MM-DD`."""
    ended: bool
    """Whether that was before the look."""
    registry: str
    """Registry and repository."""
    environment: str
    sure: Sure
    detail: str
    """Of how sure it is: which platforms, which attestation, and what labels do not answer."""
    unknown: str
    """Why nothing is known of it."""
    commit_from: Origin | None
    source_from: Origin | None
    built_from: Origin | None
    """Who answers: an attested build, labels or annotations."""
    agreement: Agreement | None
    """How labels and attested build stand to each other; None where no attestation counts."""
    differences: str
    """What labels, build and annotations say differently, in clauses."""


def known_of(running: RunningImage, taken: datetime) -> Known:
    """What is known of one place; `taken` is when it was looked at."""
    use, facts = running.use, running.facts
    platforms = () if isinstance(facts, Unknown) else facts.platforms
    looked = [one for one in platforms if one.inside is not None]
    said = told_of(platforms)
    source_url = _web(said.url)
    built, days = built_of(said.built, taken)
    system = system_of(platforms, taken)
    return Known(
        name=printable(use.image, MAX_NAME),
        short=_SHORTENED.sub(r"\1…", printable(use.image, MAX_NAME)),
        digest="" if running.digest in use.image else printable(running.digest, MAX_NAME),
        application=printable("/".join(said.url.path), MAX_NAME) if said.url else "",
        commit=said.commit,
        commit_url=_commit_url(said) or source_url if said.commit else "",
        source=said.source,
        source_url=source_url,
        built=built,
        days=days,
        # Layers of few platforms are read, and what they hold says more than a config does.
        pid1=_pid1(use, looked or platforms),
        stop=_stop(use, platforms),
        system=system.name,
        until=system.until,
        ended=system.ended,
        registry=_registry(use.image),
        environment=printable(running.environment, MAX_NAME),
        sure=_sure(use, facts, looked),
        detail=printable("; ".join((*_detail(platforms, looked), *origins(said))), MAX_SENTENCE),
        unknown=_unknown(facts),
        commit_from=said.commit_from,
        source_from=said.source_from,
        built_from=said.built_from,
        agreement=said.agreement,
        differences=printable(_differences(said), MAX_SENTENCE),
    )


def origins(said: Told) -> Iterator[str]:
    """Clauses: which answers are not of labels, and whose they are."""
    answered = {
        "commit": said.commit_from,
        "source": said.source_from,
        "built": said.built_from,
    }
    changed = ", with changes that are in no commit" if said.dirty else ""
    words = {
        Origin.BUILD: f"by the build attested {said.build}{changed}",
        Origin.ANNOTATION: "by annotations",
    }
    for origin, how in words.items():
        names = [name for name, by in answered.items() if by is origin]
        if names:
            yield f"{', '.join(names)} {how}"


def _differences(said: Told) -> str:
    """In one sentence; whose the attestation is, unless it is said where it answers."""
    told = Origin.BUILD in {said.commit_from, said.source_from}
    whose = (
        f" (its attestation: {said.build})" if said.differences and said.build and not told else ""
    )
    return f"{'; '.join(said.differences)}{whose}"


def told_of(platforms: Sequence[PlatformImage]) -> Told:
    """What labels, builds and annotations of all platforms say; nothing where there are none."""
    return told(platforms) if platforms else _NOTHING


def system_of(platforms: Sequence[PlatformImage], taken: datetime) -> Made:
    """The system of those platforms whose files were looked at."""
    systems = [one.inside.system for one in platforms if one.inside is not None]
    until = next((one.until for one in systems), "")
    return Made(
        name=one_answer((one.name for one in systems), MAX_NAME),
        until=printable(until, MAX_NAME),
        ended="" < until < f"{taken:%Y-%m-%d}",
    )


def built_of(text: str, taken: datetime) -> tuple[str, int | None]:
    """A build date to the minute, and how many days before `taken`; as it is if it is no date."""
    moment = parse_moment(text) or parse_moment(text, minutes=True)
    if moment is None:
        return text, None
    return f"{moment.at:%Y-%m-%d %H:%M}", (taken - moment.at).days


def _sure(use: ImageUse, facts: ImageFacts | Unknown, looked: Sequence[PlatformImage]) -> Sure:
    if isinstance(facts, Unknown) or not facts.platforms:
        return Sure.UNKNOWN
    if looked:
        read = all(one.inside is None or one.inside.source in {"", _LAYERS} for one in looked)
        return Sure.FILES if read else Sure.ATTESTED
    commands = any(one.config.entrypoint or one.config.cmd for one in facts.platforms)
    return Sure.CONFIG if commands or use.command else Sure.LABELS


def _detail(platforms: Sequence[PlatformImage], looked: Sequence[PlatformImage]) -> Iterator[str]:
    told_by = dict.fromkeys(_told_by(one.inside) for one in looked if one.inside is not None)
    yield from (one for one in told_by if one)
    if looked and len(looked) < len(platforms):
        yield f"of {', '.join(one.platform for one in looked)} alone"


def _told_by(inside: Inside) -> str:
    """Which attestation told the system, and who stands behind it; empty where files did."""
    if inside.source in {"", _LAYERS}:
        return ""
    return inside.source if inside.voucher is None else f"SBOM {inside.voucher}"


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


def _stop(use: ImageUse, platforms: Sequence[PlatformImage]) -> str:
    """The Pod's signal (KEP-4960), else the image's, else the one that runtimes send."""
    if use.role not in _STARTED or any(one.config.os == _WINDOWS for one in platforms):
        return ""
    if use.stop_signal:
        return printable(use.stop_signal, _MAX_SIGNAL)
    return one_answer((one.config.stop_signal or _DEFAULT_SIGNAL for one in platforms), _MAX_SIGNAL)


def _registry(image: str) -> str:
    try:
        return printable(ImageRef.parse(image).name, MAX_NAME)
    except InvalidImageError:
        return ""
