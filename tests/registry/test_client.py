"""How much is asked, and what is remembered, in memory and on disk."""

import asyncio
from pathlib import Path

import pytest

from tests.attesting import noted
from tests.registry.asking import (
    APP,
    ARM,
    CONFIG,
    DIGEST,
    client,
    configured,
    facts,
)
from webhook.core.facts import Reason
from webhook.core.image import ImageRef
from webhook.demo.faults import Fault
from webhook.demo.images import index, sha256
from webhook.demo.registry import DemoRegistry
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.cache import question
from webhook.registry.limits import Limits

OCI = "org.opencontainers.image"


async def test_a_digest_costs_one_manifest_and_one_config_and_then_nothing() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        name = registry.name("prod/web", digest)
        found = await facts(name, asked)
        again = await facts(name, asked)

        assert registry.lines() == [
            f"GET /v2/prod/web/manifests/{digest}",
            f"GET /v2/prod/web/blobs/{sha256(APP.config)}",
        ]
    assert again is found
    assert (found.digest, found.complete, found.source) == (digest, True, registry.host)
    (platform,) = found.platforms
    assert (platform.platform, platform.digest) == ("linux/amd64", digest)
    assert platform.config.entrypoint == ("/app",)
    assert dict(platform.config.labels)["a"] == "b"


async def test_an_index_costs_one_pair_for_each_platform_and_attestations_cost_nothing() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", index([APP, ARM], attestations=True))
        found = await facts(registry.name("prod/web", digest), asked)

        assert len(registry.lines()) == 5
    assert [one.platform for one in found.platforms] == ["linux/amd64", "linux/arm64"]
    assert [one.digest for one in found.platforms] == [APP.digest, ARM.digest]


async def test_annotations_cost_nothing_and_are_as_good_as_the_digest_that_is_named() -> None:
    async with DemoRegistry() as registry, client() as asked:
        app = noted(APP, revision="4f9d6c1")
        whole = registry.add("prod/web", noted(index([app, ARM]), revision="1234567", version="2"))
        of_index = await facts(registry.name("prod/web", whole), asked)
        asked_for = len(registry.lines())
        alone = await facts(registry.name("prod/web", app.digest), asked)

    said = [dict(one.annotations) for one in (*of_index.platforms, *alone.platforms)]
    assert asked_for == 5
    assert said == [
        {f"{OCI}.revision": "4f9d6c1", f"{OCI}.version": "2"},
        {f"{OCI}.revision": "1234567", f"{OCI}.version": "2"},
        {f"{OCI}.revision": "4f9d6c1"},
    ]


async def test_docker_types_and_nested_indexes_are_read() -> None:
    async with DemoRegistry() as registry, client() as asked:
        docker = registry.add("a/docker", index([APP, ARM], docker=True))
        nested = registry.add("a/nested", index([index([APP]), ARM]))

        for repository, digest in (("a/docker", docker), ("a/nested", nested)):
            found = await facts(registry.name(repository, digest), asked)
            assert len(found.platforms) == 2


async def test_a_tag_costs_one_head_and_is_believed_for_a_while() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP, tag="1.0")
        ref = ImageRef.parse(registry.name("prod/web", "1.0"))
        found = await asked.facts(ref, DIGEST, configured(registry.host))

        assert (found.digest, found.complete) == (digest, False)
        assert registry.lines() == ["HEAD /v2/prod/web/manifests/1.0"]  # no pull, to Docker Hub
        registry.add("prod/web", ARM, tag="1.0")
        assert (await asked.facts(ref, DIGEST, configured(registry.host))).digest == digest
        assert asked.known(question(ref, configured(registry.host)), DIGEST) == found
        assert asked.known(question(ref, configured(registry.host)), CONFIG) is None


async def test_a_tag_is_asked_again_after_its_seconds_and_only_by_head() -> None:
    async with DemoRegistry() as registry, client(limits=Limits(tag_seconds=0)) as asked:
        registry.add("prod/web", APP, tag="1.0")
        name = registry.name("prod/web", "1.0")
        await facts(name, asked)
        await facts(name, asked)
        assert registry.lines().count("HEAD /v2/prod/web/manifests/1.0") == 2
        assert [line.split()[0] for line in registry.lines()] == ["HEAD", "GET", "GET", "HEAD"]
        registry.add("prod/web", ARM, tag="1.0")

        assert (await facts(name, asked)).digest == ARM.digest


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="HEAD", status=405),
        Fault(method="HEAD", status=404),
        Fault(method="HEAD", headers=(("Docker-Content-Digest", ""),)),
        Fault(method="HEAD", headers=(("Docker-Content-Digest", "sha1:abc"),)),
    ],
)
async def test_where_head_says_no_digest_the_tag_is_pulled(fault: Fault) -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP, tag="1.0")
        registry.fault("/v2/prod/web/manifests/1.0", fault)

        found = await facts(registry.name("prod/web", "1.0"), asked)

    assert (found.digest, found.complete) == (digest, True)


