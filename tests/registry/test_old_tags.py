"""A registry that is silent, and one that answers: only the first is excused by what was known."""

import asyncio

import pytest

from tests.registry.asking import APP, ARM, CONFIG, DIGEST, client, configured
from webhook.core.facts import ImageFacts, Reason
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.faults import Fault
from webhook.demo.registry import DemoRegistry
from webhook.errors import BlockedError, RegistryError, UnavailableError
from webhook.registry.cache import Tagged, question
from webhook.registry.client import RegistryClient
from webhook.registry.limits import Limits
from webhook.registry.old_tags import OldTags

TAG = Tagged("prod", "r.example", "a/b", "1")
PATH = "/v2/prod/web/manifests/1"
# Every look asks anew: no tag is believed for a moment, no failure remembered but for a moment.
STALE = Limits(tag_seconds=0, failure_seconds=0.05, stale_tag_seconds=60, breaking=False)
DOWN = Fault(status=503)


def failure(reason: Reason) -> RegistryError:
    return UnavailableError(reason, "it failed")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_tag_in_silence_is_told_with_its_age_until_it_is_too_old() -> None:
    clock = Clock()
    tags = OldTags(30, clock)
    tags.saw(TAG, "sha256:1")

    clock.now += 29.5
    seen = tags.of(TAG, Reason.TIMED_OUT)
    assert seen is not None
    assert (seen.digest, seen.seconds) == ("sha256:1", 30)
    clock.now += 0.5
    assert tags.of(TAG, Reason.TIMED_OUT) is None
    assert len(tags) == 0


def test_telling_it_makes_it_no_younger() -> None:
    clock = Clock()
    tags = OldTags(30, clock)
    tags.saw(TAG, "sha256:1")
    for _ in range(3):
        clock.now += 9
        tags.failed(TAG, [failure(Reason.UNREACHABLE)])
        assert tags.of(TAG, Reason.UNREACHABLE)
    clock.now += 9

    assert tags.of(TAG, Reason.UNREACHABLE) is None


def test_nothing_is_kept_where_nobody_asked_for_it() -> None:
    tags = OldTags(0, Clock())
    tags.saw(TAG, "sha256:1")

    assert len(tags) == 0


@pytest.mark.parametrize("reason", list(Reason))
def test_only_silence_is_excused_and_every_answer_ends_it(reason: Reason) -> None:
    tags = OldTags(30, Clock())
    tags.saw(TAG, "sha256:1")
    tags.failed(TAG, [failure(reason)])

    silent = reason in {Reason.UNREACHABLE, Reason.TIMED_OUT}
    assert (tags.of(TAG, reason) is not None) is silent
    # Too many requests is no word about the tag: what was known is not used, and not forgotten.
    kept = silent or reason is Reason.RATE_LIMITED
    assert (tags.of(TAG, Reason.UNREACHABLE) is not None) is kept


def test_one_answer_among_several_places_is_an_answer() -> None:
    tags = OldTags(30, Clock())
    tags.saw(TAG, "sha256:1")
    tags.failed(TAG, [failure(Reason.NOT_FOUND), failure(Reason.UNREACHABLE)])

    assert tags.of(TAG, Reason.UNREACHABLE) is None


def test_a_name_that_leads_where_we_do_not_dial_is_not_silence() -> None:
    tags = OldTags(30, Clock())
    tags.saw(TAG, "sha256:1")
    tags.failed(TAG, [BlockedError(Reason.UNREACHABLE, "it must not be contacted")])

    assert tags.of(TAG, Reason.UNREACHABLE) is None


def test_so_many_tags_are_known_and_the_oldest_goes_first() -> None:
    tags = OldTags(30, Clock())
    for number in range(16_385):
        tags.saw(Tagged("prod", "r.example", "a/b", str(number)), "sha256:1")

    assert len(tags) == 16_384
    assert tags.of(Tagged("prod", "r.example", "a/b", "0"), Reason.UNREACHABLE) is None


async def ask(asked: RegistryClient, name: str, **settings: object) -> ImageFacts | Reason:
    """Ask anew: what the last question left behind is over."""
    await asyncio.sleep(0.06)
    ref = ImageRef.parse(name)
    try:
        return await asked.facts(ref, CONFIG, configured(ref.host, **settings))
    except RegistryError as error:
        return error.reason


