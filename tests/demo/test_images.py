"""Built images are what a registry and a runtime would take."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from io import BytesIO
from typing import Any

import msgspec
import pytest

from webhook.demo.images import (
    DOCKER_LIST,
    EMPTY_LAYER,
    OCI_INDEX,
    OCI_MANIFEST,
    Built,
    image,
    index,
    manifest,
    sha256,
)


def read(body: bytes) -> Any:
    return msgspec.json.decode(body)


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_a_manifest_names_its_config_and_layer_by_true_digest_and_size(*, docker: bool) -> None:
    built = image(entrypoint=["/app"], docker=docker)

    document = read(built.manifest)

    described = [document["config"], *document["layers"]]
    assert [one["digest"] for one in described] == [sha256(blob) for blob in built.blobs]
    assert [one["size"] for one in described] == [len(blob) for blob in built.blobs]
    assert document["mediaType"] == built.media_type
    assert ("docker" in built.media_type) is docker
    assert all(("docker" in one["mediaType"]) is docker for one in described)


def test_a_config_says_what_was_asked_for_and_leaves_out_what_was_not() -> None:
    built = image(
        entrypoint=["/sbin/tini", "--"],
        cmd=["/app"],
        labels={"team": "shop"},
        env=["PATH=/bin"],
        user="1000",
        stop_signal="SIGQUIT",
        architecture="arm64",
        variant="v8",
    )

    config = read(built.config)

    assert config["config"] == {
        "User": "1000",
        "Env": ["PATH=/bin"],
        "Entrypoint": ["/sbin/tini", "--"],
        "Cmd": ["/app"],
        "Labels": {"team": "shop"},
        "StopSignal": "SIGQUIT",
    }
    assert (config["os"], config["architecture"], config["variant"]) == ("linux", "arm64", "v8")
    bare = read(image().config)
    assert bare["config"] == {}
    assert "variant" not in bare


def test_the_layer_is_an_empty_archive_with_the_id_that_the_config_gives() -> None:
    unpacked = gzip.decompress(EMPTY_LAYER)

    assert read(image().config)["rootfs"]["diff_ids"] == [sha256(unpacked)]
    with tarfile.open(fileobj=BytesIO(unpacked)) as archive:
        assert archive.getnames() == []


def test_the_same_arguments_give_the_same_digest() -> None:
    built = image(entrypoint=["/app"])

    assert built.digest == image(entrypoint=["/app"]).digest
    assert built.digest == "sha256:" + hashlib.sha256(built.manifest).hexdigest()
    assert built.digest != image(entrypoint=["/other"]).digest


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_an_index_names_its_images_with_their_platforms(*, docker: bool) -> None:
    images = [image(docker=docker), image(docker=docker, architecture="arm64", variant="v8")]

    built = index(images, docker=docker)

    document = read(built.manifest)
    assert built.media_type == document["mediaType"] == (DOCKER_LIST if docker else OCI_INDEX)
    assert [one["digest"] for one in document["manifests"]] == [one.digest for one in images]
    assert [one["size"] for one in document["manifests"]] == [len(one.manifest) for one in images]
    assert [one["platform"] for one in document["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux", "variant": "v8"},
    ]


def test_attestations_stand_behind_the_images_and_name_them() -> None:
    subject = image()

    built = index([subject], attestations=True)

    entry = read(built.manifest)["manifests"][1]
    assert entry["platform"] == {"architecture": "unknown", "os": "unknown"}
    assert entry["annotations"] == {
        "vnd.docker.reference.digest": subject.digest,
        "vnd.docker.reference.type": "attestation-manifest",
    }
    statement = read(built.children[1].layers[0])
    assert f"sha256:{statement['subject'][0]['digest']['sha256']}" == subject.digest


def test_indexes_nest_and_have_no_platform_then() -> None:
    inner = index([image()])

    outer = index([inner])

    entry = read(outer.manifest)["manifests"][0]
    assert entry == {
        "mediaType": OCI_INDEX,
        "digest": inner.digest,
        "size": len(inner.manifest),
    }
    assert outer.blobs == ()


def test_an_artifact_has_whatever_config_it_likes() -> None:
    built = manifest(b"{}", [b"chart"], config_type="application/vnd.cncf.helm.config.v1+json")

    document = read(built.manifest)

    assert isinstance(built, Built)
    assert built.media_type == OCI_MANIFEST
    assert document["config"]["mediaType"] == "application/vnd.cncf.helm.config.v1+json"
    assert document["layers"][0]["size"] == len(b"chart")
