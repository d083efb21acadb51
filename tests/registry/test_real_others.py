"""The client against further real servers: crane's registry, and a pull-through cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.registry.test_real_registry import asked, configured, learn
from tests.servers import crane_registry, real_registry
from webhook.core.facts import Reason
from webhook.core.image import ImageRef
from webhook.demo.images import image, index
from webhook.errors import RegistryError
from webhook.registry.client import open_client

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"])
ARM = image(entrypoint=["/app"], architecture="arm64")


@pytest.mark.tool("crane")
@pytest.mark.parametrize("by", ["tag", "digest"])
async def test_cranes_registry_tells_all_platforms(by: str, tmp_path: Path) -> None:
    async with crane_registry(tmp_path) as real:
        digest = await real.push("prod/web", index([WEB, ARM]), "1.0")
        name = real.name("prod/web", "1.0" if by == "tag" else digest)

        facts = await learn(configured(real), name)

    assert facts.digest == digest
    assert [one.platform for one in facts.platforms] == ["linux/amd64", "linux/arm64"]


@pytest.mark.tool("crane")
@pytest.mark.parametrize("name", ["prod/web:2.0", "prod/web@sha256:" + "0" * 64, "prod/gone:1.0"])
async def test_what_cranes_registry_has_not_is_not_found(name: str, tmp_path: Path) -> None:
    async with crane_registry(tmp_path) as real:
        await real.push("prod/web", WEB, "1.0")
        with pytest.raises(RegistryError) as missing:
            await learn(configured(real), f"{real.host}/{name}")

    assert missing.value.reason is Reason.NOT_FOUND


@pytest.mark.tool("docker-registry")
async def test_a_pull_through_cache_is_a_mirror_that_outlives_its_registry(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    async with real_registry(tmp_path) as origin:
        digest = await origin.push("prod/web", WEB, "1.0")
        name = origin.name("prod/web", digest)
        async with real_registry(tmp_path / "cache", upstream=origin.url) as cache:
            registry = replace(configured(origin), mirror=cache.host)
            async with asked(cache) as lines:
                first = await learn(registry, name)
            nowhere = replace(registry, host="127.0.0.1:1")
            client = open_client()
            try:
                again = await client.facts(
                    ImageRef.parse(f"127.0.0.1:1/prod/web@{digest}"),
                    frozenset(),
                    nowhere,
                )
            finally:
                await client.close()

    assert first.digest == digest
    assert first.complete
    assert [line.split("/")[-2] for line in lines] == ["manifests", "blobs"]
    assert again.digest == digest
