"""Attestations as builders write them, and images that have them.

The layout is BuildKit's own (moby/buildkit, docs/attestations/attestation-storage.md): an index
with an entry for `unknown/unknown`, whose manifest has a layer for each statement; cosign's tags
are those of sigstore/cosign, specs/ATTESTATION_SPEC.md and SBOM_SPEC.md.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from webhook.demo.content import Content
from webhook.demo.images import (
    IN_TOTO,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    Built,
    descriptor,
    encode,
    sha256,
)
from webhook.promote.signing import Signer

SPDX = "https://spdx.dev/Document"
CYCLONEDX = "https://cyclonedx.org/bom"
SLSA_02 = "https://slsa.dev/provenance/v0.2"
SLSA_1 = "https://slsa.dev/provenance/v1"
DSSE = "application/vnd.dsse.envelope.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
COMMIT = "4f9d6c1e2b3a4958677a8b9c0d1e2f3a4b5c6d7e"
SOURCE = "https://github.com/acme/web"
PURLS = (
    "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
    "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl",
    "pkg:npm/%40babel/core@7.24.0",
)

Statement = tuple[str, Mapping[str, Any]]


def spdx(*purls: str) -> dict[str, Any]:
    """A document as syft and BuildKit's scanner write it, without the files."""
    listed = [
        {
            "SPDXID": f"SPDXRef-Package-{number}",
            "name": purl.partition("@")[0].rpartition("/")[2],
            "versionInfo": "1",
            "externalRefs": [
                {
                    "referenceCategory": "SECURITY",
                    "referenceType": "cpe23Type",
                    "referenceLocator": "cpe:2.3:a:x:x:1:*:*:*:*:*:*:*",
                },
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": purl,
                },
            ],
        }
        for number, purl in enumerate(purls or PURLS)
    ]
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": listed}


def cyclonedx(*purls: str, version: str = "1.5") -> dict[str, Any]:
    components = [
        {"type": "library", "name": purl.partition("@")[0], "version": "1", "purl": purl}
        for purl in purls or PURLS
    ]
    system = {"type": "operating-system", "name": "debian", "version": "12"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "metadata": {"component": {"type": "container", "name": "web"}},
        "components": [*components, system],
    }


def slsa_02(commit: str = COMMIT, source: str = SOURCE) -> dict[str, Any]:
    """What BuildKit writes where a local folder is built, mode=min."""
    return {
        "builder": {"id": "https://ci.example.com/runs/7"},
        "buildType": "https://mobyproject.org/buildkit@v1",
        "materials": [{"uri": "pkg:docker/debian@12", "digest": {"sha256": "ab" * 32}}],
        "invocation": {
            "configSource": {"entryPoint": "Dockerfile"},
            "environment": {"platform": "linux/amd64"},
        },
        "metadata": {
            "https://mobyproject.org/buildkit@v1#metadata": {
                "vcs": {"revision": commit, "source": f"{source}.git"}
            }
        },
    }


def slsa_1(commit: str = COMMIT, source: str = SOURCE) -> dict[str, Any]:
    """What BuildKit writes in version v1 where it fetched the sources with git."""
    return {
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": {
                "configSource": {
                    "uri": f"{source}.git#refs/heads/main",
                    "digest": {"sha1": commit},
                    "path": "Dockerfile",
                }
            },
            "resolvedDependencies": [{"uri": "pkg:docker/debian@12"}],
        },
        "runDetails": {"builder": {"id": "https://ci.example.com/runs/7"}},
    }


def statement(
    said: Statement, digest: str, kind: str = "https://in-toto.io/Statement/v0.1"
) -> bytes:
    """A statement about a digest."""
    subject = [{"name": "pkg:docker/web@1", "digest": {"sha256": digest.partition(":")[2]}}]
    return encode(
        {"_type": kind, "predicateType": said[0], "subject": subject, "predicate": said[1]}
    )


def attesting(
    layers: Sequence[tuple[bytes, str, Mapping[str, str]]],
    *,
    config: bytes = b"{}",
    config_type: str = EMPTY,
    more: Mapping[str, Any] | None = None,
) -> Built:
    """A manifest of attestations: bodies with their types and annotations."""
    body = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        **(more or {}),
        "config": descriptor(config, config_type),
        "layers": [
            descriptor(one, kind) | ({"annotations": dict(notes)} if notes else {})
            for one, kind, notes in layers
        ],
    }
    return Built(
        manifest=encode(body),
        media_type=OCI_MANIFEST,
        config=config,
        layers=tuple(one for one, _, _ in layers),
    )


def noted(image: Built, **notes: str) -> Built:
    """The same manifest or index with annotations, named without `org.opencontainers.image.`."""
    said = {f"org.opencontainers.image.{name}": value for name, value in notes.items()}
    return replace(image, manifest=encode(json.loads(image.manifest) | {"annotations": said}))


def buildkit(image: Built, *said: Statement, about: str = "", note: str = "") -> Built:
    """The index that `docker buildx build --push` makes of one platform and its statements.

    Args:
        image: the platform.
        said: what is stated.
        about: the digest that the statements name, in place of the platform's.
        note: the digest that the annotation names, likewise.
    """
    bodies = [(statement(one, about or image.digest), one[0]) for one in said]
    config = encode(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [sha256(body) for body, _ in bodies]},
        }
    )
    layers = [(body, IN_TOTO, {"in-toto.io/predicate-type": kind}) for body, kind in bodies]
    attested = attesting(layers, config=config, config_type=OCI_CONFIG)
    entries = [
        descriptor(image.manifest, OCI_MANIFEST) | {"platform": dict(image.platform)},
        descriptor(attested.manifest, OCI_MANIFEST)
        | {
            "annotations": {
                "vnd.docker.reference.digest": note or image.digest,
                "vnd.docker.reference.type": "attestation-manifest",
            },
            "platform": {"architecture": "unknown", "os": "unknown"},
        },
    ]
    return Built(
        manifest=encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}),
        media_type=OCI_INDEX,
        children=(image, attested),
    )


def envelope(said: Statement, digest: str, signer: Signer | None = None) -> bytes:
    """A DSSE envelope around a statement; without a signer, with a signature of nobody."""
    body = statement(said, digest, "https://in-toto.io/Statement/v1")
    if signer is not None:
        return signer.envelope(body)
    return encode(
        {
            "payloadType": IN_TOTO,
            "payload": base64.b64encode(body).decode(),
            "signatures": [{"sig": base64.b64encode(b"nobody").decode()}],
        }
    )


def bundle(said: Statement, digest: str, signer: Signer | None = None) -> bytes:
    """The same in a sigstore bundle, as cosign 3 attaches it."""
    return encode(
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {},
            "dsseEnvelope": json.loads(envelope(said, digest, signer)),
        }
    )


def attach(
    content: Content,
    repository: str,
    subject: Built,
    body: bytes,
    kind: str,
    *,
    tag: str = "",
    of: str = "",
) -> str:
    """Attach a blob to an image: as a referrer, or under `tag` behind the digest (`.att`).

    `of` is the digest that the manifest names in place of the image's own.
    """
    place = {"mediaType": OCI_MANIFEST, "digest": of or subject.digest, "size": 1}
    more = {} if tag else {"artifactType": kind, "subject": place}
    made = attesting([(body, kind, {})], more=more)
    under = f"{subject.digest.replace(':', '-')}{tag}" if tag else None
    return content.add(repository, made, under)
