"""What is attached to an image goes with it."""

from __future__ import annotations

import pytest

from tests.promote.promoting import Pair, pair
from webhook.core.promotion import ARTIFACT_TYPE
from webhook.demo.faults import Fault
from webhook.demo.images import OCI_INDEX, OCI_MANIFEST, Built, descriptor, encode, image, index
from webhook.errors import RegistryError
from webhook.registry.referrers import fallback_tag

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"])
BOTH = index([WEB, image(entrypoint=["/app"], architecture="arm64")])
SBOM = "application/spdx+json"


def attached(subject: Built, kind: str = SBOM, body: bytes = b'{"spdx": 1}') -> Built:
    """An artifact that says to what it is attached."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": descriptor(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [descriptor(body, kind)],
        "subject": descriptor(subject.manifest, subject.media_type),
    }
    return Built(manifest=encode(manifest), media_type=OCI_MANIFEST, config=b"{}", layers=(body,))


def listed(*artifacts: Built) -> Built:
    """The list under the tag, for registries without the API."""
    return Built(
        manifest=encode(
            {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": [descriptor(one.manifest, one.media_type) for one in artifacts],
            }
        ),
        media_type=OCI_INDEX,
        children=artifacts,
    )


async def promoted(both: Pair) -> int:
    digest = both.add(WEB)
    return (await both.promote(digest)).artifacts


@pytest.mark.parametrize("referrers", [True, False], ids=["api", "tag"])
async def test_a_list_of_components_goes_along(*, referrers: bool) -> None:
    sbom = attached(WEB)
    async with pair(referrers=referrers) as both:
        both.add(sbom)
        if not referrers:
            both.source.add("preprod/web", listed(sbom), fallback_tag(WEB.digest))

        assert await promoted(both) == 1

        assert both.target.manifest("prod/web", sbom.digest)
        tag = both.target.manifest("prod/web", fallback_tag(WEB.digest))
        assert (tag is None) == referrers
        assert tag is None or sbom.digest.encode() in tag.body


async def test_so_does_what_is_attached_to_one_platform_and_to_what_is_attached() -> None:
    sbom = attached(WEB)
    signature = attached(sbom, "application/vnd.dev.sigstore.bundle.v0.3+json")
    async with pair() as both:
        digest = both.add(BOTH)
        both.add(sbom)
        both.add(signature)

        outcome = await both.promote(digest)

        assert outcome.artifacts == 2
        assert both.target.manifest("prod/web", signature.digest)


@pytest.mark.parametrize("suffix", [".sig", ".att", ".sbom"])
async def test_tags_of_older_tools_go_along(suffix: str) -> None:
    signature = attached(image(), "application/vnd.oci.image.config.v1+json", b"signed")
    tag = fallback_tag(WEB.digest) + suffix
    async with pair() as both:
        both.source.add("preprod/web", signature, tag)

        assert await promoted(both) == 1

        assert both.target.repositories["prod/web"].tags == {tag: signature.digest}


async def test_a_tag_that_is_something_else_in_the_target_stays() -> None:
    tag = fallback_tag(WEB.digest) + ".sig"
    async with pair() as both:
        both.source.add("preprod/web", attached(WEB, body=b"theirs"), tag)
        ours = both.target.add("prod/web", attached(WEB, body=b"ours"), tag)

        await promoted(both)

        assert both.target.repositories["prod/web"].tags[tag] == ours
        assert any("stays so" in note for note in both.watching.notes)


def signed(*signers: str, **more: str) -> Built:
    """Signatures of one payload, as cosign keeps them: one blob, told apart by an annotation."""
    payload, kind = b'{"critical": 1}', "application/vnd.dev.cosign.simplesigning.v1+json"
    layers = [
        descriptor(payload, kind) | {"annotations": {"dev.cosignproject.cosign/signature": one}}
        for one in signers
    ]
    config = encode({"rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in layers]}})
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(config, "application/vnd.oci.image.config.v1+json"),
        "layers": layers,
    }
    body = encode(manifest | ({"annotations": more} if more else {}))
    return Built(manifest=body, media_type=OCI_MANIFEST, config=config, layers=(payload,))


TAG = fallback_tag(WEB.digest) + ".sig"
CHANGES = {
    "signed once more": (signed("a", "b"), signed("a"), True),
    "in another order": (signed("b", "a"), signed("a"), True),
    "signed anew by another": (signed("b"), signed("a"), False),
    "fewer signatures": (signed("a"), signed("a", "b"), False),
    "signed there too": (signed("a", "b"), signed("a", "c"), False),
    "a note only there": (signed("a", "b"), signed("a", note="ours"), False),
}


@pytest.mark.parametrize(("source", "target", "replaced"), CHANGES.values(), ids=CHANGES)
async def test_a_tag_is_replaced_where_nothing_is_lost(
    source: Built, target: Built, *, replaced: bool
) -> None:
    async with pair() as both:
        both.source.add("preprod/web", source, TAG)
        both.target.add("prod/web", target, TAG)

        assert await promoted(both) == int(replaced)

        held = both.target.repositories["prod/web"].tags[TAG]
        assert held == (source if replaced else target).digest
        (note,) = both.watching.notes
        assert ("stays so" in note) is not replaced


async def test_a_second_promotion_after_it_changes_nothing() -> None:
    async with pair() as both:
        both.source.add("preprod/web", signed("a", "b"), TAG)
        both.target.add("prod/web", signed("a"), TAG)
        await promoted(both)
        both.target.requests.clear()

        assert await promoted(both) == 0
        assert not [line for line in both.target.lines() if line.startswith("PUT")]


async def test_the_list_in_the_target_keeps_what_it_has() -> None:
    theirs, ours = attached(WEB, body=b"theirs"), attached(WEB, body=b"ours")
    tag = fallback_tag(WEB.digest)
    async with pair(referrers=False) as both:
        both.source.add("preprod/web", listed(theirs), tag)
        both.target.add("prod/web", listed(ours), tag)

        await promoted(both)

        stored = both.target.manifest("prod/web", tag)
        assert stored is not None
        assert theirs.digest.encode() in stored.body
        assert ours.digest.encode() in stored.body


async def test_what_only_says_that_it_is_attached_is_left() -> None:
    stranger = attached(image(cmd=["other"]))
    async with pair(referrers=False) as both:
        both.source.add("preprod/web", listed(stranger), fallback_tag(WEB.digest))

        assert await promoted(both) == 0


async def test_evidence_of_an_earlier_promotion_stays_where_it_is() -> None:
    async with pair() as both:
        both.add(attached(WEB, ARTIFACT_TYPE))

        assert await promoted(both) == 0


async def test_what_is_listed_and_gone_is_said_to_be() -> None:
    sbom = attached(WEB)
    async with pair(referrers=False) as both:
        both.source.add("preprod/web", listed(sbom), fallback_tag(WEB.digest))
        both.source.remove("preprod/web", sbom.digest)

        assert await promoted(both) == 0
        assert any("is not there any more" in note for note in both.watching.notes)


async def test_a_list_that_cannot_be_read_stops_it() -> None:
    async with pair() as both:
        both.source.fault(f"/v2/preprod/web/referrers/{WEB.digest}", Fault(status=500), times=9)

        with pytest.raises(RegistryError, match="500"):
            await promoted(both)
