"""What a real registry holds, read by its tags."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers import RealRegistry, real_registry
from webhook.clean.inventory import Inventory, attached_to, take_inventory
from webhook.core.image import ImageRef
from webhook.core.registries import Registry
from webhook.demo.images import image, index
from webhook.errors import RegistryError
from webhook.registry.client import open_client
from webhook.registry.lists import Listing, contents_of, repositories_of

pytestmark = pytest.mark.tool("docker-registry")

AMD = image(cmd=["/app"])
ARM = image(cmd=["/app"], architecture="arm64", created="2026-11-21T08:00:00Z")
EPOCH = image(cmd=["/epoch"], created="1970-01-01T00:00:00Z")


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[RealRegistry]:
    async with real_registry(tmp_path) as registry:
        yield registry


async def read(
    real: RealRegistry, repository: str, digests: tuple[str, ...] | None = None
) -> Inventory:
    """By its tags; or as if it listed some manifests beside them."""
    registry = Registry(name="r", host=real.host, allow_private_addresses=True, plain_http=True)
    client = open_client()
    try:
        access = await client.access(ImageRef(real.host, repository), registry)
        tags = (await contents_of(access)).tags
        return await take_inventory(access, Listing(tags, digests))
    finally:
        await client.close()


async def test_tags_lead_to_indexes_platforms_and_dates(real: RealRegistry) -> None:
    both = index([AMD, ARM])
    await real.push("shop/web", both, "1")
    await real.push("shop/web", both, "latest")
    await real.push("shop/web", EPOCH, "old")
    found = await read(real, "shop/web")

    assert found.tags == {"1": both.digest, "latest": both.digest, "old": EPOCH.digest}
    assert found.stored[both.digest].children == (AMD.digest, ARM.digest)
    assert found.stored[both.digest].created is None
    arm = found.stored[ARM.digest]
    assert arm.created is not None
    assert arm.created.isoformat() == "2026-11-21T08:00:00+00:00"
    assert {blob for blob, _ in arm.blobs} == {f"{one}" for one in _blobs(ARM.manifest)}
    assert found.stored[EPOCH.digest].created is None
    assert len(found.stored) == 4


def _blobs(manifest: bytes) -> set[str]:
    import json  # noqa: PLC0415

    body = json.loads(manifest)
    return {body["config"]["digest"], *(one["digest"] for one in body["layers"])}


async def test_what_is_listed_is_read_also_where_no_tag_leads_to_it(real: RealRegistry) -> None:
    both = index([AMD, ARM])
    await real.push("shop/web", both)
    await real.push("shop/web", EPOCH, "1")
    listed = (both.digest, AMD.digest, ARM.digest, EPOCH.digest)

    assert (await read(real, "shop/web")).untagged is None
    found = await read(real, "shop/web", listed)

    assert found.tags == {"1": EPOCH.digest}
    assert found.untagged == frozenset({both.digest, AMD.digest, ARM.digest})
    assert found.stored.keys() == set(listed)


async def test_what_is_listed_and_not_there_decides_nothing(real: RealRegistry) -> None:
    await real.push("shop/web", EPOCH, "1")

    with pytest.raises(RegistryError):
        await read(real, "shop/web", (EPOCH.digest, AMD.digest))


async def test_a_repository_without_tags_is_empty(real: RealRegistry) -> None:
    assert (await read(real, "nothing/here")).stored == {}


async def test_the_catalog_tells_repositories_below_a_path(real: RealRegistry) -> None:
    for name in ("prod/a", "prod/b", "preprod/a", "production"):
        await real.push(name, AMD, "1")
    registry = Registry(name="r", host=real.host, allow_private_addresses=True, plain_http=True)
    client = open_client()
    try:
        access = await client.access(ImageRef(real.host, ""), registry)
        assert await repositories_of(access, "prod/") == ["prod/a", "prod/b"]
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("sha256-" + "ab" * 32, "sha256:" + "ab" * 32),
        ("sha256-" + "ab" * 32 + ".sig", "sha256:" + "ab" * 32),
        ("sha256-abc", ""),
        ("v1", ""),
    ],
)
def test_tags_of_signing_tools_are_known(tag: str, expected: str) -> None:
    assert attached_to(tag) == expected


async def test_what_cannot_be_read_decides_nothing(real: RealRegistry, tmp_path: Path) -> None:
    await real.push("shop/web", AMD, "1")
    blob = next((tmp_path / "storage").rglob(f"sha256/*/{AMD.digest.partition(':')[2]}/data"))
    blob.write_bytes(b"{}")

    with pytest.raises(RegistryError):
        await read(real, "shop/web")
