import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.errors import BadContentError
from webhook.registry.manifests import Descriptor, Index, Manifest, Notes, read_manifest

INDEX = "application/vnd.oci.image.index.v1+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
DIGEST = "sha256:" + "ab" * 32
REVISION = "org.opencontainers.image.revision"


def entry(**fields: Any) -> dict[str, Any]:
    platform = {"os": "linux", "architecture": "amd64"}
    known = {"mediaType": MANIFEST, "digest": DIGEST, "size": 100, "platform": platform}
    return {key: value for key, value in (known | fields).items() if value is not ...}


def config(**fields: Any) -> dict[str, Any]:
    return {"mediaType": CONFIG, "digest": DIGEST, "size": 100} | fields


def manifest(**fields: Any) -> dict[str, Any]:
    known = {"schemaVersion": 2, "config": config(), "layers": []}
    return {key: value for key, value in (known | fields).items() if value is not ...}


def index(*entries: Any, **fields: Any) -> dict[str, Any]:
    return {"schemaVersion": 2, "manifests": list(entries)} | fields


def read(value: object, media_type: str) -> Manifest | Index:
    return read_manifest(json.dumps(value).encode(), media_type)


@pytest.mark.parametrize(
    "media_type", [MANIFEST, DOCKER, MANIFEST.upper(), f"{MANIFEST}; charset=utf-8"]
)
def test_of_a_manifest_the_config_is_read(media_type: str) -> None:
    assert read(manifest(), media_type) == Manifest(Descriptor(CONFIG, DIGEST, 100))


def test_the_type_in_the_body_may_say_the_same_again() -> None:
    assert read(manifest(mediaType=DOCKER), DOCKER) == read(manifest(), DOCKER)


@pytest.mark.parametrize("media_type", [INDEX, LIST])
def test_of_an_index_the_entries_that_a_node_could_run_are_read(media_type: str) -> None:
    attestation = entry(
        platform={"os": "unknown", "architecture": "unknown"},
        annotations={"vnd.docker.reference.type": "attestation-manifest"},
    )

    found = read(index(entry(), attestation), media_type)

    assert found == Index((Descriptor(MANIFEST, DIGEST, 100, "linux", "amd64"),))


def test_an_entry_without_a_platform_could_run_anywhere() -> None:
    found = read(index(entry(platform=...)), INDEX)

    assert found == Index((Descriptor(MANIFEST, DIGEST, 100),))


@pytest.mark.parametrize(
    ("notes", "found"),
    [
        ({REVISION: "4f9d6c1", "team": "a"}, ((REVISION, "4f9d6c1"),)),
        ({REVISION: "x" * 1025}, ()),
        ({REVISION: 7, f"{REVISION}s": "4f9d6c1"}, ()),
        ({REVISION: None}, ()),
        ({REVISION: "\ud800"}, ()),
        ({f"k{number}": "x" for number in range(10_000)}, ()),
        ([REVISION], ()),
        ("x", ()),
        (None, ()),
    ],
)
def test_annotations_are_read_as_far_as_they_may_answer(notes: object, found: Notes) -> None:
    said = read(manifest(annotations=notes), MANIFEST)
    around = read(index(entry(annotations=notes), annotations=notes), INDEX)

    assert isinstance(around, Index)
    assert said.annotations == around.annotations == around.entries[0].annotations == found


def test_an_annotation_twice_is_read_in_two_ways() -> None:
    body = (
        json.dumps(manifest())[:-1] + f', "annotations": {{"{REVISION}": "1", "{REVISION}": "2"}}}}'
    )

    with pytest.raises(BadContentError, match="cannot be trusted"):
        read_manifest(body.encode(), MANIFEST)


def test_an_annotation_alone_hides_no_entry() -> None:
    hidden = entry(annotations={"vnd.docker.reference.type": "attestation-manifest"})

    assert read(index(hidden), INDEX) == Index(
        (Descriptor(MANIFEST, DIGEST, 100, "linux", "amd64"),)
    )


