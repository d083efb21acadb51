"""Which build made an image: what admission asks, and what it remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from msgspec.structs import replace

from tests.attesting import COMMIT, SLSA_02, SLSA_1, buildkit, slsa_02, slsa_1
from tests.builders import config, facts
from tests.registry.asking import CONFIG, client, configured
from webhook.core.build import Build, Place, Voucher
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries
from webhook.core.workload import Workload
from webhook.demo.faults import Fault
from webhook.demo.images import Built, image
from webhook.demo.registry import DemoRegistry
from webhook.registry.builds import GAP_SECONDS, Builds, with_builds_of
from webhook.registry.client import RegistryClient
from webhook.registry.given import GivenFacts
from webhook.registry.limits import Limits
from webhook.registry.source import RegistrySource

WEB = image(entrypoint=["/app"])
ATTESTED = buildkit(WEB, (SLSA_1, slsa_1()))
NEEDS = CONFIG | {Need.BUILD}
NOBODY = Workload(kind="", namespace="", name="")
GOOD = Build(
    voucher=Voucher(Place.INDEX),
    commit=COMMIT,
    source="https://github.com/acme/web",
    builder="https://ci.example.com/runs/7",
)


class World(msgspec.Struct):
    """A registry, a clock, and whoever asks."""

    registry: DemoRegistry
    client: RegistryClient
    now: float = 1000.0
    recorded: ImageFacts | None = None

    def facts(self, digest: str) -> ImageFacts | None:
        """See `Recorded`."""
        return self.recorded if self.recorded and self.recorded.digest == digest else None

    def in_use(self, digest: str) -> bool:
        """See `Recorded`."""
        return bool(digest)


class Asking(msgspec.Struct):
    world: World
    builds: Builds
    source: RegistrySource

    async def build(self, built: Built) -> Build | Unknown | None:
        ref = ImageRef(self.world.registry.host, "prod/web", None, built.digest)
        found = self.source.known(ref, NEEDS) or await self.source.learn(ref, NEEDS, NOBODY)
        assert isinstance(found, ImageFacts)
        return found.platforms[0].build

    def requests(self) -> int:
        return len(self.world.registry.requests)


@asynccontextmanager
async def asking() -> AsyncIterator[Asking]:
    async with DemoRegistry() as registry, client() as asked:
        world = World(registry, asked)
        builds = Builds(asked, keys=tuple, monotonic=lambda: world.now)
        registries = Registries([configured(registry.host)])
        source = RegistrySource(
            registries=lambda: registries,
            client=asked,
            given=GivenFacts(),
            recorded=world,
            builds=builds,
        )
        try:
            yield Asking(world, builds, source)
        finally:
            await builds.close()


async def test_what_the_index_holds_is_asked_once() -> None:
    async with asking() as asked:
        asked.world.registry.add("prod/web", ATTESTED)
        assert await asked.build(ATTESTED) == GOOD
        before = asked.requests()
        asked.world.now += 1e6
        assert await asked.build(ATTESTED) == GOOD
        assert asked.requests() == before


async def test_that_nothing_is_attached_is_believed_for_seconds() -> None:
    async with asking() as asked:
        asked.world.registry.add("prod/web", WEB)
        assert await asked.build(WEB) == Build()
        before = asked.requests()
        assert await asked.build(WEB) == Build()
        assert asked.requests() == before
        asked.world.now += Limits().absent_seconds + 1
        await asked.build(WEB)
        assert asked.requests() > before


async def test_what_is_not_told_is_a_gap_and_asked_again_soon() -> None:
    async with asking() as asked:
        asked.world.registry.add("prod/web", ATTESTED)
        path = asked.world.registry.path("prod/web", ATTESTED.children[1].digest)
        asked.world.registry.fault(path, Fault(status=403))
        found = await asked.build(ATTESTED)
        assert isinstance(found, Unknown)
        assert found.reason is Reason.UNAUTHORIZED
        asked.world.now += GAP_SECONDS + 1
        assert await asked.build(ATTESTED) == GOOD


async def test_what_is_recorded_needs_no_registry() -> None:
    async with asking() as asked:
        asked.world.registry.add("prod/web", ATTESTED)
        ref = ImageRef(asked.world.registry.host, "prod/web", None, ATTESTED.digest)
        registry = configured(asked.world.registry.host)
        facts = await asked.world.client.facts(ref, CONFIG, registry)
        platforms = (replace(facts.platforms[0], build=GOOD),)
        asked.world.recorded = replace(facts, platforms=platforms)
        before = asked.requests()
        assert await asked.build(ATTESTED) == GOOD
        assert asked.requests() == before


async def test_a_statement_that_is_bad_says_why() -> None:
    bad = buildkit(WEB, (SLSA_02, slsa_02()), about="sha256:" + "0" * 64)
    async with asking() as asked:
        asked.world.registry.add("prod/web", bad)
        found = await asked.build(bad)

    assert found == Build(problem="the statement is about another image")


async def test_facts_that_were_given_have_no_build() -> None:
    source = RegistrySource(registries=Registries, client=None, given=GivenFacts())
    ref = ImageRef.parse("registry.example.com/web")

    assert isinstance(source.known(ref, NEEDS), Unknown)


@pytest.mark.parametrize("build", [None, GOOD])
def test_records_lend_their_builds_to_the_same_platforms(build: Build | None) -> None:
    one = facts(config())
    recorded = replace(one, platforms=(replace(one.platforms[0], build=build),))

    assert with_builds_of(one, recorded).platforms[0].build == build
    assert with_builds_of(one, None) is one
