"""What counts as evidence of a promotion, and what only looks like it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import DIGEST
from tests.registry.scripted import HOME, Scripted, response
from webhook.core.promotion import ARTIFACT_TYPE
from webhook.demo.images import sha256
from webhook.errors import RegistryError
from webhook.registry.access import Access
from webhook.registry.envelopes import ENVELOPE_TYPE, MAX_ENVELOPE, PAYLOAD_TYPE
from webhook.registry.evidence import MAX_OPENED, Attached, read_evidence
from webhook.registry.exchange import Request, Response

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BODY = b'{"payload": ""}'


def manifest(kind: str = ENVELOPE_TYPE, subject: str = DIGEST, **more: Any) -> bytes:
    layer = {"mediaType": kind, "digest": sha256(BODY), "size": len(BODY)}
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": DIGEST, "size": 2},
        "layers": [layer],
        "subject": {"mediaType": MANIFEST, "digest": subject, "size": 2},
    }
    return json.dumps(document | more).encode()


def entry(body: bytes, artifact_type: str = ARTIFACT_TYPE) -> dict[str, Any]:
    return {
        "mediaType": MANIFEST,
        "digest": sha256(body),
        "size": len(body),
        "artifactType": artifact_type,
    }


def registry(*attached: bytes, artifact_type: str = ARTIFACT_TYPE, gone: int = 0) -> Scripted:
    """With the referrers API; of what it lists, the first `gone` were deleted."""
    index = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [entry(one, artifact_type) for one in attached],
        }
    ).encode()
    held = {f"manifests/{sha256(one)}": one for one in attached[gone:]}
    held[f"blobs/{sha256(BODY)}"] = BODY

    def answer(request: Request) -> Response:
        place = request.url.path.removeprefix("/v2/prod/web/")
        if place.startswith("referrers/"):
            kind = "application/vnd.oci.image.index.v1+json"
            return response(body=index, content_type=kind)
        body = held.get(place)
        return response(404) if body is None else response(body=body, content_type=MANIFEST)

    return Scripted(answer)


async def read(transport: Scripted) -> Attached:
    return await read_evidence(Access(transport, HOME, "prod/web"), DIGEST, 10)


@pytest.mark.parametrize(("kind", "signed"), [(ENVELOPE_TYPE, True), (PAYLOAD_TYPE, False)])
async def test_an_envelope_is_signed_and_a_statement_is_not(kind: str, *, signed: bool) -> None:
    body = manifest(kind)
    found = await read(registry(body))

    (evidence,) = found.evidence
    assert (evidence.manifest, evidence.body, evidence.signed) == (sha256(body), BODY, signed)
    assert found.whole


@pytest.mark.parametrize("listed", ["", "application/vnd.oci.empty.v1+json"])
async def test_it_is_found_where_the_list_does_not_say_what_it_is(listed: str) -> None:
    assert len((await read(registry(manifest(), artifact_type=listed))).evidence) == 1


@pytest.mark.parametrize(
    "body",
    [
        manifest(subject="sha256:" + "00" * 32),
        manifest(artifactType="application/spdx+json"),
        manifest(subject=""),
        manifest(layers=[]),
        manifest(layers=[{}, {}]),
        manifest(kind="text/plain"),
        manifest(layers=[{"mediaType": ENVELOPE_TYPE, "digest": DIGEST, "size": MAX_ENVELOPE + 1}]),
        manifest(layers=[{"mediaType": ENVELOPE_TYPE, "digest": DIGEST, "size": True}]),
        manifest(layers=[{"mediaType": ENVELOPE_TYPE, "digest": DIGEST, "size": 0}]),
        # Not there.
        manifest(layers=[{"mediaType": ENVELOPE_TYPE, "digest": DIGEST, "size": 5}]),
        b"[]",
    ],
)
async def test_what_only_looks_like_evidence_is_left_out(body: bytes) -> None:
    found = await read(registry(body, manifest()))

    assert [one.manifest for one in found.evidence] == [sha256(manifest())]


async def test_what_was_deleted_is_left_out() -> None:
    found = await read(registry(manifest(PAYLOAD_TYPE), manifest(), gone=1))

    assert [one.signed for one in found.evidence] == [True]


async def test_a_flood_is_cut_and_said_to_be() -> None:
    flood = [manifest(annotations={"n": str(number)}) for number in range(MAX_OPENED + 1)]
    transport = registry(*flood)
    found = await read(transport)

    assert (len(found.evidence), found.whole) == (MAX_OPENED, False)
    assert sum("/manifests/sha256:" in one.url.path for one in transport.sent) == MAX_OPENED


async def test_a_registry_that_does_not_say_is_no_registry_without_evidence() -> None:
    with pytest.raises(RegistryError):
        await read(Scripted(lambda _: response(500)))
