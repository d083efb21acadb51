"""What `cocket image --evidence` asks: what is attached to an image about its promotions."""

from __future__ import annotations

import asyncio
import sys
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from webhook.cli.described import describe
from webhook.cli.image_page import TOGETHER
from webhook.cli.registry_client import open_registry_client
from webhook.core.facts import Unknown
from webhook.core.image import ImageRef
from webhook.errors import RegistryError
from webhook.registry.promotions_told import tell_promotions
from webhook.registry.source import RegistrySource
from webhook.reports.images import ImageReport, Says

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from webhook.cli.image_page import Page
    from webhook.core.keys import PublicKey
    from webhook.core.promotion_told import AllTold
    from webhook.core.registries import Registries, Registry
    from webhook.registry.client import RegistryClient
    from webhook.registry.given import GivenFacts


class Promoted(msgspec.Struct, frozen=True):
    """Asks about promotions of images whose digest is known."""

    client: RegistryClient
    keys: tuple[PublicKey, ...]
    """Whose signatures are told."""
    seconds: float
    """For one image."""

    async def of(
        self, name: ImageRef, digest: str, registry: Registry | Unknown
    ) -> AllTold | Unknown:
        """What is attached to the image of this digest."""
        if isinstance(registry, Unknown):
            return registry
        try:
            access = await self.client.access(name, registry)
            return await tell_promotions(access, digest, self.keys, self.seconds)
        except RegistryError as error:
            return Unknown(error.reason, str(error))


async def look_up_promotions(
    reports: Iterator[ImageReport],
    page: Page,
    *,
    registries: Registries,
    given: GivenFacts,
    cache_dir: Path | None,
    docker_config: Path | None,
    keys: tuple[PublicKey, ...],
    patience: float,
) -> None:
    """Write each report with what its registry says, and with the evidence that is attached.

    Raises:
        InputError: the cache folder cannot be used.
    """
    async with open_registry_client(docker_config, writes=False, cache_dir=cache_dir) as client:
        source = RegistrySource(
            registries=lambda: registries, client=client, given=given, ask_unconfigured=True
        )
        promoted = Promoted(client, keys, patience)

        async def one(report: ImageReport) -> ImageReport:
            found = await describe(report, source, patience)
            if not isinstance(found.name, ImageRef) or not isinstance(found.says, Says):
                return found
            registry = source.registry(found.name)
            told = await promoted.of(found.name, found.says.digest, registry)
            return replace(found, says=replace(found.says, promotions=told))

        while batch := list(islice(reports, TOGETHER)):
            for report in await asyncio.gather(*map(one, batch)):
                page.write(report)
            sys.stdout.flush()
