"""Where the facts of one run come from, put together from the options."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from webhook.cli.lookups import Snapshot
from webhook.registry.source import RegistrySource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from webhook.core.registries import Registries
    from webhook.registry.given import GivenFacts
    from webhook.registry.promotions import Rules
    from webhook.settings import Settings


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked, and how."""

    offline: bool = False
    unconfigured: bool = False
    """Also registries that no Registry names: only where a person typed the image's name."""
    cache_dir: Path | None = None
    budget: float | None = None
    """Seconds for all questions together; None: whoever waits counts the time."""
    settings: Settings


@asynccontextmanager
async def open_source(
    registries: Registries, given: GivenFacts, network: Network, rules: Rules = ()
) -> AsyncIterator[Snapshot]:
    """Facts for one run; about promotion, what `rules` accept.

    Raises:
        InputError: the cache folder cannot be used.
    """
    client = promotions = None
    if not network.offline:
        # Imported here: the HTTP client takes a third of a second, and offline needs none of it.
        from webhook.registry.client import open_client  # noqa: PLC0415
        from webhook.registry.cloud.logins import CloudLogins  # noqa: PLC0415
        from webhook.registry.limits import Limits  # noqa: PLC0415
        from webhook.registry.promotions import Promotions  # noqa: PLC0415
        from webhook.settings import cloud_place  # noqa: PLC0415

        settings = network.settings
        limits = Limits(tag_seconds=settings.tag_seconds, cache_bytes=settings.cache_bytes)
        cloud = CloudLogins(cloud_place(), lambda: datetime.now(UTC))
        client = open_client(cache_dir=network.cache_dir, limits=limits, cloud=cloud)
        promotions = Promotions(client, rules=lambda: rules, monotonic=time.monotonic)
    source = RegistrySource(
        registries=lambda: registries,
        client=client,
        given=given,
        ask_unconfigured=network.unconfigured,
        promotions=promotions,
    )
    snapshot = Snapshot(source, network.budget)
    try:
        yield snapshot
    finally:
        await snapshot.close()
        if promotions is not None:
            await promotions.close()
        if client is not None:
            await client.close()
