"""The indexes of an image, and attestations in an index that stands in another."""

from __future__ import annotations

import pytest

from tests.attesting import (
    DSSE,
    SLSA_1,
    SPDX,
    attach,
    buildkit,
    envelope,
    slsa_1,
    spdx,
    statement,
)
from tests.registry.asking import configured
from tests.registry.attested import BOTH, WEB, World, world
from webhook.core.build import Place, Voucher
from webhook.core.facts import Reason
from webhook.core.image import ImageRef
from webhook.demo.faults import Fault
from webhook.demo.images import IN_TOTO, OCI_INDEX, Built, encode, image, index
from webhook.errors import BadContentError, RegistryError
from webhook.registry.attestations import MAX_HOLDERS
from webhook.registry.content import LARGE, MAX_IMAGE, Served
from webhook.registry.indexes import Holding, indexes, read_index
from webhook.registry.manifests import MAX_CHILDREN, MAX_MANIFEST
from webhook.registry.statements import Kind

ARM = image(entrypoint=["/app"], architecture="arm64")
OTHER = image(entrypoint=["/other"])
ATTESTED = buildkit(WEB, (SPDX, spdx()), (SLSA_1, slsa_1()))
NESTED = index([ATTESTED, ARM])


async def held(asked: World, top: Built) -> tuple[Holding, ...]:
    ref = ImageRef(asked.registry.host, "prod/web", None, top.digest)
    access = await asked.client.access(ref, configured(asked.registry.host))
    asked.registry.requests.clear()
    return await indexes(access, Served(top.digest, top.media_type, top.manifest), 10.0)


async def test_attestations_in_an_index_that_stands_in_another_are_found() -> None:
    async with world() as asked:
        asked.registry.add("prod/web", NESTED)
        found = await asked.ask(NESTED)
        other = await asked.ask(NESTED, platform=ARM)

    assert set(found.by_kind) == BOTH
    assert {one.voucher for one in found.by_kind.values()} == {Voucher(Place.INDEX)}
    assert (other.by_kind, other.problems) == ({}, ())


async def test_one_request_for_each_index_in_the_index_and_none_for_others() -> None:
    async with world() as asked:
        asked.registry.add("prod/web", NESTED)
        asked.registry.add("prod/web", ATTESTED)
        found = await held(asked, NESTED)
        assert [one.digest for one in found] == [NESTED.digest, ATTESTED.digest]
        assert len(asked.registry.lines()) == 1
        assert len(await held(asked, ATTESTED)) == 1
        assert await held(asked, WEB) == ()
        assert asked.registry.lines() == []


async def test_a_platform_that_many_indexes_name_is_looked_for_in_the_first() -> None:
    """Each of them may have something attached, which is three questions more."""
    holders = [index([WEB, image(entrypoint=[f"/{number}"])]) for number in range(MAX_HOLDERS + 3)]
    top = index(holders)
    async with world() as asked:
        asked.registry.add("prod/web", top)
        await asked.ask(top)
        lists = {line.rpartition("/")[2] for line in asked.registry.lines() if "referrers" in line}

    digests = [WEB.digest, top.digest, *(one.digest for one in holders[: MAX_HOLDERS - 1])]
    assert lists == set(digests)


@pytest.mark.parametrize(("about", "counts"), [("top", True), ("inner", True), ("other", False)])
async def test_provenance_may_be_of_any_index_that_leads_to_the_platform(
    about: str, *, counts: bool
) -> None:
    inner = index([WEB, OTHER])
    top = index([inner, ARM])
    digest = {"top": top, "inner": inner, "other": OTHER}[about].digest
    async with world() as asked:
        asked.registry.add("prod/web", top)
        said = statement((SLSA_1, slsa_1()), digest)
        attach(asked.registry, "prod/web", WEB, said, IN_TOTO)
        found = await asked.ask(top)

    assert (Kind.PROVENANCE in found.by_kind) == counts
    assert found.problems == (() if counts else ("the statement is about another image",))


async def test_what_is_attached_to_an_index_in_the_index_is_looked_at() -> None:
    inner = index([WEB, OTHER])
    top = index([inner, ARM])
    async with world() as asked:
        asked.registry.add("prod/web", top)
        body = envelope((SLSA_1, slsa_1()), inner.digest)
        attach(asked.registry, "prod/web", inner, body, DSSE, tag=".att")
        found = await asked.ask(top)

    assert found.by_kind[Kind.PROVENANCE].voucher == Voucher(Place.TAG, signed=True)


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(body=b"{}")])
async def test_an_index_in_the_index_that_is_not_told_is_an_error(fault: Fault) -> None:
    async with world() as asked:
        asked.registry.add("prod/web", NESTED)
        path = asked.registry.path("prod/web", ATTESTED.digest)
        asked.registry.fault(path, fault, times=5)
        with pytest.raises(RegistryError):
            await held(asked, NESTED)


def entry(number: int, size: int) -> dict[str, object]:
    return {"mediaType": OCI_INDEX, "digest": f"sha256:{number:064x}", "size": size}


@pytest.mark.parametrize(
    ("count", "size"), [(MAX_CHILDREN + 1, 100), (MAX_IMAGE // MAX_MANIFEST + 1, MAX_MANIFEST)]
)
async def test_too_many_or_too_large_indexes_are_not_asked_for(count: int, size: int) -> None:
    body = encode({"schemaVersion": 2, "manifests": [entry(one, size) for one in range(count)]})
    async with world() as asked:
        top = Built(manifest=body, media_type=OCI_INDEX)
        with pytest.raises(BadContentError, match="more than 100 indexes or"):
            await held(asked, top)

        assert asked.registry.lines() == []


@pytest.mark.parametrize(
    "entries",
    [
        None,
        7,
        [None],
        [{}],
        [{"digest": "sha256:0"}],
        [{"digest": WEB.digest, "annotations": []}],
        [{"digest": WEB.digest, "annotations": {"a": "b"}}],
        [
            {
                "digest": WEB.digest,
                "annotations": {
                    "vnd.docker.reference.type": "attestation-manifest",
                    "vnd.docker.reference.digest": 7,
                },
            }
        ],
        [
            entry(1, 10) | {"platform": {"os": "unknown", "architecture": "unknown"}},
        ],
    ],
)
def test_indexes_of_any_shape_are_read(entries: object) -> None:
    body = encode({"schemaVersion": 2, "manifests": entries})
    found = read_index(Served(WEB.digest, OCI_INDEX, body))

    assert (found.attested, found.indexes) == ({}, ())


async def test_a_large_index_is_read_like_a_small_one() -> None:
    noted = {"schemaVersion": 2, "manifests": [entry(1, 10)], "annotations": {"a": "b" * LARGE}}
    top = Built(manifest=encode(noted), media_type=OCI_INDEX)
    async with world() as asked:
        with pytest.raises(RegistryError) as missing:
            await held(asked, top)

        assert missing.value.reason is Reason.NOT_FOUND
        assert len(asked.registry.lines()) == 1


@pytest.mark.parametrize("kind", [OCI_INDEX, "attestation"])
def test_an_entry_that_is_no_descriptor_is_refused(kind: str) -> None:
    noted = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": WEB.digest,
    }
    bad = entry(1, -1) | ({"annotations": noted} if kind == "attestation" else {})
    body = encode({"schemaVersion": 2, "manifests": [bad]})

    with pytest.raises(BadContentError, match="no size"):
        read_index(Served(WEB.digest, OCI_INDEX, body))
