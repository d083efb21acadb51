"""The parts of a record, and how they are written shorter than they are.

All platforms of an image come out of one build, and say mostly the same: what a later one has as
the first has it is not written again, nor what its name or the record's digest says already. Etcd
keeps a record for every digest that runs. What is read is what was written, field by field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import replace

from webhook.core.inside import Inside, Program, ProgramKind
from webhook.core.recorded_made import RecordedMade

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USUAL_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""PATH of nearly every image."""
_SOURCE = "layers"
_SHELL, _SHORT_SHELL = "/bin/sh", "sh"


class RecordedConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the rules read of one image config."""

    os: str = ""
    """Empty, with the next two, where the platform's name says them."""
    architecture: str = ""
    variant: str = ""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    stop_signal: str = ""
    user: str = ""
    created: str = ""
    labels: dict[str, str] = {}


class RecordedPlatform(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One platform of the image."""

    platform: str
    config: RecordedConfig = RecordedConfig()
    digest: str = ""
    """Empty where it is that of the record, which is no index then."""
    annotations: dict[str, str] = {}
    """Those that answer what labels answer, see `annotations.nearest`."""
    inside: Inside | None = None
    """In memory only: see `RecordedSpec.whole`."""
    made: RecordedMade | None = None
    """Likewise."""
    as_first: bool = False
    """Whether all but `created` of its config is as the first platform has it."""


class RecordedInside(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What was learned by looking into one platform's layers."""

    platform: str
    inside: Inside = Inside()
    digest: str = ""
    """Of the platform's manifest; empty where the name says which one it is."""
    usual: bool = False
    """Whether what nearly every image has is left unsaid: see `_said`."""
    as_first: bool = False
    """Whether all but the number of packages, and what names the architecture, is as the first
    entry has it."""


Part = TypeVar("Part", RecordedInside, RecordedMade)


def short_platforms(
    platforms: Sequence[RecordedPlatform], digest: str
) -> tuple[RecordedPlatform, ...]:
    """The platforms of the image `digest`, as they are written."""
    written: list[RecordedPlatform] = []
    for one in platforms:
        found = replace(one, config=_nameless(one))
        if len(platforms) == 1 and one.digest == digest:
            found = replace(found, digest="")
        if written and one.config == _like(written[0], one.platform, one.config.created):
            config = RecordedConfig(created=one.config.created)
            found = replace(found, config=config, as_first=True)
        written.append(found)
    return tuple(written)


def whole_platforms(
    written: Sequence[RecordedPlatform], digest: str
) -> tuple[RecordedPlatform, ...]:
    """The platforms again; the same for what was not shortened."""
    whole: list[RecordedPlatform] = []
    for one in written:
        config = one.config
        if one.as_first:
            config = _like(written[0], one.platform, config.created)
        elif not (config.os or config.architecture or config.variant):
            config = _named(one.platform, config)
        own = one.digest or (digest if len(written) == 1 else "")
        whole.append(replace(one, config=config, digest=own, as_first=False))
    return tuple(whole)


def short_inside(
    looked: Sequence[RecordedInside], platforms: Sequence[str]
) -> tuple[RecordedInside, ...]:
    """What the layers of some of these platforms hold, as it is written."""
    written: list[RecordedInside] = []
    for one in looked:
        found = replace(one, digest="" if platforms.count(one.platform) == 1 else one.digest)
        said = _said(one.inside, one.platform)
        if _unsaid(said, one.platform) == one.inside:
            found = replace(found, inside=said, usual=True)
        if written and one.inside == _as_first(looked[0], one.platform, one.inside.packages):
            short = Inside(packages=one.inside.packages)
            found = replace(found, inside=short, usual=False, as_first=True)
        written.append(found)
    return tuple(written)


def whole_inside(written: Sequence[RecordedInside]) -> tuple[RecordedInside, ...]:
    """The same again."""
    whole: list[RecordedInside] = []
    for one in written:
        inside = one.inside
        if one.as_first and whole:
            inside = _as_first(whole[0], one.platform, inside.packages)
        elif one.usual:
            inside = _unsaid(inside, one.platform)
        whole.append(replace(one, inside=inside, usual=False, as_first=False))
    return tuple(whole)


def finder(parts: Sequence[Part]) -> Callable[[RecordedPlatform], Part | None]:
    """Finds the part of a platform: by its digest too, where that is written."""
    known = {(one.platform, one.digest): one for one in parts}

    def find(platform: RecordedPlatform) -> Part | None:
        name = platform.platform
        return known.get((name, platform.digest)) or known.get((name, ""))

    return find


def _nameless(one: RecordedPlatform) -> RecordedConfig:
    """The config without what the platform's name says."""
    bare = replace(one.config, os="", architecture="", variant="")
    return bare if _named(one.platform, bare) == one.config else one.config


def _like(first: RecordedPlatform, platform: str, created: str) -> RecordedConfig:
    """The config of another platform that is as the first one."""
    return _named(platform, replace(first.config, created=created))


def _named(platform: str, config: RecordedConfig) -> RecordedConfig:
    """The config with what the platform's name says: `os/architecture[/variant]`."""
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    return replace(config, os=system, architecture=architecture, variant=variant)


def _said(inside: Inside, platform: str) -> Inside:
    """Without what goes without saying.

    That is PATH as it usually is, a machine that is the platform's, a path that is the program's
    word, the second name of a shell that has two, and layers as the source.
    """
    architecture = _architecture(platform)
    programs = [
        replace(
            one,
            path="" if one.path == one.word else one.path,
            machine="" if one.machine == architecture else one.machine,
        )
        for one in inside.programs
    ]
    if [one.word for one in programs[-2:]] == [_SHELL, _SHORT_SHELL]:
        programs.pop()
    source = "" if inside.source == _SOURCE else inside.source
    return replace(inside, programs=tuple(programs), folders=(), source=source)


def _unsaid(said: Inside, platform: str) -> Inside:
    """What was said, and what goes without saying."""
    architecture = _architecture(platform)
    programs = [
        replace(
            one,
            path=one.path or (one.word if one.word.startswith("/") and _there(one) else ""),
            machine=one.machine or (architecture if one.kind is ProgramKind.ELF else ""),
        )
        for one in said.programs
    ]
    if programs and programs[-1].word == _SHELL:
        programs.append(replace(programs[-1], word=_SHORT_SHELL))
    source = said.source or _SOURCE
    return replace(said, programs=tuple(programs), folders=USUAL_PATH, source=source)


def _there(one: Program) -> bool:
    return one.kind is not ProgramKind.MISSING


def _architecture(platform: str) -> str:
    return "".join(platform.split("/")[1:2])


def _as_first(first: RecordedInside, platform: str, packages: int) -> Inside:
    """What another platform holds that was built like the first one."""
    theirs, ours = _architecture(first.platform), _architecture(platform)
    programs = [
        replace(one, machine=ours if one.machine == theirs else one.machine)
        for one in first.inside.programs
    ]
    return replace(first.inside, programs=tuple(programs), packages=packages)
