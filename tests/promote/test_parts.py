"""What a manifest names, and what is no manifest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.demo.images import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, image, index
from webhook.errors import BadContentError
from webhook.promote.parts import MAX_BLOBS, Blob, read_parts

DIGEST = "sha256:" + "ab" * 32
LAYER = {"mediaType": "x/y", "digest": DIGEST, "size": 3}
WEB = image(cmd=["/app"])


def manifest(**changes: Any) -> bytes:
    found: dict[str, Any] = {"schemaVersion": 2, "config": LAYER, "layers": [LAYER]}
    return json.dumps(found | changes).encode()


def test_a_manifest_names_its_config_and_its_layers() -> None:
    parts = read_parts(WEB.manifest, WEB.media_type)

    assert [blob.size for blob in parts.blobs] == [len(blob) for blob in WEB.blobs]
    assert (parts.manifests, parts.subject) == ((), "")


def test_an_index_names_manifests_also_those_that_nobody_runs() -> None:
    both = index([WEB], attestations=True)

    parts = read_parts(both.manifest, both.media_type)

    assert [one.digest for one in parts.manifests] == [one.digest for one in both.children]
    assert parts.blobs == ()


def test_a_layer_that_lies_elsewhere_is_foreign() -> None:
    body = manifest(layers=[LAYER | {"urls": ["https://evil.example/layer"]}])

    assert read_parts(body, DOCKER_MANIFEST).blobs[1] == Blob(DIGEST, 3, foreign=True)


def test_what_is_attached_says_to_what_and_of_which_type() -> None:
    body = manifest(subject={"digest": DIGEST}, artifactType="a/b")

    parts = read_parts(body, f"{OCI_MANIFEST}; charset=utf-8")

    assert (parts.subject, parts.artifact_type) == (DIGEST, "a/b")
    assert read_parts(manifest(), OCI_MANIFEST).artifact_type == "x/y"


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (manifest(), "text/html", "no manifest that can be copied"),
        (manifest(), "application/vnd.docker.distribution.manifest.v1+json", "no manifest"),
        (b"{", OCI_MANIFEST, "cannot be trusted"),
        (b"[]", OCI_MANIFEST, "no JSON object"),
        (manifest(manifests=[]), OCI_MANIFEST, "not clearly a manifest"),
        (manifest(manifests=[]), OCI_INDEX, "not clearly an index"),
        (manifest(config=None), OCI_MANIFEST, "has no config"),
        (manifest(layers=None), OCI_MANIFEST, "no list of layers"),
        (manifest(layers=["x"]), OCI_MANIFEST, "no list of layers"),
        (manifest(layers=[LAYER] * (MAX_BLOBS + 1)), OCI_MANIFEST, "at most 1000"),
        (manifest(layers=[LAYER | {"digest": "sha256:ab"}]), OCI_MANIFEST, "without a sha256"),
        (manifest(layers=[LAYER | {"size": -1}]), OCI_MANIFEST, "without a size"),
        (manifest(layers=[LAYER | {"size": True}]), OCI_MANIFEST, "without a size"),
        (manifest(layers=[LAYER | {"size": 1 << 50}]), OCI_MANIFEST, "more than"),
        (b'{"manifests": [{"digest": "x"}]}', OCI_INDEX, "without a sha256"),
    ],
)
def test_what_cannot_be_copied_as_it_is_is_refused(body: bytes, kind: str, why: str) -> None:
    with pytest.raises(BadContentError, match=why):
        read_parts(body, kind)


@given(st.binary(), st.sampled_from([OCI_INDEX, OCI_MANIFEST, ""]))
def test_no_bytes_break_the_reader(body: bytes, kind: str) -> None:
    with pytest.raises(BadContentError):
        read_parts(body, kind)
