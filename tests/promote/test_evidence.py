"""Evidence is left once, where it can be found, and says what happened."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.promote.keys import signer
from tests.promote.promoting import Pair, pair, settings
from webhook.core.image import ImageRef
from webhook.demo.images import image
from webhook.promote.promotion import Outcome
from webhook.promote.signing import Signer
from webhook.registry.client import open_client
from webhook.registry.envelopes import read_envelope, signers
from webhook.registry.evidence import Attached, read_evidence
from webhook.registry.referrers import fallback_tag

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"])
API = pytest.mark.parametrize("referrers", [True, False], ids=["api", "tag"])


async def promote(both: Pair, key: Signer | None = None, who: str = "ci") -> Outcome:
    digest = both.add(WEB)
    return await both.promote(digest, evidence=True, signer=key, who=who)


async def found(both: Pair, digest: str = WEB.digest) -> Attached:
    client = open_client()
    try:
        access = await client.access(
            ImageRef(both.target.host, "prod/web"), settings("prod", both.target)
        )
        return await read_evidence(access, digest, 10)
    finally:
        await client.close()


def statement(body: bytes) -> dict[str, Any]:
    read = json.loads(body)
    assert isinstance(read, dict)
    return read


@API
async def test_a_promotion_leaves_signed_evidence(tmp_path: Path, *, referrers: bool) -> None:
    key = signer(tmp_path)
    async with pair(referrers=referrers) as both:
        outcome = await promote(both, key)

        (evidence,) = (await found(both)).evidence
        said = statement(read_envelope(evidence.body).payload)
        assert evidence.manifest == outcome.evidence
        assert signers(evidence.body, WEB.digest, [key.public]) == {key.public.fingerprint}
        assert said["subject"][0]["digest"] == {"sha256": WEB.digest.partition(":")[2]}
        assert said["predicate"] == {
            "promotedBy": "ci",
            "promotedOn": "2026-11-28T12:00:00Z",
            "from": f"{both.source.host}/preprod/web",
            "to": f"{both.target.host}/prod/web",
            "build": {
                "url": "https://ci.example.com/job/web/118/",
                "number": "118",
                "commit": "4f9d6c1",
            },
            "checks": [],
            "tool": {"name": "cocket", "version": "test"},
        }


@API
async def test_without_a_key_it_is_a_bare_statement(*, referrers: bool) -> None:
    async with pair(referrers=referrers) as both:
        await promote(both)

        (evidence,) = (await found(both)).evidence
        assert not evidence.signed
        assert statement(evidence.body)["predicateType"] == "https://cocket.dev/promotion/v1"


async def test_the_same_promotion_leaves_no_second_one(tmp_path: Path) -> None:
    async with pair() as both:
        first = await promote(both, signer(tmp_path))
        second = await promote(both, signer(tmp_path))

        assert first.evidence == second.evidence
        assert len((await found(both)).evidence) == 1


async def test_another_promotion_another_key_and_no_key_leave_their_own(tmp_path: Path) -> None:
    async with pair(referrers=False) as both:
        for key in (signer(tmp_path), signer(tmp_path, "RSA"), None):
            await promote(both, key)
        await promote(both, signer(tmp_path), "somebody else")

        attached = await found(both)
        assert len(attached.evidence) == 4
        assert sum(one.signed for one in attached.evidence) == 3


async def test_two_at_once_both_end_up_in_the_list(tmp_path: Path) -> None:
    async with pair(referrers=False) as both:
        both.add(WEB)
        await both.promote(WEB.digest)

        await asyncio.gather(*[promote(both, signer(tmp_path), f"ci-{n}") for n in range(4)])

        assert len((await found(both)).evidence) == 4


async def test_a_registry_that_promises_a_list_and_keeps_none_is_not_believed() -> None:
    async with pair() as both:
        both.target.referrers = False  # OCI-Subject or not: the list is asked for

        await promote(both)

        assert both.target.manifest("prod/web", fallback_tag(WEB.digest)) is not None


async def test_what_is_about_another_image_is_not_evidence() -> None:
    other = image(cmd=["other"])
    async with pair() as both:
        await promote(both)
        both.target.add("prod/web", other)

        assert (await found(both, other.digest)).evidence == ()


async def test_evidence_of_another_image_listed_under_this_one_is_not_either() -> None:
    other = image(cmd=["other"])
    async with pair(referrers=False) as both:
        await promote(both)
        both.target.add("prod/web", other)
        stored = both.target.manifest("prod/web", fallback_tag(WEB.digest))
        assert stored is not None
        both.target.put_manifest(
            "prod/web", stored.body, stored.media_type, tag=fallback_tag(other.digest)
        )

        assert (await found(both, other.digest)).evidence == ()


async def test_what_was_deleted_and_is_still_listed_is_left_out() -> None:
    async with pair(referrers=False) as both:
        outcome = await promote(both)
        both.target.remove("prod/web", outcome.evidence)

        assert (await found(both)).evidence == ()


async def test_a_flood_of_attached_things_is_not_read_to_its_end() -> None:
    async with pair() as both:
        await promote(both)
        for number in range(60):
            sbom = image(cmd=[str(number)])
            body = sbom.manifest.replace(
                b'"layers"',
                b'"subject":{"mediaType":"x","digest":"%s","size":1},"artifactType":"a/b","layers"'
                % WEB.digest.encode(),
            )
            both.target.put_manifest("prod/web", body, sbom.media_type)
        both.target.requests.clear()

        attached = await found(both)

        assert len(attached.evidence) == 1
        assert not attached.whole
        assert sum("/manifests/sha256:" in line for line in both.target.lines()) <= 50
