"""Images made from nothing: config, manifest and index as bytes, with true digests and sizes.

Pure and deterministic: the same arguments give the same digest on every machine.

>>> web = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels={"team": "shop"})
>>> both = index([web, image(architecture="arm64")], attestations=True)
>>> len(both.children)
4
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
IN_TOTO = "application/vnd.in-toto+json"

# A gzipped empty tar archive. As a constant, because compressors differ from machine to machine.
EMPTY_LAYER = base64.b64decode("H4sIAAAJbogA/2IYBaNgFIxYAAgAAP//Lq+17wAEAAA=")
_EMPTY_TAR_ID = "sha256:" + hashlib.sha256(bytes(1024)).hexdigest()

_V = TypeVar("_V")


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest or an index, with everything that it names."""

    manifest: bytes
    media_type: str
    config: bytes = b""
    """Of an image or an artifact; empty for an index."""
    layers: tuple[bytes, ...] = ()
    children: tuple[Built, ...] = ()
    """What an index names, in its order, attestations included."""
    platform: tuple[tuple[str, str], ...] = ()
    """What an index says of this child: pairs of `os`, `architecture`, `variant`."""

    @property
    def digest(self) -> str:
        """The sha256 digest of the manifest's bytes."""
        return sha256(self.manifest)

    @property
    def blobs(self) -> tuple[bytes, ...]:
        """Config and layers, as a registry stores them; none for an index."""
        return (self.config, *self.layers) if self.config else ()


def sha256(body: bytes) -> str:
    """The digest of some bytes, in the spelling of the image-spec (descriptor.md)."""
    return "sha256:" + hashlib.sha256(body).hexdigest()


def image(
    *,
    entrypoint: Sequence[str] = (),
    cmd: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    env: Sequence[str] = (),
    user: str = "",
    stop_signal: str = "",
    created: str = "2026-11-20T08:00:00Z",
    os: str = "linux",
    architecture: str = "amd64",
    variant: str = "",
    docker: bool = False,
) -> Built:
    """An image for one platform, with one empty layer.

    Empty values are left out of the config, as Docker and BuildKit do. `docker` writes the media
    types of Docker's schema 2 in place of OCI's.
    """
    platform = _given({"architecture": architecture, "os": os, "variant": variant})
    settings = {
        "User": user,
        "Env": list(env),
        "Entrypoint": list(entrypoint),
        "Cmd": list(cmd),
        "Labels": dict(labels or {}),
        "StopSignal": stop_signal,
    }
    config = encode(
        {
            **platform,
            "config": _given(settings),
            "created": created,
            "history": [{"created": created, "created_by": "COPY . / # buildkit"}],
            "rootfs": {"type": "layers", "diff_ids": [_EMPTY_TAR_ID]},
        }
    )
    kinds = (
        (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER)
        if docker
        else (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER)
    )
    return manifest(config, [EMPTY_LAYER], *kinds, platform=platform)


def manifest(
    config: bytes,
    layers: Sequence[bytes],
    media_type: str = OCI_MANIFEST,
    config_type: str = OCI_CONFIG,
    layer_type: str = OCI_LAYER,
    *,
    platform: Mapping[str, str] | None = None,
) -> Built:
    """A manifest around any config: an artifact, or an image whose config is not one.

    >>> manifest(b"{}", [], config_type="application/vnd.oci.empty.v1+json").digest[:14]
    'sha256:1ccb399'
    """
    body = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptor(config, config_type),
        "layers": [descriptor(layer, layer_type) for layer in layers],
    }
    return Built(
        manifest=encode(body),
        media_type=media_type,
        config=config,
        layers=tuple(layers),
        platform=tuple((platform or {}).items()),
    )


def index(images: Sequence[Built], *, attestations: bool = False, docker: bool = False) -> Built:
    """An index of images (or of other indexes).

    With `attestations`, each image gets the entry that BuildKit adds for its provenance: a
    manifest that nobody can run, for the platform `unknown/unknown`.
    """
    notes: list[tuple[Built, dict[str, str]]] = [(one, {}) for one in images]
    if attestations:
        notes += [
            (
                attestation(one),
                {
                    "vnd.docker.reference.digest": one.digest,
                    "vnd.docker.reference.type": "attestation-manifest",
                },
            )
            for one in images
        ]
    media_type = DOCKER_LIST if docker else OCI_INDEX
    entries = [
        descriptor(one.manifest, one.media_type)
        | ({"annotations": annotations} if annotations else {})
        | ({"platform": dict(one.platform)} if one.platform else {})
        for one, annotations in notes
    ]
    return Built(
        manifest=encode({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}),
        media_type=media_type,
        children=tuple(one for one, _ in notes),
    )


def attestation(subject: Built) -> Built:
    """A provenance statement about an image, in the form that BuildKit pushes beside it."""
    statement = encode(
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://slsa.dev/provenance/v0.2",
            "subject": [{"name": "_", "digest": {"sha256": subject.digest.partition(":")[2]}}],
            "predicate": {},
        }
    )
    unknown = {"architecture": "unknown", "os": "unknown"}
    rootfs = {"type": "layers", "diff_ids": [sha256(statement)]}
    config = encode({**unknown, "config": {}, "rootfs": rootfs})
    return manifest(config, [statement], layer_type=IN_TOTO, platform=unknown)


def descriptor(body: bytes, media_type: str) -> dict[str, object]:
    """What a document says about the bytes it names (image-spec descriptor.md)."""
    return {"mediaType": media_type, "digest": sha256(body), "size": len(body)}


def encode(value: object) -> bytes:
    """JSON without spaces, in the order given: the same value has the same digest."""
    return msgspec.json.encode(value)


def _given(fields: Mapping[str, _V]) -> dict[str, _V]:
    return {name: value for name, value in fields.items() if value}
