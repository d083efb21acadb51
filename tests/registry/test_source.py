import json

import pytest
from msgspec.structs import replace

from tests.builders import DIGEST as DIGEST_OF_FACTS
from tests.builders import facts, pod
from tests.registry.asking import CONFIG, DIGEST, client, configured
from webhook.core.facts import ImageFacts, Need, Promotion, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries, Registry
from webhook.core.rules.promotion import PromotionRule
from webhook.demo.images import image
from webhook.demo.registry import DemoRegistry
from webhook.registry.client import RegistryClient
from webhook.registry.given import GivenFacts, facts_of
from webhook.registry.promotions import Promotions
from webhook.registry.source import RegistrySource

NAME = ImageRef.parse("r.example/a/b:1")
PROMOTION = frozenset({Need.PROMOTION})
GIVEN = facts_of(
    [json.dumps({"image": "r.example/a/b:1", "config": {"os": "linux"}}).encode()], "f"
)


class Records:
    """What a cluster recorded."""

    def __init__(self, *recorded: ImageFacts) -> None:
        self.recorded = {one.digest: one for one in recorded}

    def facts(self, digest: str) -> ImageFacts | None:
        return self.recorded.get(digest)

    def in_use(self, digest: str) -> bool:
        return digest in self.recorded


def source(
    *registries: Registry,
    asked: RegistryClient | None = None,
    given: GivenFacts | None = None,
    ask_unconfigured: bool = False,
    recorded: Records | None = None,
) -> RegistrySource:
    known = Registries(registries)
    return RegistrySource(
        registries=lambda: known,
        client=asked,
        given=given or GivenFacts(),
        ask_unconfigured=ask_unconfigured,
        recorded=recorded,
    )


def reason(found: ImageFacts | Unknown | None) -> Reason | None:
    return found.reason if isinstance(found, Unknown) else None


async def test_given_facts_win_and_need_no_registry() -> None:
    found = source(given=GIVEN).known(NAME, CONFIG)

    assert isinstance(found, ImageFacts)
    assert await source(given=GIVEN).learn(NAME, CONFIG, pod()) == found


async def test_a_registry_that_nobody_configured_is_never_asked() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.add("a/b", image(entrypoint=["/app"]), tag="1")
        ref = ImageRef.parse(f"{registry.host}/a/b:1")
        elsewhere = source(Registry(name="r", host="r.example"), asked=asked)

        assert reason(elsewhere.known(ref, CONFIG)) is Reason.NOT_CONFIGURED
        assert reason(await elsewhere.learn(ref, CONFIG, pod())) is Reason.NOT_CONFIGURED
        assert registry.lines() == []


async def test_offline_nothing_is_asked() -> None:
    offline = source(Registry(name="r", host="r.example"))

    assert reason(offline.known(NAME, CONFIG)) is Reason.OFFLINE
    assert reason(await offline.learn(NAME, CONFIG, pod())) is Reason.OFFLINE
    assert reason(source().known(NAME, CONFIG)) is Reason.NOT_CONFIGURED
    assert reason(source(ask_unconfigured=True).known(NAME, CONFIG)) is Reason.OFFLINE


async def test_what_was_learned_is_known() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.add("a/b", image(entrypoint=["/app"]), tag="1")
        ref = ImageRef.parse(f"{registry.host}/a/b:1")
        online = source(configured(registry.host), asked=asked)

        assert online.known(ref, CONFIG) is None
        found = await online.learn(ref, CONFIG, pod())
        assert isinstance(found, ImageFacts)
        assert found.complete
        assert online.known(ref, CONFIG) is found
        assert online.known(ref.with_digest(found.digest), CONFIG) is found
        assert online.known(ref, DIGEST) is found


async def test_a_failure_is_an_unknown() -> None:
    async with DemoRegistry() as registry, client() as asked:
        ref = ImageRef.parse(f"{registry.host}/a/b:1")
        online = source(configured(registry.host), asked=asked)

        assert reason(await online.learn(ref, CONFIG, pod())) is Reason.NOT_FOUND
        assert reason(online.known(ref, CONFIG)) is Reason.NOT_FOUND


async def test_an_unconfigured_registry_that_a_person_typed_is_asked_past_the_guard() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.add("a/b", image(entrypoint=["/app"]), tag="1")
        ref = ImageRef.parse(f"{registry.host}/a/b:1")
        found = await source(asked=asked, ask_unconfigured=True).learn(ref, CONFIG, pod())

        assert reason(found) is Reason.UNREACHABLE
        assert registry.lines() == []


async def test_a_registry_that_is_taken_away_is_not_configured_any_more() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("a/b", image(entrypoint=["/app"]))
        ref = ImageRef.parse(registry.name("a/b", digest))
        current = [Registries([configured(registry.host)])]
        online = RegistrySource(registries=lambda: current[0], client=asked, given=GivenFacts())
        await online.learn(ref, CONFIG, pod())
        assert isinstance(online.known(ref, CONFIG), ImageFacts)
        current[0] = Registries()

        assert reason(online.known(ref, CONFIG)) is Reason.NOT_CONFIGURED


ONE, OTHER = (f"sha256:{pair * 32}" for pair in ("ab", "cd"))
PINNED = ImageRef.parse(f"r.example/a/b:1@{ONE}")
CONFIGURED = Registry(name="r", host="r.example")


