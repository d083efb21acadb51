from __future__ import annotations

import msgspec
import pytest

from webhook.cluster.metadata import Labelled, ListMetadata, Metadata, Object

WIRE = {
    "name": "web",
    "namespace": "shop",
    "uid": "u",
    "resourceVersion": "12",
    "generation": 3,
    "creationTimestamp": "2026-01-01T00:00:00Z",
    "managedFields": [{"manager": "kubectl", "fieldsV1": {}}],
    "labels": {"a": "b"},
    "annotations": {"c": "d"},
}


def test_metadata_is_read_as_the_api_writes_it() -> None:
    metadata = msgspec.convert(WIRE, Metadata)

    assert metadata.key == ("shop", "web")
    assert (metadata.uid, metadata.resource_version, metadata.generation) == ("u", "12", 3)
    assert metadata.creation_timestamp == "2026-01-01T00:00:00Z"


def test_labels_are_read_where_they_are_wanted() -> None:
    labelled = msgspec.convert(WIRE, Labelled)

    assert labelled.labels == {"a": "b"}
    assert labelled.annotations == {"c": "d"}
    assert labelled.key == ("shop", "web")


def test_an_object_of_no_namespace_has_an_empty_one() -> None:
    named = msgspec.convert({"metadata": {"name": "prod"}, "spec": {}}, Object)

    assert named.metadata.key == ("", "prod")


def test_a_bookmark_is_of_no_object() -> None:
    # As API server 1.20.2 sends it once a minute.
    wire = {"resourceVersion": "1638", "creationTimestamp": None}
    bookmark = msgspec.convert({"metadata": wire, "spec": {}, "status": {}}, Object)

    assert bookmark.metadata.resource_version == "1638"
    assert bookmark.metadata.creation_timestamp is None


def test_the_token_of_a_list_is_called_continue() -> None:
    metadata = msgspec.convert({"resourceVersion": "9", "continue": "t"}, ListMetadata)

    assert (metadata.resource_version, metadata.continue_token) == ("9", "t")


@pytest.mark.parametrize("wire", [{"name": 1}, {"generation": "1"}, {"labels": ["a"]}])
def test_metadata_of_another_shape_is_refused(wire: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wire, Labelled)