async def test_a_digest_that_head_announced_is_compared_with_what_comes() -> None:
    async with DemoRegistry() as registry, client() as asked:
        registry.add("prod/web", APP, tag="1.0")
        other = registry.add("prod/web", ARM)
        registry.fault(registry.path("prod/web", other), Fault(body=APP.manifest), times=9)
        lie = Fault(method="HEAD", headers=(("Docker-Content-Digest", other),))
        registry.fault("/v2/prod/web/manifests/1.0", lie)

        with pytest.raises(BadContentError):
            await facts(registry.name("prod/web", "1.0"), asked)


async def test_no_tag_is_latest() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP, tag="latest")

        assert (await facts(f"{registry.host}/prod/web", asked)).digest == digest


async def test_the_digest_of_a_pinned_name_needs_no_question() -> None:
    async with DemoRegistry() as registry, client() as asked:
        ref = ImageRef.parse(registry.name("prod/web", "sha256:" + "0" * 64))

        assert (await asked.facts(ref, DIGEST, configured(registry.host))).digest == ref.digest
        assert registry.lines() == []


async def test_a_hundred_who_ask_the_same_are_one() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        names = [registry.name("prod/web", digest)] * 50
        names += [f"{registry.host}/prod/web:1.0@{digest}"] * 50
        found = await asyncio.gather(*(facts(name, asked) for name in names))

        assert len(registry.lines()) == 2
    assert len({id(one) for one in found}) == 1


async def test_the_same_config_of_two_images_is_asked_once() -> None:
    async with DemoRegistry() as registry, client() as asked:
        one = registry.add("prod/web", APP)
        two = registry.add("prod/other", APP)
        await facts(registry.name("prod/web", one), asked)
        await facts(registry.name("prod/other", two), asked)

        # That one repository serves it says nothing about another: its manifest is asked for.
        assert registry.lines()[2:] == [f"GET /v2/prod/other/manifests/{two}"]


async def test_an_image_of_another_repository_is_not_taken_from_the_cache() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        await facts(registry.name("prod/web", digest), asked)

        with pytest.raises(UnavailableError) as refused:
            await facts(registry.name("prod/other", digest), asked)
    assert refused.value.reason is Reason.NOT_FOUND


async def test_a_waiter_who_leaves_does_not_end_the_question() -> None:
    async with DemoRegistry() as registry, client() as asked:
        digest = registry.add("prod/web", APP)
        name = registry.name("prod/web", digest)
        registry.fault(registry.path("prod/web", digest), Fault(delay=0.1))
        first = asyncio.create_task(facts(name, asked))
        second = asyncio.create_task(facts(name, asked))
        await asyncio.sleep(0.02)
        first.cancel()

        assert (await second).digest == digest
        assert len(registry.lines()) == 2


async def test_what_is_on_disk_needs_no_registry(tmp_path: Path) -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", index([APP, ARM]))
        name = registry.name("prod/web", digest)
        async with client(tmp_path) as asked:
            found = await facts(name, asked)
        registry.requests.clear()
        async with client(tmp_path) as asked:
            again = await facts(name, asked)
            with pytest.raises(UnavailableError):
                await facts(registry.name("prod/other", digest), asked)

        assert registry.lines() == [f"GET /v2/prod/other/manifests/{digest}"]
    assert again == found


async def test_what_was_changed_on_disk_is_asked_for_again(tmp_path: Path) -> None:
    async with DemoRegistry() as registry:
        digest = registry.add("prod/web", APP)
        name = registry.name("prod/web", digest)
        async with client(tmp_path) as asked:
            found = await facts(name, asked)
        _overwrite(tmp_path)
        async with client(tmp_path) as asked:
            assert await facts(name, asked) == found


def _overwrite(folder: Path) -> None:
    for file in folder.rglob("sha256-*"):
        file.write_bytes(ARM.config)
