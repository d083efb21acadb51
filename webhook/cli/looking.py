"""`cocket image --inside`, `--packages` and `--sbom`: look into the layers of images."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.cli.attached import USUAL, Attached, Found
from webhook.cli.described import answered, says
from webhook.cli.promoted import Promoted
from webhook.cli.registry_client import open_registry_client
from webhook.core.base_image import BaseImage
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.errors import RegistryError
from webhook.layers.limits import Limits
from webhook.layers.reader import Reader
from webhook.registry.bases import compared, named
from webhook.registry.source import RegistrySource
from webhook.reports.insides import notes, package_lines, packages_json
from webhook.reports.sbom import cyclonedx, spdx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from webhook.cli.image_page import Page
    from webhook.core.facts import PlatformImage
    from webhook.core.keys import PublicKey
    from webhook.core.promotion_told import AllTold
    from webhook.core.registries import Registries, Registry
    from webhook.layers.answers import Looked
    from webhook.registry.client import RegistryClient
    from webhook.registry.given import GivenFacts
    from webhook.registry.layers import Stored
    from webhook.reports.images import ImageReport, Says

_FOREVER = 3600.0


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of the layers."""

    packages: bool = False
    sbom: str = ""
    """`spdx`, `cyclonedx`, or nothing."""
    platform: str = ""
    """Which one; by default the usual one, else the first."""
    layers: bool = False
    """Whether layers are read also where an SBOM answers."""
    keys: tuple[PublicKey, ...] = ()
    """What attestations are verified with."""
    promoters: tuple[PublicKey, ...] | None = None
    """Keys whose evidence of promotions is told; None: nobody asked for any."""
    base: str = ""
    """An image to compare with, where it does not say what it stands on."""
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
    async with open_registry_client(docker_config, writes=False, cache_dir=cache_dir) as client:
        source = RegistrySource(
            registries=lambda: registries, client=client, given=given, ask_unconfigured=True
        )
        attached = Attached(client, look.keys, look.patience)
        asking = Asking(look, client, source, reader, attached, registries.of)
        for report in reports:
            if not isinstance(report.name, ImageRef):
                page.write(report)
                good = False
                continue
            registry = source.registry(report.name)
            listed = await asking.listed(report.name, registry)
            if listed is not None and listed.looked is not None:
                told = Told(digest=listed.digest, looked=listed.looked, problems=listed.problems)
                _show(report, told, look, page)
                continue
            facts = await answered(report.name, source, look.patience)
            found = await asking.inside(report.name, facts, registry, listed)
            if isinstance(found, Unknown):
                good = False
                unknown = found if isinstance(facts, Unknown) else _with(facts, found)
                page.write(replace(report, says=unknown))
                continue
            if look.promoters is not None and isinstance(facts, ImageFacts):
                asked = Promoted(client, look.promoters, look.patience)
                promotions = await asked.of(report.name, facts.digest, registry)
                found = replace(found, promotions=promotions)
            _show(report, found, look, page)
    return good


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of one image."""

    digest: str
    """Of the platform's manifest."""
    looked: Looked
    facts: ImageFacts | None = None
    """With the one platform; None where only packages were asked for, and an SBOM listed them."""
    problems: tuple[str, ...] = ()
    promotions: AllTold | Unknown | None = None
    """What is attached about the image's promotions; None where nobody asked."""


class Asking(msgspec.Struct, frozen=True):
    """Who is asked."""

    look: Look
    client: RegistryClient
    source: RegistrySource
    reader: Reader
    attached: Attached
    configured: Callable[[ImageRef], object]
    """Says whether a Registry is configured for an image."""

    async def listed(self, name: ImageRef, registry: Registry | Unknown) -> Found | None:
        """What an attached SBOM says, where only packages are wanted.

        None where they are not, or where the platform's manifest is told by facts alone.
        """
        wanted = self.look.packages or self.look.sbom
        if not wanted or self.look.layers or isinstance(registry, Unknown):
            return None
        try:
            return await self.attached.packages(name, registry, self.look.platform)
        except RegistryError:
            return None  # Whoever asks for the facts meets it again, and says so.

    async def inside(
        self,
        name: ImageRef,
        facts: ImageFacts | Unknown,
        registry: Registry | Unknown,
        listed: Found | None,
    ) -> Told | Unknown:
        """What layers hold, and what is attached; `listed` where that was asked already."""
        if isinstance(facts, Unknown):
            return facts
        platform = chosen(facts, self.look.platform)
        if isinstance(platform, Unknown):
            return platform
        if isinstance(registry, Unknown):
            return registry
        attached = listed or await self._attached(name, facts, platform, registry)
        known = None if self.look.layers else attached.looked
        try:
            where = replace(name, tag=None, digest=platform.digest)
            stored = await self.client.stored(where, registry, seconds=_FOREVER)
            looked = await self.reader.look(stored, platform.config, known)
        except RegistryError as error:
            return Unknown(error.reason, str(error))
        learned = replace(
            platform,
            inside=looked.inside,
            build=attached.build,
            base=await self._base(platform, stored),
        )
        return Told(
            digest=platform.digest,
            looked=looked,
            facts=replace(facts, platforms=(learned,)),
            problems=attached.problems,
        )

    async def _base(self, platform: PlatformImage, stored: Stored) -> BaseImage | None:
        base = BaseImage(name=self.look.base) if self.look.base else named(platform, stored)
        if base is None:
            return None
        return await compared(self.client, base, platform, stored, self._serving)

    def _serving(self, ref: ImageRef) -> Registry | None:
        """Where a base is served: a name that was typed may be asked, one in a label may not."""
        if not self.look.base and not self.configured(ref):
            return None
        registry = self.source.registry(ref)
        return None if isinstance(registry, Unknown) else registry

    async def _attached(
        self, name: ImageRef, facts: ImageFacts, platform: PlatformImage, registry: Registry
    ) -> Found:
        try:
            return await self.attached.all(name, registry, facts.digest, platform)
        except RegistryError as error:
            why = f"what is attached to it could not be told: {error}"
            return Found(
                digest=platform.digest, build=Unknown(error.reason, str(error)), problems=(why,)
            )


def chosen(facts: ImageFacts, platform: str) -> PlatformImage | Unknown:
    """The platform that is looked into."""
    wanted = platform or USUAL
    found = next((one for one in facts.platforms if one.platform == wanted), None)
    if found is not None:
        return found
    if platform or not facts.platforms:
        there = ", ".join(one.platform for one in facts.platforms)
        return Unknown(Reason.NOT_FOUND, f"it has no platform {wanted}; it has: {there or 'none'}")
    return facts.platforms[0]


def _show(report: ImageReport, told: Told, look: Look, page: Page) -> None:
    found = told.looked
    if look.sbom:
        write = spdx if look.sbom == "spdx" else cyclonedx
        sys.stdout.write(write(report.input, told.digest, found, datetime.now(UTC)) + "\n")
    elif look.packages and look.json:
        sys.stdout.write(packages_json(report.input, told.digest, found) + "\n")
    elif look.packages:
        for line in package_lines(found):
            sys.stdout.write(line + "\n")
    else:
        assert told.facts is not None  # noqa: S101 - else only packages were asked for
        page.write(replace(report, says=replace(says(told.facts), promotions=told.promotions)))
    for line in notes(found, told.problems):
        sys.stderr.write(f"{report.input}: {line}\n")


def _with(facts: ImageFacts, looked: Unknown) -> Says:
    """What the registry said, and that nothing is known of the layers."""
    return replace(says(facts), inside=looked)
