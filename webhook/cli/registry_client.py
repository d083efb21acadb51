"""The registry client of one command that a person runs: in his name, and in that of his cloud."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from webhook.registry.client import RegistryClient, open_client
from webhook.registry.cloud.logins import CloudLogins
from webhook.registry.forbidden import forbid
from webhook.registry.programs import OwnLogins
from webhook.settings import api_server, cloud_place, environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from webhook.registry.credentials import Secrets
    from webhook.registry.limits import Limits


@asynccontextmanager
async def open_registry_client(
    docker_config: Path | None,
    *,
    writes: bool,
    limits: Limits | None = None,
    cache_dir: Path | None = None,
    secrets: Secrets | None = None,
    server: str = "",
) -> AsyncIterator[RegistryClient]:
    """A client that logs in, registry by registry, as its Registry says, else as this person.

    Args:
        docker_config: as `docker login` writes it, with its helpers, for Registries that name no
            credentials; None: nobody's.
        writes: whether it pushes or deletes; who only reads asks a cloud for no more.
        limits: see there.
        cache_dir: where manifests and configs are kept; nowhere if absent.
        secrets: the logins that Registries name by a Secret, where a cluster is at hand.
        server: URL of its API server, which is no registry.

    Raises:
        InputError: the cache folder cannot be used.
    """
    own = None if docker_config is None else OwnLogins(docker_config, environment())
    client = open_client(
        cache_dir=cache_dir,
        limits=limits,
        secrets=secrets,
        cloud=CloudLogins(cloud_place(), lambda: datetime.now(UTC), writes=writes),
        own=None if own is None else own.of,
        forbidden=await forbid([server, api_server()]),
    )
    try:
        yield client
    finally:
        await client.close()
        if own is not None:
            await own.close()
