"""`cocket image --inside`, `--packages` and `--sbom`: look into the layers of images."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.cli.described import answered, says
from webhook.cli.registry_client import open_registry_client
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.errors import RegistryError
from webhook.layers.limits import Limits
from webhook.layers.reader import Reader
from webhook.registry.source import RegistrySource
from webhook.reports.insides import package_lines, packages_json
from webhook.reports.sbom import cyclonedx, spdx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from webhook.cli.image import Page
    from webhook.core.facts import PlatformImage
    from webhook.core.registries import Registries, Registry
    from webhook.layers.answers import Looked
    from webhook.registry.client import RegistryClient
    from webhook.registry.given import GivenFacts
    from webhook.reports.images import ImageReport, Says

_USUAL = "linux/amd64"
_FOREVER = 3600.0


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of the layers."""

    packages: bool = False
    sbom: str = ""
    """`spdx`, `cyclonedx`, or nothing."""
    platform: str = ""
    """Which one; by default the usual one, else the first."""
    json: bool = False
    patience: float
    """Seconds for one name, its layers not counted."""
    seconds: float
    """Seconds for the layers of one image."""


async def look_into(
    reports: Iterator[ImageReport],
    page: Page,
    look: Look,
    *,
    registries: Registries,
    given: GivenFacts,
    cache_dir: Path | None,
    docker_config: Path | None,
    progress: Callable[[int], None],
) -> bool:
    """Look into every image, one after the other; False where one could not be looked into.

    Raises:
        InputError: the cache folder cannot be used.
    """
    reader = Reader(limits=Limits(seconds=look.seconds), progress=progress)
    good = True
    async with open_registry_client(docker_config, cache_dir=cache_dir) as client:
        source = RegistrySource(
            registries=lambda: registries, client=client, given=given, ask_unconfigured=True
        )
        for report in reports:
            if not isinstance(report.name, ImageRef):
                page.write(report)
                good = False
                continue
            facts = await answered(report.name, source, look.patience)
            platform = facts if isinstance(facts, Unknown) else chosen(facts, look.platform)
            registry = source.registry(report.name)
            looked = await _look(report.name, platform, registry, client, reader)
            good = good and not isinstance(looked, Unknown)
            _show(report, facts, looked, look, page)
    return good


async def _look(
    name: ImageRef,
    platform: PlatformImage | Unknown,
    registry: Registry | Unknown,
    client: RegistryClient,
    reader: Reader,
) -> tuple[PlatformImage, Looked] | Unknown:
    if isinstance(platform, Unknown):
        return platform
    if isinstance(registry, Unknown):
        return registry
    try:
        where = replace(name, tag=None, digest=platform.digest)
        stored = await client.stored(where, registry, seconds=_FOREVER)
        return platform, await reader.look(stored, platform.config)
    except RegistryError as error:
        return Unknown(error.reason, str(error))


def chosen(facts: ImageFacts, platform: str) -> PlatformImage | Unknown:
    """The platform that is looked into."""
    wanted = platform or _USUAL
    found = next((one for one in facts.platforms if one.platform == wanted), None)
    if found is not None:
        return found
    if platform or not facts.platforms:
        there = ", ".join(one.platform for one in facts.platforms)
        return Unknown(Reason.NOT_FOUND, f"it has no platform {wanted}; it has: {there or 'none'}")
    return facts.platforms[0]


def _show(
    report: ImageReport,
    facts: ImageFacts | Unknown,
    looked: tuple[PlatformImage, Looked] | Unknown,
    look: Look,
    page: Page,
) -> None:
    if isinstance(looked, Unknown):
        page.write(
            replace(report, says=looked if isinstance(facts, Unknown) else _with(facts, looked))
        )
        return
    platform, found = looked
    if look.sbom:
        write = spdx if look.sbom == "spdx" else cyclonedx
        sys.stdout.write(write(report.input, platform.digest, found, datetime.now(UTC)) + "\n")
    elif look.packages and look.json:
        sys.stdout.write(packages_json(report.input, platform.digest, found) + "\n")
    elif look.packages:
        for line in package_lines(found):
            sys.stdout.write(line + "\n")
        if found.problem:
            sys.stderr.write(f"{report.input}: {found.problem}\n")
    else:
        assert isinstance(facts, ImageFacts)  # noqa: S101 - else nothing was looked into
        inside = replace(platform, inside=found.inside)
        page.write(replace(report, says=says(replace(facts, platforms=(inside,)))))


def _with(facts: ImageFacts, looked: Unknown) -> Says:
    """What the registry said, and that nothing is known of the layers."""
    return replace(says(facts), inside=looked)
