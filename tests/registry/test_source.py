import json

from tests.builders import pod
from tests.registry.asking import CONFIG, DIGEST, client, configured
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries, Registry
from webhook.demo.images import image
from webhook.demo.registry import DemoRegistry
from webhook.registry.client import RegistryClient
from webhook.registry.given import GivenFacts, facts_of
from webhook.registry.source import RegistrySource

NAME = ImageRef.parse("r.example/a/b:1")
GIVEN = facts_of(
    [json.dumps({"image": "r.example/a/b:1", "config": {"os": "linux"}}).encode()], "f"
)


def source(
    *registries: Registry,
    asked: RegistryClient | None = None,
    given: GivenFacts | None = None,
    ask_unconfigured: bool = False,
) -> RegistrySource:
    known = Registries(registries)
    return RegistrySource(
        registries=lambda: known,
        client=asked,
        given=given or GivenFacts(),
        ask_unconfigured=ask_unconfigured,
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
