"""An image as a whole: what is left where it is, and what is too much."""

from __future__ import annotations

import json

import pytest

from tests.promote.promoting import pair
from webhook.demo.images import Built, image, index, manifest
from webhook.errors import BadContentError, RegistryError
from webhook.promote.copying import MAX_DOCUMENTS

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"])
ELSEWHERE = "https://evil.example/layer"


def with_foreign_layer() -> Built:
    found = json.loads(WEB.manifest)
    found["layers"][0]["urls"] = [ELSEWHERE]
    return Built(
        manifest=json.dumps(found).encode(),
        media_type=WEB.media_type,
        config=WEB.config,
        layers=WEB.layers,
    )


async def test_a_foreign_layer_that_the_registry_has_goes_along() -> None:
    built = with_foreign_layer()
    async with pair() as both:
        await both.promote(both.add(built))

        assert both.target.repositories["prod/web"] == both.source.repositories["preprod/web"]


async def test_a_foreign_layer_that_it_has_not_stays_where_it_is() -> None:
    built = with_foreign_layer()
    async with pair() as both:
        digest = both.add(built)
        both.source.remove("preprod/web", json.loads(built.manifest)["layers"][0]["digest"])

        await both.promote(digest)

        assert list(both.target.repositories["prod/web"].blobs.values()) == [WEB.config]
        assert any("addresses are not contacted" in note for note in both.watching.notes)


async def test_a_layer_that_is_nowhere_ends_it() -> None:
    async with pair() as both:
        digest = both.add(WEB)
        both.source.remove("preprod/web", json.loads(WEB.manifest)["layers"][0]["digest"])

        with pytest.raises(RegistryError, match="404 BLOB_UNKNOWN"):
            await both.promote(digest)

        assert both.target.manifest("prod/web", digest) is None


async def test_an_index_that_leads_to_very_many_is_not_walked_to_its_end() -> None:
    def wide(number: int) -> Built:
        return index([manifest(f"{number}-{one}".encode(), []) for one in range(150)])

    async with pair() as both:
        digest = both.add(index([wide(number) for number in range(4)]))

        with pytest.raises(BadContentError, match=f"more than {MAX_DOCUMENTS} manifests"):
            await both.promote(digest)

        assert both.target.repositories == {}


async def test_what_stands_below_twice_comes_before_what_names_it() -> None:
    inner = index([WEB])
    async with pair() as both:
        digest = both.add(index([WEB, inner]))

        await both.promote(digest)

        puts = [line.rpartition("/")[2] for line in both.target.lines() if line.startswith("PUT")]
        order = [one for one in puts if one in {WEB.digest, inner.digest, digest}]
        assert order == [WEB.digest, inner.digest, digest]


async def test_other_bytes_under_a_manifests_digest_end_it() -> None:
    async with pair() as both:
        both.source.put_manifest("preprod/web", image().manifest, WEB.media_type, digest=WEB.digest)

        with pytest.raises(BadContentError, match="not what its digest"):
            await both.promote(WEB.digest)
