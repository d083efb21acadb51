"""A registry with one image, whose attestations are looked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from tests.registry.asking import client, configured
from webhook.core.image import ImageRef
from webhook.core.keys import PublicKey
from webhook.demo.images import Built, image
from webhook.demo.registry import DemoRegistry
from webhook.registry.attestations import Attested, Question, attestations
from webhook.registry.client import RegistryClient
from webhook.registry.content import Served
from webhook.registry.indexes import indexes
from webhook.registry.statements import Kind

WEB = image(entrypoint=["/app"])
BOTH = frozenset(Kind)


class World(msgspec.Struct):
    """A registry with one image, and whoever asks."""

    registry: DemoRegistry
    client: RegistryClient

    async def ask(
        self,
        top: Built,
        wanted: frozenset[Kind] = BOTH,
        keys: tuple[PublicKey, ...] = (),
        platform: Built = WEB,
    ) -> Attested:
        ref = ImageRef(self.registry.host, "prod/web", None, top.digest)
        access = await self.client.access(ref, configured(self.registry.host))
        served = Served(top.digest, top.media_type, top.manifest)
        held = await indexes(access, served, 10.0)
        asked = Question(digest=platform.digest, indexes=held, wanted=wanted, keys=keys)
        self.registry.requests.clear()
        return await attestations(access, asked, 10.0)


@asynccontextmanager
async def world(*, api: bool = True) -> AsyncIterator[World]:
    async with DemoRegistry() as registry, client() as asked:
        registry.referrers = api
        registry.add("prod/web", WEB)
        yield World(registry, asked)
