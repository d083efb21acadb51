"""From the request in an AdmissionReview to the workload it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from webhook.core.changes import Changes, Reads
from webhook.core.objects import workload_of
from webhook.core.request import (
    Request,
    admission_request,
    decode_review,
    is_review,
    workload_of_request,
)
from webhook.core.workload import Role, Workload
from webhook.errors import InvalidObjectError, InvalidReviewError

REVIEWS = Path(__file__).parents[1] / "data" / "reviews"
POD = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "x"}]}}


def recorded(name: str) -> Request:
    return decode_review((REVIEWS / f"{name}.json").read_bytes())


def review(**fields: Any) -> dict[str, Any]:
    request = {
        "uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "namespace": "shop",
        "operation": "CREATE",
        "userInfo": {"username": "alice"},
        "object": POD,
        "oldObject": None,
    }
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {**request, **fields},
    }


def asked(**fields: Any) -> Workload | None:
    return workload_of_request(admission_request(review(**fields)))


def test_a_recorded_creation_names_its_images() -> None:
    request = recorded("pod-create")
    workload = workload_of_request(request)

    assert request.uid == "2f88bb43-27c4-47e1-a438-d28b96216c07"
    assert request.resource.resource == "pods"
    assert request.dry_run is False
    assert workload is not None
    assert (workload.kind, workload.namespace, workload.name) == ("Pod", "default", "web")
    assert workload.requester == "admin"
    assert workload.old is None
    assert [(use.role, use.container) for use in workload.images] == [
        (Role.CONTAINER, "app"),
        (Role.CONTAINER, "proxy"),
        (Role.INIT, "migrate"),
    ]


def test_a_recorded_template_is_a_template() -> None:
    workload = workload_of_request(recorded("deployment-create"))

    assert workload is not None
    assert workload.template
    assert [use.image for use in workload.images] == ["nginx:1.25"]


def test_a_recorded_ephemeral_container_is_new_and_the_others_are_unchanged() -> None:
    workload = workload_of_request(recorded("pod-ephemeralcontainers-update"))

    assert workload is not None
    changes = Changes(workload.old, workload)
    new = [use.role for use in workload.images if not changes.spare(use.pointer, Reads.EVERYTHING)]
    assert new == [Role.EPHEMERAL]


@pytest.mark.parametrize(
    "fields",
    [
        {"operation": "DELETE", "object": None, "oldObject": POD},
        {"operation": "CONNECT", "subResource": "exec"},
        {"operation": "CONNECT"},
        {"operation": "UPDATE", "subResource": "status"},
        {"operation": "UPDATE", "subResource": "resize"},
        {"operation": "CREATE", "subResource": "binding"},
        {"kind": {"group": "", "version": "v1", "kind": "Service"}},
        {"kind": {"group": "example.com", "version": "v1", "kind": "Pod"}},
    ],
)
def test_what_can_name_no_image_is_nothing_to_judge(fields: dict[str, Any]) -> None:
    assert asked(**fields) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"subResource": None},
        {"subResource": ""},
        {"operation": "UPDATE", "subResource": "ephemeralcontainers"},
        {"operation": "unheard of"},
        {"operation": ""},
        {"name": None, "namespace": None, "dryRun": None},
    ],
)
def test_everything_else_is_judged(fields: dict[str, Any]) -> None:
    workload = asked(**fields)

    assert workload is not None
    assert [use.image for use in workload.images] == ["x"]


def test_only_an_update_has_something_before() -> None:
    changed = {**POD, "spec": {"containers": [{"name": "a", "image": "y"}]}}

    for operation, old in [("UPDATE", ["y"]), ("CREATE", None)]:
        workload = asked(operation=operation, oldObject=changed)
        assert workload is not None
        assert (workload.old and [use.image for use in workload.old.images]) == old


def test_the_request_decides_about_the_namespace() -> None:
    liar = {**POD, "metadata": {"namespace": "kube-system", "name": "web"}}

    workload = asked(object=liar)

    assert workload is not None
    assert (workload.namespace, workload.name, workload.requester) == ("shop", "web", "alice")


def test_the_name_is_that_of_the_object_and_else_that_of_the_request() -> None:
    named, generated, bare = (
        asked(object={**POD, "metadata": metadata}, name="asked")
        for metadata in ({"name": "web"}, {"generateName": "web-"}, {})
    )

    assert [one and one.name for one in (named, generated, bare)] == ["web", "web-", "asked"]


@pytest.mark.parametrize("field", ["object", "oldObject"])
def test_an_object_of_the_wrong_shape_is_an_error(field: str) -> None:
    with pytest.raises(InvalidObjectError, match=r"^spec: expected a mapping, got 5$"):
        asked(operation="UPDATE", **{field: {"spec": 5}})


def test_a_missing_object_is_an_error_and_no_pass() -> None:
    with pytest.raises(InvalidObjectError, match="expected a mapping, got null"):
        asked(object=None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "no JSON: "),
        (b"\xff", "no JSON: "),
        (b'{"x": ' + b"[" * 100_000, "no JSON: "),
        (b"[]", "no AdmissionReview: the object: expected a mapping, got a list"),
        (b"{}", "no AdmissionReview: the object: Object missing required field `apiVersion`"),
        (
            json.dumps({**review(), "request": None}).encode(),
            "no AdmissionReview: request: expected a mapping, got null",
        ),
        (
            json.dumps({"apiVersion": "v1", "kind": "Pod", "request": {"uid": "x"}}).encode(),
            "expected an AdmissionReview of admission.k8s.io/v1, got 'Pod' of 'v1'",
        ),
        (
            json.dumps({**review(), "apiVersion": "admission.k8s.io/v1beta1"}).encode(),
            (
                "expected an AdmissionReview of admission.k8s.io/v1, got 'AdmissionReview' of "
                "'admission.k8s.io/v1beta1'"
            ),
        ),
    ],
)
def test_what_is_no_review_is_an_error_of_its_own(body: bytes, message: str) -> None:
    with pytest.raises(InvalidReviewError) as raised:
        decode_review(body)

    assert str(raised.value).startswith(message)


def test_a_saved_review_is_told_by_its_kind() -> None:
    assert is_review(review())
    assert not is_review(POD)
    assert not is_review([review()])


@pytest.mark.parametrize(
    "odd",
    [object(), 10**5000, "\ud800", {(): 1}],
    ids=["no value", "too long", "half a character", "no key"],
)
def test_plain_data_that_json_cannot_hold_is_no_review(odd: object) -> None:
    with pytest.raises(InvalidReviewError, match="cannot be written as JSON"):
        admission_request({**review(), "odd": odd})


def test_plain_data_without_end_is_no_review() -> None:
    data: dict[str, Any] = review()
    data["request"]["object"] = data

    with pytest.raises(InvalidReviewError, match="cannot be written as JSON"):
        admission_request(data)


def test_a_saved_review_and_its_object_say_the_same() -> None:
    saved = json.loads((REVIEWS / "pod-create.json").read_text())

    asked_for, alone = (
        workload_of_request(admission_request(saved)),
        workload_of(saved["request"]["object"]),
    )

    assert asked_for is not None
    assert alone is not None
    assert asked_for.images == alone.images


@given(body=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert refusal(lambda: decode_review(body)).isprintable()


STATIC = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "etcd-one", "annotations": {"kubernetes.io/config.mirror": "hash"}},
    "spec": {"nodeName": "one", "containers": [{"name": "a", "image": "x"}]},
}
NODE = {"username": "system:node:one", "groups": ["system:nodes", "system:authenticated"]}


def test_a_static_pod_that_its_node_shows_is_a_mirror() -> None:
    workload = asked(object=STATIC, userInfo=NODE)

    assert workload is not None
    assert workload.mirror
    assert [use.image for use in workload.images] == ["x"]


@pytest.mark.parametrize(
    ("pod", "user"),
    [
        pytest.param(STATIC, {"username": "alice", "groups": ["system:nodes"]}, id="somebody"),
        pytest.param(STATIC, {"username": "system:node:one"}, id="without the group"),
        pytest.param(STATIC, {"username": "system:node:one", "groups": None}, id="null groups"),
        pytest.param(STATIC, {**NODE, "username": "system:node:two"}, id="another node's"),
        pytest.param(STATIC, {**NODE, "username": "system:node:"}, id="a node without a name"),
        pytest.param(POD, NODE, id="no annotation"),
        pytest.param({**STATIC, "spec": {"containers": []}}, NODE, id="not bound to a node"),
        pytest.param({**STATIC, "spec": {"nodeName": None}}, NODE, id="a null node"),
        pytest.param(
            {**STATIC, "metadata": {"annotations": {"kubernetes.io/config.mirror": 7}}},
            NODE,
            id="an annotation that is no text",
        ),
    ],
)
def test_nothing_less_is_a_mirror(pod: dict[str, Any], user: dict[str, Any]) -> None:
    workload = asked(object=pod, userInfo=user)

    assert workload is not None
    assert not workload.mirror


def test_a_nodes_deployment_is_no_mirror() -> None:
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    workload = asked(object={**STATIC, "kind": "Deployment"}, kind=kind, userInfo=NODE)

    assert workload is not None
    assert not workload.mirror
