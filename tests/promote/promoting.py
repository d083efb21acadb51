"""Promotions between two registries in this process, and what is put in their way."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.pushes import Pushes
from webhook.demo.registry import DemoRegistry
from webhook.promote.destination import Destination
from webhook.promote.promotion import Outcome, promote
from webhook.promote.statement import Build, Promoted
from webhook.registry.client import open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from webhook.demo.images import Built
    from webhook.promote.signing import Signer

WHEN = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


class Watching:
    """Whoever looks on."""

    def __init__(self) -> None:
        self.expected = 0
        self.went = 0
        self.vain = 0
        """Bytes that went and had to go again."""
        self.notes: list[str] = []

    def expect(self, size: int) -> None:
        self.expected += size

    def moved(self, size: int) -> None:
        self.went += size
        self.vain += max(0, -size)

    def note(self, text: str) -> None:
        self.notes.append(text)


class Pair(msgspec.Struct):
    """A registry that images are promoted from, and one that they are promoted to."""

    source: DemoRegistry
    target: DemoRegistry
    watching: Watching

    def add(self, built: Built, repository: str = "preprod/web") -> str:
        return self.source.add(repository, built)

    def where(
        self, digest: str, source: str = "preprod/web", target: str = "prod/web"
    ) -> Destination:
        return Destination(
            ImageRef(self.source.host, source, None, digest),
            settings("preprod", self.source),
            ImageRef(self.target.host, target, None, digest),
            settings("prod", self.target),
        )

    async def promote(
        self,
        digest: str,
        *,
        where: Destination | None = None,
        tags: Sequence[str] = (),
        evidence: bool = False,
        signer: Signer | None = None,
        who: str = "ci",
    ) -> Outcome:
        """With a client of its own, that knows nothing yet."""
        client = open_client()
        where = where or self.where(digest)
        promoted = Promoted(
            source=where.source,
            target=where.target,
            when=WHEN,
            who=who,
            build=Build(url="https://ci.example.com/job/web/118/", number="118", commit="4f9d6c1"),
            checks=(),
            version="test",
        )
        try:
            return await promote(
                client,
                where,
                self.watching,
                tags=tags,
                promoted=promoted if evidence else None,
                signer=signer,
            )
        finally:
            await client.close()


def settings(name: str, registry: DemoRegistry, **more: Any) -> Registry:
    reached = {"plain_http": True, "allow_private_addresses": True}
    return Registry(name=name, host=registry.host, **(reached | more))


@asynccontextmanager
async def pair(*, mounts: bool = True, referrers: bool = True) -> AsyncIterator[Pair]:
    """Two empty registries; the second one takes what is pushed."""
    async with DemoRegistry() as source, DemoRegistry() as target:
        target.pushes = Pushes(mounts=mounts)
        source.referrers = target.referrers = referrers
        yield Pair(source, target, Watching())
