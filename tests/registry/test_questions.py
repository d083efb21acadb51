"""One memory for all who ask: what two sources want to know is asked once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from tests.attesting import SLSA_02, buildkit, slsa_02
from tests.builders import pod
from tests.registry.asking import client, configured
from webhook.core.build import Build
from webhook.core.facts import ImageFacts, Need, Reason
from webhook.core.image import ImageRef
from webhook.core.policy import ActiveRule, Policy, PolicySet
from webhook.core.registries import Registries
from webhook.core.rules.agreement import Asked
from webhook.core.rules.promotion import PromotionRule
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.verdict import Mode
from webhook.demo.images import image
from webhook.demo.registry import DemoRegistry
from webhook.registry.limits import Limits
from webhook.registry.questions import Questions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.registry.source import RegistrySource

WEB = image(entrypoint=["/app"])
ATTESTED = buildkit(WEB, (SLSA_02, slsa_02()))
NEEDS = frozenset({Need.CONFIG, Need.PROMOTION, Need.BUILD})


def policies(registry: DemoRegistry) -> PolicySet:
    """As if they were read anew: equal ones, of other objects."""
    registries = Registries(
        [
            configured(registry.host, name="prod", path=("prod",), promotes_from="preprod"),
            configured(registry.host, name="preprod", path=("preprod",)),
        ]
    )
    rules = (PromotionRule(registries=registries), ProvenanceRule(agreement=Asked.REQUIRE))
    active = tuple(ActiveRule(rule, Mode.ENFORCE) for rule in rules)
    return PolicySet(policies=(Policy(name="all", rules=active),), registries=registries)


@asynccontextmanager
async def asking(limits: Limits | None = None) -> AsyncIterator[tuple[DemoRegistry, Questions]]:
    async with DemoRegistry() as registry, client(limits=limits) as asked:
        registry.add("prod/web", ATTESTED)
        questions = Questions(asked)
        try:
            yield registry, questions
        finally:
            await questions.close()


async def learned(source: RegistrySource, registry: DemoRegistry) -> ImageFacts:
    ref = ImageRef(registry.host, "prod/web", None, ATTESTED.digest)
    found = source.known(ref, NEEDS) or await source.learn(ref, NEEDS, pod())
    assert isinstance(found, ImageFacts)
    return found


async def test_a_source_answers_every_need_by_what_its_policies_ask() -> None:
    async with asking() as (registry, questions):
        registry.add("preprod/web", ATTESTED)
        asked = policies(registry)
        found = await learned(questions.source(lambda: asked), registry)

        assert found.promotion is not None
        assert found.promotion.origins == (f"{registry.host}/preprod/web",)
        (platform,) = found.platforms
        assert isinstance(platform.build, Build)
        assert platform.build.voucher is not None


async def test_equal_questions_of_two_sources_are_asked_once() -> None:
    async with asking() as (registry, questions):
        sources = [questions.source(partial(policies, registry)) for _ in range(2)]

        both = await asyncio.gather(*[learned(one, registry) for one in sources])
        before = registry.lines()

        assert both[0] == both[1]
        assert [before.count(line) for line in before if "preprod" in line] == [1]
        assert await learned(sources[1], registry) == both[1]
        assert registry.lines() == before


async def test_a_source_without_such_rules_asks_no_registry_for_them() -> None:
    async with asking() as (registry, questions):
        asked = policies(registry)
        nothing = PolicySet(policies=(), registries=asked.registries)
        source = questions.source(lambda: nothing)
        ref = ImageRef(registry.host, "prod/web", None, ATTESTED.digest)
        await source.learn(ref, frozenset({Need.CONFIG}), pod())

        assert not any("preprod" in line or "referrers" in line for line in registry.lines())


async def test_nobody_is_asked_where_nobody_may_be() -> None:
    async with DemoRegistry() as registry:
        asked = policies(registry)
        offline = Questions(None)
        ref = ImageRef(registry.host, "prod/web", None, ATTESTED.digest)
        found = offline.source(lambda: asked).known(ref, NEEDS)
        await offline.close()

        assert getattr(found, "reason", None) is Reason.OFFLINE
        assert registry.lines() == []


async def test_that_it_was_not_promoted_is_believed_as_long_as_the_client_may() -> None:
    now = 0.0
    limits = Limits(absent_seconds=600.0)
    async with DemoRegistry() as registry, client(limits=limits) as asked:
        registry.add("prod/web", ATTESTED)
        questions = Questions(asked, monotonic=lambda: now)
        one = policies(registry)
        source = questions.source(lambda: one)
        await learned(source, registry)
        before = registry.lines()

        now += 599
        await learned(source, registry)
        assert registry.lines() == before
        now += 2
        await learned(source, registry)
        assert len(registry.lines()) > len(before)
        await questions.close()
