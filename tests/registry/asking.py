"""Clients and registries for tests: the demo registry, and how it is configured."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from webhook.core.facts import ImageFacts, Need
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.images import image
from webhook.errors import RegistryError
from webhook.registry.client import RegistryClient, open_client
from webhook.registry.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

APP = image(entrypoint=["/app"], labels={"a": "b"})
ARM = image(entrypoint=["/app"], architecture="arm64")
CONFIG = frozenset({Need.DIGEST, Need.CONFIG})
DIGEST = frozenset({Need.DIGEST})


def configured(host: str, **settings: Any) -> Registry:
    """A Registry for a server on loopback over plain HTTP."""
    known: dict[str, Any] = {"name": "demo", "plain_http": True, "allow_private_addresses": True}
    return Registry(host=host, **(known | settings))


@asynccontextmanager
async def client(
    cache_dir: Path | None = None, limits: Limits | None = None
) -> AsyncIterator[RegistryClient]:
    """A client as in production, closed in the end."""
    opened = open_client(cache_dir=cache_dir, limits=limits)
    try:
        yield opened
    finally:
        await opened.close()


async def facts(name: str, asked: RegistryClient, **settings: Any) -> ImageFacts:
    """Everything about an image."""
    ref = ImageRef.parse(name)
    return await asked.facts(ref, CONFIG, configured(ref.host, **settings))


async def why(name: str, **settings: Any) -> RegistryError:
    """The error that a fresh client ends with."""
    async with client(limits=Limits(image_seconds=2)) as asked:
        with pytest.raises(RegistryError) as refused:
            await facts(name, asked, **settings)
    return refused.value


def docker_config(folder: Path, **users: str) -> str:
    """A Docker config file with one password for each place; the user is `robot`."""
    path = folder / "config.json"
    auths = {place: {"username": "robot", "password": word} for place, word in users.items()}
    path.write_text(json.dumps({"auths": auths}))
    return str(path)