async def test_a_registry_that_is_down_is_answered_for_with_the_age_and_the_cause() -> None:
    async with DemoRegistry() as registry, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        name = registry.name("prod/web", "1")
        before = await ask(asked, name)
        assert isinstance(before, ImageFacts)
        assert before.old_tag is None
        registry.fault(PATH, DOWN, times=99)

        found = await ask(asked, name)
        ref = ImageRef.parse(name)
        again = asked.known(question(ref, configured(registry.host)), CONFIG)

    assert isinstance(found, ImageFacts)
    assert (found.digest, found.platforms) == (before.digest, before.platforms)
    assert found.old_tag is not None
    assert found.old_tag.seconds == 1
    assert found.old_tag.why.reason is Reason.UNREACHABLE
    assert "503" in found.old_tag.why.detail
    assert isinstance(again, ImageFacts), "while the failure is remembered, at once"
    assert again.old_tag is not None


async def test_a_registry_that_comes_back_is_believed_again() -> None:
    async with DemoRegistry() as registry, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        name = registry.name("prod/web", "1")
        await ask(asked, name)
        registry.fault(PATH, DOWN, times=99)
        await ask(asked, name)
        registry.heal()
        digest = registry.add("prod/web", ARM, tag="1")

        found = await ask(asked, name)

    assert isinstance(found, ImageFacts)
    assert (found.digest, found.old_tag) == (digest, None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Fault(status=404), Reason.NOT_FOUND),
        (Fault(status=401), Reason.UNAUTHORIZED),
        (Fault(status=403), Reason.UNAUTHORIZED),
        (Fault(body=b"{}", headers=(("Docker-Content-Digest", ""),)), Reason.BAD_CONTENT),
    ],
)
async def test_an_answer_is_never_outweighed_and_silence_after_it_is_not_excused(
    answer: Fault, reason: Reason
) -> None:
    async with DemoRegistry() as registry, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        name = registry.name("prod/web", "1")
        await ask(asked, name)
        registry.fault(PATH, answer, times=99)
        assert await ask(asked, name) is reason
        registry.heal()
        registry.fault(PATH, DOWN, times=99)

        assert await ask(asked, name) is Reason.UNREACHABLE


async def test_a_rate_limit_is_told_as_one() -> None:
    limited = Fault(status=429, headers=(("Retry-After", "3600"),))
    async with DemoRegistry() as registry, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        name = registry.name("prod/web", "1")
        await ask(asked, name)
        registry.fault(PATH, limited, times=99)

        assert await ask(asked, name) is Reason.RATE_LIMITED


async def test_without_the_setting_a_registry_that_is_down_is_down() -> None:
    limits = Limits(tag_seconds=0, failure_seconds=0.05, breaking=False)
    async with DemoRegistry() as registry, client(limits=limits) as asked:
        registry.add("prod/web", APP, tag="1")
        name = registry.name("prod/web", "1")
        await ask(asked, name)
        registry.fault(PATH, DOWN, times=99)

        assert await ask(asked, name) is Reason.UNREACHABLE


async def test_a_digest_is_never_answered_for_by_a_tag() -> None:
    async with DemoRegistry() as registry, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        other = registry.add("prod/web", ARM)
        await ask(asked, registry.name("prod/web", "1"))
        registry.fault(registry.path("prod/web", other), DOWN, times=99)

        assert await ask(asked, registry.name("prod/web", other)) is Reason.UNREACHABLE


async def test_a_tag_that_moved_is_not_answered_for_by_what_it_was() -> None:
    async with DemoRegistry() as registry, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        name = registry.name("prod/web", "1")
        await ask(asked, name)
        moved = registry.add("prod/web", ARM, tag="1")
        registry.fault(registry.path("prod/web", moved), DOWN, times=99)

        assert await ask(asked, name) is Reason.UNREACHABLE


async def test_a_mirror_that_answers_ends_it_though_the_registry_is_down() -> None:
    async with DemoRegistry() as registry, DemoRegistry() as mirror, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        name = registry.name("prod/web", "1")
        await ask(asked, name, mirror=mirror.host)
        registry.fault(PATH, DOWN, times=99)

        assert await ask(asked, name, mirror=mirror.host) is Reason.UNREACHABLE


async def test_another_registry_entry_knows_nothing_of_it() -> None:
    async with DemoRegistry() as registry, client(limits=STALE) as asked:
        registry.add("prod/web", APP, tag="1")
        ref = ImageRef.parse(registry.name("prod/web", "1"))
        await ask(asked, str(ref))
        registry.fault(PATH, DOWN, times=99)
        other = Registry(
            name="other", host=registry.host, plain_http=True, allow_private_addresses=True
        )

        with pytest.raises(UnavailableError):
            await asked.facts(ref, DIGEST, other)
