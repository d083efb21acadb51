"""Fields that are absent, null, of another type, or none at all."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from tests.core.object_documents import VERSIONS, container, pod, read
from webhook.core.objects import KINDS, decode_workload, workload_of
from webhook.core.workload import Role, Workload
from webhook.errors import InvalidObjectError


@pytest.mark.parametrize(
    ("group", "kind", "data"),
    [
        ("", "Pod", {}),
        ("", "Pod", {"spec": None, "metadata": None}),
        ("", "Pod", {"spec": {"containers": None, "initContainers": [], "volumes": None}}),
        ("apps", "Deployment", {}),
        ("apps", "Deployment", {"spec": None}),
        ("apps", "Deployment", {"spec": {"template": None}}),
        ("apps", "Deployment", {"spec": {"template": {"spec": None}}}),
        ("", "PodTemplate", {"template": None}),
        ("batch", "CronJob", {"spec": None}),
        ("batch", "CronJob", {"spec": {"jobTemplate": None}}),
        ("batch", "CronJob", {"spec": {"jobTemplate": {"spec": None}}}),
        ("batch", "CronJob", {"spec": {"jobTemplate": {"spec": {"template": {}}}}}),
    ],
)
def test_what_is_missing_or_null_names_no_image(group: str, kind: str, data: object) -> None:
    assert isinstance(data, dict)
    workload = read({"apiVersion": VERSIONS[group], "kind": kind, **data})

    assert workload == Workload(kind=kind, namespace="", name="", template=kind != "Pod")


@pytest.mark.parametrize("missing", [{"name": "app"}, {"name": "app", "image": None}])
def test_a_container_without_an_image_is_judged_and_not_dropped(missing: object) -> None:
    workload = read(pod(containers=[container(), missing, None]))

    assert [use.image for use in workload.images] == ["nginx", "", ""]
    assert [use.pointer for use in workload.images][1:] == [
        "/spec/containers/1/image",
        "/spec/containers/2/image",
    ]


def test_nulls_in_the_other_lists_of_containers_are_containers_without_an_image() -> None:
    workload = read(pod(initContainers=[None], ephemeralContainers=[None]))

    assert [(use.role, use.image) for use in workload.images] == [
        (Role.INIT, ""),
        (Role.EPHEMERAL, ""),
    ]


def test_an_image_volume_without_a_reference_is_judged_and_other_volumes_are_not() -> None:
    volumes = [None, {"name": "a", "image": {}}, {"name": "b", "image": {"reference": None}}]

    workload = read(pod(volumes=[*volumes, {"name": "c", "image": None}, {"configMap": {}}]))

    assert [(use.container, use.image) for use in workload.images] == [("a", ""), ("b", "")]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"containers": [{"image": 5}]}, "spec.containers[0].image: expected a string, got 5"),
        ({"containers": {}}, "spec.containers: expected a list, got a mapping"),
        (
            {"containers": [container(args=[8080])]},
            "spec.containers[0].args[0]: expected a string, got 8080",
        ),
        (
            {"containers": [container(env=[{"name": "A", "value": True}])]},
            "spec.containers[0].env[0].value: expected a string, got true",
        ),
        ({"hostPID": "true"}, 'spec.hostPID: expected true or false, got "true"'),
        ({"volumes": [{"image": "x"}]}, 'spec.volumes[0].image: expected a mapping, got "x"'),
        (
            {"nodeSelector": {"a": "b", "kubernetes.io/os": 5}},
            "spec.nodeSelector.kubernetes.io/os: expected a string, got 5",
        ),
    ],
)
def test_a_wrong_type_is_an_error_that_names_the_field_and_the_value(
    spec: dict[str, Any], message: str
) -> None:
    data = pod(**spec)
    raw = json.dumps(data).encode()

    with pytest.raises(InvalidObjectError, match=f"^{re.escape(message)}$"):
        workload_of(data)
    with pytest.raises(InvalidObjectError, match=f"^{re.escape(message)}$"):
        decode_workload("", "Pod", raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "the object is no JSON: Input data was truncated"),
        (b"null", "the object: expected a mapping, got null"),
        (b'{"spec": {"containers": [{"image": "\xff"}]}}', "the object is no JSON: .*utf-8.*"),
        (b'{"spec": 5, "broken": [', "spec: expected a mapping, got a whole number"),
        (b'{"spec": 9999999999999999999999}', "spec: expected a mapping, got a huge number"),
        (b'{"other": ' + b"[" * 100_000, "the object is nested too deeply"),
    ],
)
def test_what_is_no_object_is_an_error(raw: bytes, message: str) -> None:
    with pytest.raises(InvalidObjectError, match=f"^{message}$"):
        decode_workload("", "Pod", raw)


def test_raw_json_within_json_is_read_in_place() -> None:
    raw = msgspec.json.decode(json.dumps({"object": pod(containers=[container()])}), type=Holder)

    workload = decode_workload("", "Pod", raw.object, namespace="here")

    assert workload is not None
    assert [use.image for use in workload.images] == ["nginx"]


class Holder(msgspec.Struct):
    object: msgspec.Raw


def test_twenty_thousand_containers_are_all_found() -> None:
    images = [f"r{index}.example.com/x" for index in range(20_000)]

    workload = read(pod(containers=[container(image=image) for image in images]))

    assert [use.image for use in workload.images] == images


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "apiVersion kind metadata name labels spec template jobTemplate containers image "
                "initContainers volumes reference env value valueFrom command args os".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(kind=st.sampled_from(sorted(KINDS)), data=JSON)
def test_whatever_the_object_holds_it_is_read_or_refused(
    kind: tuple[str, str], data: object
) -> None:
    whole = {**(data if isinstance(data, dict) else {"spec": data})}
    whole |= {"apiVersion": VERSIONS[kind[0]], "kind": kind[1]}
    raw = json.dumps(whole).encode()
    refused = refusal(lambda: workload_of(whole))

    assert refused == refusal(lambda: decode_workload(*kind, raw))
    assert refused or workload_of(whole) == decode_workload(*kind, raw)


@given(raw=st.binary(max_size=60))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    assert refusal(lambda: decode_workload("", "Pod", raw)).isprintable()