def test_the_same_entry_twice_is_one() -> None:
    found = read(index(entry(), entry()), INDEX)

    assert isinstance(found, Index)
    assert len(found.entries) == 1


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        pytest.param(manifest(), "", id="no type"),
        pytest.param(manifest(), "application/json", id="any JSON"),
        pytest.param(manifest(), "application/vnd.oci.artifact.manifest.v1+json", id="artifact"),
        pytest.param(
            manifest(), "application/vnd.docker.distribution.manifest.v1+prettyjws", id="schema 1"
        ),
        pytest.param(manifest(), INDEX, id="a manifest as an index"),
        pytest.param(index(entry()), MANIFEST, id="an index as a manifest"),
        pytest.param(manifest(mediaType=INDEX), MANIFEST, id="the body says index"),
        pytest.param(manifest(mediaType=1), MANIFEST, id="the type is a number"),
        pytest.param(manifest(manifests=[entry()]), MANIFEST, id="layers and manifests"),
        pytest.param(index(entry(), layers=[]), INDEX, id="manifests and layers"),
        pytest.param(index(entry(), config=config()), INDEX, id="manifests and config"),
        pytest.param(manifest(fsLayers=[]), MANIFEST, id="layers of schema 1"),
        pytest.param(manifest(schemaVersion=1), MANIFEST, id="version 1"),
        pytest.param(manifest(schemaVersion=2.0), MANIFEST, id="version 2.0"),
        pytest.param(manifest(schemaVersion=...), MANIFEST, id="no version"),
        pytest.param(manifest(layers=...), MANIFEST, id="no layers"),
        pytest.param(manifest(layers={}), MANIFEST, id="layers are an object"),
        pytest.param(manifest(config=...), MANIFEST, id="no config"),
        pytest.param(manifest(config=None), MANIFEST, id="config is null"),
        pytest.param(manifest(Config=config()), MANIFEST, id="config and Config"),
        pytest.param(index(entry(), Manifests=[]), INDEX, id="manifests and Manifests"),
        pytest.param(index(entry()) | {"manifeſts": []}, INDEX, id="manifests with a long s"),
        pytest.param(
            manifest(config=config(mediaType="application/vnd.cncf.helm.config.v1+json")),
            MANIFEST,
            id="a Helm chart",
        ),
        pytest.param(
            manifest(config=config(mediaType="application/vnd.oci.empty.v1+json")),
            MANIFEST,
            id="the empty config",
        ),
        pytest.param(manifest(config=config(digest="sha256:abc")), MANIFEST, id="short digest"),
        pytest.param(
            manifest(config=config(digest="sha256:../../../etc/passwd")), MANIFEST, id="a path"
        ),
        pytest.param(manifest(config=config(digest=None)), MANIFEST, id="no digest"),
        pytest.param(manifest(config=config(Digest=DIGEST)), MANIFEST, id="digest and Digest"),
        pytest.param(manifest(config=config(size=-1)), MANIFEST, id="negative size"),
        pytest.param(manifest(config=config(size=100.0)), MANIFEST, id="size is a float"),
        pytest.param(manifest(config=config(size=True)), MANIFEST, id="size is true"),
        pytest.param(manifest(config=config(size="100")), MANIFEST, id="size is a string"),
        pytest.param(manifest(config=config(size=None)), MANIFEST, id="no size"),
        pytest.param(manifest(config=config(size=8 * 2**20 + 1)), MANIFEST, id="a huge config"),
        pytest.param(index(entry(size=4 * 2**20 + 1)), INDEX, id="a huge manifest"),
        pytest.param(index(), INDEX, id="an empty index"),
        pytest.param(
            index(entry(platform={"os": "unknown", "architecture": "unknown"})),
            INDEX,
            id="attestations only",
        ),
        pytest.param(index(entry(mediaType="application/octet-stream")), INDEX, id="a blob"),
        pytest.param(index(entry(mediaType=...)), INDEX, id="an entry without a type"),
        pytest.param(index("entry"), INDEX, id="an entry is a string"),
        pytest.param(index(entry(platform="linux")), INDEX, id="platform is a string"),
        pytest.param(index(entry(platform={"OS": "linux"})), INDEX, id="OS"),
        pytest.param({"schemaVersion": 2, "manifests": {}}, INDEX, id="manifests are an object"),
        pytest.param(index(*[entry()] * 101), INDEX, id="101 entries"),
    ],
)
def test_what_is_not_clearly_one_image_is_bad_content(value: object, media_type: str) -> None:
    with pytest.raises(BadContentError):
        read(value, media_type)


@given(st.binary(max_size=80), st.sampled_from([INDEX, MANIFEST]))
def test_any_bytes_are_read_or_refused(body: bytes, media_type: str) -> None:
    with pytest.raises(BadContentError):
        read_manifest(body, media_type)
