"""Leaving evidence: a statement, signed if there is a key, attached to the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.promotion import ARTIFACT_TYPE, PREDICATE_TYPE
from webhook.errors import BadContentError
from webhook.promote.attaching import list_under_tag
from webhook.promote.statement import same, statement
from webhook.registry.content import digest_of
from webhook.registry.envelopes import (
    ENVELOPE_TYPE,
    PAYLOAD_TYPE,
    read_envelope,
    read_statement,
    signers,
)
from webhook.registry.evidence import Evidence, read_evidence
from webhook.registry.manifests import bare
from webhook.registry.referrers import referrers
from webhook.registry.uploads import Uploads

if TYPE_CHECKING:
    from webhook.promote.signing import Signer
    from webhook.promote.statement import Promoted
    from webhook.registry.access import Access
    from webhook.registry.content import Served

_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_EMPTY = b"{}"
_SECONDS = 60.0


async def leave_evidence(
    target: Access, image: Served, promoted: Promoted, signer: Signer | None
) -> str:
    """Attach evidence, unless the same is attached already; returns the digest of its manifest.

    Args:
        target: the repository that the image is in now.
        image: its manifest or index.
        promoted: what happened.
        signer: who signs it; None: nobody, and no policy will count it.

    Raises:
        RegistryError: it could not be written.
    """
    payload = statement(promoted)
    said = read_statement(payload, image.digest)
    for one in (await read_evidence(target, image.digest, _SECONDS)).evidence:
        if _is_same(one, image.digest, said, signer):
            return one.manifest
    layer = payload if signer is None else signer.envelope(payload)
    uploads = Uploads(target)
    for blob in (_EMPTY, layer):
        if not await target.reading(_SECONDS).holds(f"blobs/{digest_of(blob)}"):
            await uploads.put_blob(digest_of(blob), blob)
    manifest = _manifest(image, layer, signed=signer is not None, created=_when(said))
    digest = digest_of(manifest)
    await uploads.put_manifest(digest, manifest, _MANIFEST_TYPE, digest)
    if not (await referrers(target, image.digest, _SECONDS)).api:
        entry = _descriptor(_MANIFEST_TYPE, manifest) | {"artifactType": ARTIFACT_TYPE}
        await list_under_tag(target, image.digest, entry)
    return digest


def _is_same(one: Evidence, digest: str, said: object, signer: Signer | None) -> bool:
    if one.signed != (signer is not None) or not isinstance(said, dict):
        return False
    try:
        if signer is None:
            return same(read_statement(one.body, digest), said)
        ours = signers(one.body, digest, [signer.public])
        return bool(ours) and same(read_statement(read_envelope(one.body).payload, digest), said)
    except BadContentError:
        return False


def _manifest(image: Served, layer: bytes, *, signed: bool, created: str) -> bytes:
    subject = {
        "mediaType": bare(image.media_type),
        "digest": image.digest,
        "size": len(image.body),
    }
    return msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": _descriptor(_EMPTY_TYPE, _EMPTY),
            "layers": [_descriptor(ENVELOPE_TYPE if signed else PAYLOAD_TYPE, layer)],
            "subject": subject,
            "annotations": {
                "in-toto.io/predicate-type": PREDICATE_TYPE,
                "org.opencontainers.image.created": created,
            },
        }
    )


def _descriptor(media_type: str, body: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(body), "size": len(body)}


def _when(said: object) -> str:
    return str(said.get("promotedOn", "")) if isinstance(said, dict) else ""
