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
    from webhook.registry.builds import Keys
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
    docker_config: Path | None = None
    """Logins of the person who asks, for Registries that name none; None: nobody's."""
    settings: Settings


@asynccontextmanager
async def open_source(
    registries: Registries,
    given: GivenFacts,
    network: Network,
    rules: Rules = (),
    keys: Keys = (),
) -> AsyncIterator[Snapshot]:
    """Facts for one run; about promotion, what `rules` accept; about builds, what `keys` signed.

    Raises:
        InputError: the cache folder cannot be used.
    """
    client = promotions = builds = own = None
    if not network.offline:
        # Imported here: the HTTP client takes a third of a second, and offline needs none of it.
        from webhook.registry.builds import Builds  # noqa: PLC0415
        from webhook.registry.client import open_client  # noqa: PLC0415
        from webhook.registry.cloud.logins import CloudLogins  # noqa: PLC0415
        from webhook.registry.limits import Limits  # noqa: PLC0415
        from webhook.registry.programs import OwnLogins  # noqa: PLC0415
        from webhook.registry.promotions import Promotions  # noqa: PLC0415
        from webhook.settings import cloud_place, environment  # noqa: PLC0415

        settings = network.settings
        limits = Limits(tag_seconds=settings.tag_seconds, cache_bytes=settings.cache_bytes)
        cloud = CloudLogins(cloud_place(), lambda: datetime.now(UTC))
        if network.docker_config is not None:
            own = OwnLogins(network.docker_config, environment())
        client = open_client(
            cache_dir=network.cache_dir,
            limits=limits,
            cloud=cloud,
            own=None if own is None else own.of,
        )
        promotions = Promotions(client, rules=lambda: rules, monotonic=time.monotonic)
        builds = Builds(client, keys=lambda: keys, monotonic=time.monotonic)
    source = RegistrySource(
        registries=lambda: registries,
        client=client,
        given=given,
        ask_unconfigured=network.unconfigured,
        promotions=promotions,
        builds=builds,
    )
    snapshot = Snapshot(source, network.budget)
    try:
        yield snapshot
    finally:
        await snapshot.close()
        for asking in (promotions, builds):
            if asking is not None:
                await asking.close()
        if client is not None:
            await client.close()
        if own is not None:
            await own.close()
