import pytest

from tests.promote.promoting import pair
from webhook.demo.faults import Fault
from webhook.demo.images import Built, image, index
from webhook.demo.registry import DemoRegistry
from webhook.errors import RegistryError

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"])
BOTH = index([WEB, image(entrypoint=["/app"], architecture="arm64")], attestations=True)


@pytest.mark.parametrize(
    "built", [WEB, image(docker=True), BOTH, index([WEB], docker=True), index([BOTH, WEB])],
    ids=["oci", "docker", "index", "docker list", "nested"],
)  # fmt: skip
async def test_an_image_goes_as_a_whole_and_unchanged(built: Built) -> None:
    async with pair() as both:
        digest = both.add(built)

        outcome = await both.promote(digest)

        assert both.target.repositories["prod/web"] == both.source.repositories["preprod/web"]
        assert both.watching.went == both.watching.expected == outcome.copied.bytes > 0
        assert both.watching.notes == []


async def test_a_second_promotion_sends_nothing() -> None:
    async with pair() as both:
        digest = both.add(BOTH)
        await both.promote(digest, tags=["1.1"], evidence=True)
        before = dict(both.target.repositories["prod/web"].manifests)
        both.target.requests.clear()

        outcome = await both.promote(digest, tags=["1.1"], evidence=True)

        assert {line.split()[0] for line in both.target.lines()} == {"GET", "HEAD"}
        assert (outcome.copied.blobs, outcome.copied.bytes) == (0, 0)
        assert both.target.repositories["prod/web"].manifests == before


async def test_tags_come_last_and_point_to_the_digest() -> None:
    async with pair() as both:
        digest = both.add(WEB)

        await both.promote(digest, tags=["1.1", "stable"])

        assert both.target.repositories["prod/web"].tags == {"1.1": digest, "stable": digest}
        writes = [line for line in both.target.lines() if line.startswith(("PUT", "POST"))]
        assert [line.rpartition("/")[2] for line in writes[-2:]] == ["1.1", "stable"]


async def test_a_tag_that_was_there_moves() -> None:
    async with pair() as both:
        both.target.add("prod/web", image(cmd=["old"]), "stable")
        digest = both.add(WEB)

        await both.promote(digest, tags=["stable"])

        assert both.target.repositories["prod/web"].tags["stable"] == digest


async def test_within_one_registry_blobs_are_mounted_and_not_sent() -> None:
    async with pair() as both:
        both.source = both.target
        digest = both.add(BOTH)

        await both.promote(digest)

        lines = both.target.lines()
        assert not any(line.startswith("GET") and "/blobs/" in line for line in lines)
        assert not any(line.startswith("PUT") and "/blobs/" in line for line in lines)
        assert both.target.blob("prod/web", _config(WEB)) == WEB.config


async def test_without_mounting_the_blobs_are_sent() -> None:
    async with pair(mounts=False) as both:
        both.source = both.target
        digest = both.add(WEB)

        await both.promote(digest)

        assert both.target.blob("prod/web", _config(WEB)) == WEB.config


async def test_a_digest_that_is_not_there_is_not_found() -> None:
    async with pair() as both:
        with pytest.raises(RegistryError, match="404"):
            await both.promote("sha256:" + "0" * 64)

        assert both.target.repositories == {}


async def test_a_registry_that_is_read_only_is_said_to_be() -> None:
    async with pair() as both:
        digest = both.add(WEB)
        both.target.pushes = None

        with pytest.raises(RegistryError, match="405 UNSUPPORTED"):
            await both.promote(digest)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_passing_trouble_passes(status: int) -> None:
    async with pair() as both:
        digest = both.add(WEB)
        both.target.fault("/v2/prod/web/blobs/uploads/", Fault(method="POST", status=status))
        both.source.fault(f"/v2/preprod/web/blobs/{_config(WEB)}", Fault(method="GET", status=500))

        await both.promote(digest)

        assert both.target.repositories["prod/web"] == both.source.repositories["preprod/web"]


def _config(built: Built) -> str:
    return DemoRegistry().put_blob("x", built.config)
