import json
from typing import Any

import pytest

from webhook.core.facts import ImageConfig, Reason
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.content import (
    MAX_IMAGE,
    Served,
    check_digest,
    digest_of,
    read_image,
    together,
)
from webhook.registry.documents import read_config
from webhook.registry.manifests import Descriptor

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
OCI = "org.opencontainers.image"


class Store:
    """Blobs by digest; sizes may be lies."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.asked = 0

    async def manifest(self, descriptor: Descriptor) -> bytes:
        self.asked += 1
        return self.bodies[descriptor.digest]

    async def config(self, descriptor: Descriptor) -> ImageConfig:
        self.asked += 1
        return read_config(self.bodies[descriptor.digest])

    def add(self, value: object) -> dict[str, Any]:
        body = json.dumps(value).encode()
        self.bodies[digest_of(body)] = body
        return {"digest": digest_of(body), "size": len(body)}

    def manifest_of(
        self, os: str = "linux", architecture: str = "amd64", size: int = 0, **more: Any
    ) -> dict[str, Any]:
        config = self.add({"os": os, "architecture": architecture} | more) | {"mediaType": CONFIG}
        if size:
            config["size"] = size
        return self.add({"schemaVersion": 2, "config": config, "layers": []}) | {
            "mediaType": MANIFEST
        }

    def index(self, *entries: dict[str, Any]) -> dict[str, Any]:
        return self.add({"schemaVersion": 2, "manifests": list(entries)}) | {"mediaType": INDEX}

    def served(self, entry: dict[str, Any]) -> Served:
        return Served(entry["digest"], entry["mediaType"], self.bodies[entry["digest"]])


def on(entry: dict[str, Any], os: str, architecture: str) -> dict[str, Any]:
    return entry | {"platform": {"os": os, "architecture": architecture}}


async def test_an_entry_whose_platform_is_a_lie_spoils_the_image() -> None:
    store = Store()
    good = on(store.manifest_of(), "linux", "amd64")
    for lie in (("linux", "arm64"), ("windows", "amd64"), ("linux", ""), ("", "amd64")):
        with pytest.raises(BadContentError, match="the index says"):
            await read_image(store.served(store.index(good, on(good, *lie))), store)

    assert len(await read_image(store.served(store.index(good)), store)) == 1


async def test_an_entry_without_platform_is_of_the_platform_of_its_config() -> None:
    store = Store()
    found = await read_image(store.served(store.index(store.manifest_of(variant="v2"))), store)

    assert [one.platform for one in found] == ["linux/amd64/v2"]


async def test_a_manifest_is_read_once_though_several_entries_name_it() -> None:
    store = Store()
    entry = store.manifest_of()
    top = store.index(entry, on(entry, "linux", "amd64"))

    assert len(await read_image(store.served(top), store)) == 1


def noted(entry: dict[str, Any], **notes: Any) -> dict[str, Any]:
    return entry | {"annotations": {f"{OCI}.{name}": value for name, value in notes.items()}}


async def test_annotations_of_the_manifest_outweigh_its_entry_and_that_the_indexes() -> None:
    store = Store()
    config = store.add({"os": "linux", "architecture": "amd64"}) | {"mediaType": CONFIG}
    image = noted({"schemaVersion": 2, "config": config, "layers": []}, revision="1111111")
    entry = noted(store.add(image) | {"mediaType": MANIFEST}, revision="2", source="https://2.io/x")
    inner = noted({"schemaVersion": 2, "manifests": [entry]}, version="3", source="https://3.io/x")
    around = noted(store.add(inner) | {"mediaType": INDEX}, version="4", title="4")
    outer = noted({"schemaVersion": 2, "manifests": [around]}, created="5", title="5")
    top = store.served(store.add(outer) | {"mediaType": INDEX})
    (found,) = await read_image(top, store)
    alone = store.served(entry)
    (bare,) = await read_image(alone, store)

    assert dict(found.annotations) == {
        f"{OCI}.revision": "1111111",
        f"{OCI}.source": "https://2.io/x",
        f"{OCI}.version": "3",
        f"{OCI}.title": "4",
        f"{OCI}.created": "5",
    }
    # Nobody named the index, whose digest covers what it says.
    assert dict(bare.annotations) == {f"{OCI}.revision": "1111111"}


async def test_one_manifest_that_two_entries_name_has_the_annotations_of_the_first() -> None:
    store = Store()
    entry = store.manifest_of()
    top = store.index(noted(entry, revision="1111111"), noted(entry, revision="2222222"))
    (found,) = await read_image(store.served(top), store)

    assert found.annotations == ((f"{OCI}.revision", "1111111"),)


async def test_two_levels_of_indexes_are_read_and_three_are_not() -> None:
    store = Store()
    entry = store.manifest_of()
    two = store.index(store.index(entry), store.manifest_of(architecture="arm64"))

    assert len(await read_image(store.served(two), store)) == 2
    with pytest.raises(BadContentError, match="levels"):
        await read_image(store.served(store.index(two)), store)


async def test_all_indexes_together_have_a_bound() -> None:
    store = Store()
    wide = [
        store.index(*[store.manifest_of(number=f"{half}-{number}") for number in range(60)])
        for half in range(2)
    ]
    asked = store.asked

    with pytest.raises(BadContentError, match="more than"):
        await read_image(store.served(store.index(*wide)), store)
    assert store.asked - asked == 2


async def test_all_configs_together_have_a_bound_before_they_are_asked_for() -> None:
    store = Store()
    entries = [store.manifest_of(number=str(number), size=7 * 2**20) for number in range(5)]
    asked = store.asked

    with pytest.raises(BadContentError, match=str(MAX_IMAGE)):
        await read_image(store.served(store.index(*entries)), store)
    assert store.asked - asked == len(entries)


async def test_all_manifests_together_have_a_bound() -> None:
    store = Store()
    entries = [store.manifest_of(number=str(number)) | {"size": 4 * 2**20} for number in range(9)]

    with pytest.raises(BadContentError, match="more than"):
        await read_image(store.served(store.index(*entries)), store)
    assert store.asked == 0


async def test_a_large_document_is_read_all_the_same() -> None:
    store = Store()
    entry = store.manifest_of(config={"Labels": {"a": "x" * 300_000}})
    (found,) = await read_image(store.served(entry), store)

    assert len(dict(found.config.labels)["a"]) == 300_000


def test_bytes_are_compared_with_their_digest() -> None:
    check_digest(b"a", digest_of(b"a"), "it")
    check_digest(b"a", digest_of(b"a", "sha512"), "it")
    with pytest.raises(BadContentError):
        check_digest(b"b", digest_of(b"a"), "it")


async def test_the_first_failure_is_everybodys_failure() -> None:
    async def good() -> int:
        return 1

    async def bad() -> int:
        raise UnavailableError(Reason.NOT_FOUND, "it")

    assert await together([good(), good()]) == [1, 1]
    with pytest.raises(UnavailableError):
        await together([good(), bad(), bad()])