async def test_what_is_recorded_answers_without_a_registry() -> None:
    recorded = Records(facts(digest=ONE))
    offline = source(CONFIGURED, recorded=recorded)

    assert offline.known(PINNED, CONFIG) is recorded.recorded[ONE]
    assert await offline.learn(PINNED, CONFIG, pod()) is recorded.recorded[ONE]
    assert reason(offline.known(PINNED.with_digest(OTHER), CONFIG)) is Reason.OFFLINE
    assert reason(offline.known(NAME, CONFIG)) is Reason.OFFLINE


async def test_what_is_recorded_is_never_asked_for() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.add("a/b", image(entrypoint=["/app"]), tag="1")
        ref = ImageRef.parse(f"{registry.host}/a/b@{ONE}")
        recorded = Records(facts(digest=ONE))
        online = source(configured(registry.host), asked=asked, recorded=recorded)

        assert online.known(ref, CONFIG) is recorded.recorded[ONE]
        assert online.known(ref.with_digest(OTHER), CONFIG) is None
        assert registry.lines() == []


async def test_what_is_recorded_later_outweighs_a_failure_that_is_remembered() -> None:
    async with DemoRegistry() as registry, client() as asked:
        ref = ImageRef.parse(f"{registry.host}/a/b@{ONE}")
        recorded = Records()
        online = source(configured(registry.host), asked=asked, recorded=recorded)
        assert reason(await online.learn(ref, CONFIG, pod())) is Reason.NOT_FOUND
        assert reason(online.known(ref, CONFIG)) is Reason.NOT_FOUND
        recorded.recorded[ONE] = facts(digest=ONE)

        assert online.known(ref, CONFIG) is recorded.recorded[ONE]


async def test_what_memory_has_outweighs_what_is_recorded() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("a/b", image(entrypoint=["/app"]))
        ref = ImageRef.parse(registry.name("a/b", digest))
        recorded = Records()
        online = source(configured(registry.host), asked=asked, recorded=recorded)
        learned = await online.learn(ref, CONFIG, pod())
        recorded.recorded[digest] = facts(digest=digest)

        assert online.known(ref, CONFIG) is learned


def test_records_that_cannot_be_judged_from_are_no_answer() -> None:
    empty = Records(ImageFacts(digest=ONE))

    assert reason(source(CONFIGURED, recorded=empty).known(PINNED, CONFIG)) is Reason.OFFLINE


def test_a_record_makes_no_registry_a_configured_one() -> None:
    recorded = Records(facts(digest=ONE))

    assert reason(source(recorded=recorded).known(PINNED, CONFIG)) is Reason.NOT_CONFIGURED


def test_a_broken_registry_is_not_asked() -> None:
    broken = Registry(name="r", host="r.example", broken=True)
    found = source(broken).known(NAME, CONFIG)

    assert found == Unknown(
        Reason.NOT_CONFIGURED, "not looked up: Registry r is broken, so nobody asks"
    )


@pytest.mark.parametrize(
    ("ref", "in_use"),
    [(PINNED, True), (PINNED.with_digest(OTHER), False), (NAME, False)],
)
def test_in_use_is_what_is_recorded_so(ref: ImageRef, in_use: bool) -> None:  # noqa: FBT001 - a column
    assert source(recorded=Records(facts(digest=ONE))).in_use(ref) is in_use
    assert not source().in_use(ref)


async def test_offline_a_recorded_promotion_counts_and_the_rest_is_a_gap() -> None:
    web = ImageRef.parse(f"r.example/prod/web@{DIGEST_OF_FACTS}")
    seen = Promotion(origins=("r.example/preprod/web",))
    records = Records(replace(facts(), promotion=seen))
    offline = source(Registry(name="r", host="r.example"), recorded=records)

    found = offline.known(web, PROMOTION)

    assert isinstance(found, ImageFacts)
    assert found.promotion is not None
    assert found.promotion.origins == seen.origins
    assert found.promotion.origin_gap is not None
    assert found.promotion.origin_gap.reason is Reason.OFFLINE


async def test_facts_of_a_file_say_nothing_about_promotion() -> None:
    found = source(given=GIVEN).known(NAME, PROMOTION)

    assert isinstance(found, ImageFacts)
    assert found.promotion is None


async def test_a_recorded_config_is_not_asked_for_when_only_the_promotion_is_missing() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", image(entrypoint=["/app"]))
        ref = ImageRef.parse(f"{registry.host}/prod/web@{digest}")
        prod = configured(registry.host, name="prod", path=("prod",), promotes_from="preprod")
        preprod = configured(registry.host, name="preprod", path=("preprod",))
        registry.add("preprod/web", image(entrypoint=["/app"]))
        known = Registries([prod, preprod])
        rules = (PromotionRule(registries=known),)
        records = Records(replace(facts(), digest=digest))
        both = RegistrySource(
            registries=lambda: known,
            client=asked,
            given=GivenFacts(),
            recorded=records,
            promotions=Promotions(asked, rules=lambda: rules, monotonic=lambda: 0.0),
        )

        assert both.known(ref, CONFIG | PROMOTION) is None
        learned = await both.learn(ref, CONFIG | PROMOTION, pod())

        assert isinstance(learned, ImageFacts)
        assert learned == both.known(ref, CONFIG | PROMOTION)
        assert learned.promotion is not None
        assert learned.promotion.origins == (f"{registry.host}/preprod/web",)
        assert registry.lines() == [f"GET /v2/preprod/web/manifests/{digest}"]
