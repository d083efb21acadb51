"""Where the facts of one run come from, put together from the options."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from webhook.cli.lookups import Snapshot
from webhook.core.policy import PolicySet
from webhook.registry.questions import Questions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from webhook.core.registries import Registries
    from webhook.registry.given import GivenFacts
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
    policies: PolicySet, given: GivenFacts, network: Network
) -> AsyncIterator[Snapshot]:
    """Facts for one run, as far as these policies ask, of the registries that they know.

    Raises:
        InputError: the cache folder cannot be used.
    """
    client = None
    async with AsyncExitStack() as stack:
        if not network.offline:
            # Imported here: the HTTP client takes a third of a second, and offline needs none.
            from webhook.cli.registry_client import open_registry_client  # noqa: PLC0415
            from webhook.registry.limits import Limits  # noqa: PLC0415

            settings = network.settings
            limits = Limits(tag_seconds=settings.tag_seconds, cache_bytes=settings.cache_bytes)
            client = await stack.enter_async_context(
                open_registry_client(
                    network.docker_config,
                    writes=False,
                    limits=limits,
                    cache_dir=network.cache_dir,
                )
            )
        questions = Questions(client)
        stack.push_async_callback(questions.close)
        source = questions.source(
            lambda: policies, given=given, ask_unconfigured=network.unconfigured
        )
        snapshot = Snapshot(source, network.budget)
        stack.push_async_callback(snapshot.close)
        yield snapshot


def looking_up(
    registries: Registries, given: GivenFacts, network: Network
) -> AbstractAsyncContextManager[Snapshot]:
    """Facts for one run that judges nothing.

    Raises:
        InputError: the cache folder cannot be used.
    """
    return open_source(PolicySet(policies=(), registries=registries), given, network)
