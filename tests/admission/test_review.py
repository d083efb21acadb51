import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.serving import REVIEWS, real_review
from webhook.admission.review import Asked, Unreadable, read_review
from webhook.errors import InvalidReviewError

UID = "2f88bb43-27c4-47e1-a438-d28b96216c07"
BODY = (REVIEWS / "pod-create.json").read_bytes()


def changed(path: str, value: object) -> bytes:
    """The Pod's review with one field changed; the path has dots."""
    review = real_review("pod-create")
    *folders, name = path.split(".")
    place: Any = review["request"]
    for folder in folders:
        place = place[int(folder)] if isinstance(place, list) else place[folder]
    place[name] = value
    return msgspec.json.encode(review)


def test_a_real_review_is_read() -> None:
    asked = read_review(BODY)

    assert isinstance(asked, Asked)
    assert asked.uid == UID
    assert asked.title == "Pod default/web"
    assert asked.workload is not None
    assert len(asked.workload.images) == 3


def test_an_object_without_a_namespace_is_named_without_one() -> None:
    review = real_review("pod-create")
    del review["request"]["namespace"]
    del review["request"]["object"]["metadata"]["namespace"]

    asked = read_review(msgspec.json.encode(review))
    assert isinstance(asked, Asked)
    assert asked.title == "Pod web"


def test_an_object_that_names_no_image_is_no_workload() -> None:
    asked = read_review(changed("kind", {"group": "", "version": "v1", "kind": "ConfigMap"}))

    assert isinstance(asked, Asked)
    assert asked.workload is None
    assert asked.title == "ConfigMap"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(changed("object.spec.containers", "nginx"), id="containers are a text"),
        pytest.param(changed("object.spec.containers.0.image", 7), id="image is a number"),
        pytest.param(changed("object.spec.containers.0.args", {"a": "b"}), id="args are a map"),
        pytest.param(changed("object.spec.volumes", [3]), id="volume is a number"),
        pytest.param(changed("object", None), id="no object"),
        pytest.param(changed("object", []), id="object is a list"),
        pytest.param(changed("userInfo", "admin"), id="user is a text"),
        pytest.param(changed("kind", "Pod"), id="kind is a text"),
        pytest.param(changed("dryRun", "no"), id="dryRun is a text"),
        pytest.param(BODY[:5000], id="cut off"),
        pytest.param(BODY + b"}", id="something after the end"),
        pytest.param(BODY.replace(b'"nginx', b'"\xff\xfe').replace(b"envoy", b"\xff"), id="bytes"),
        pytest.param(BODY.replace(b'"dryRun": false', b'"dryRun": NaN'), id="NaN"),
        pytest.param(
            BODY.replace(b'"oldObject": null', b'"oldObject": ' + b"[" * 100_000), id="deep nesting"
        ),
        pytest.param(
            BODY.replace(b'"dryRun": false', b'"dryRun": ' + b"9" * 10_000), id="long number"
        ),
        pytest.param(BODY.replace(b'"app"', b'"\\ud800"'), id="lone surrogate"),
    ],
)
def test_a_review_that_cannot_be_judged_keeps_its_uid(body: bytes) -> None:
    read = read_review(body)

    assert isinstance(read, Unreadable)
    assert read.uid == UID
    assert read.cause == "unreadable"
    assert "cannot be read" in read.sentence


def test_the_uid_is_found_wherever_json_may_have_put_it() -> None:
    review = real_review("pod-create")
    request = review["request"]
    request["userInfo"] = 7
    request["uid"] = request.pop("uid")
    body = msgspec.json.encode({"request": request, **review})

    read = read_review(body)
    assert isinstance(read, Unreadable)
    assert read.uid == UID


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"hello",
        b"{}",
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}',
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}',
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":7}}',
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":null}',
        BODY.replace(b'"kind": "AdmissionReview"', b'"kind": "ConversionReview"'),
        BODY.replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"),
        b"\xef\xbb\xbf" + BODY,
        BODY.decode().encode("utf-16"),
        b"\x1f\x8b" + BODY,
    ],
)
def test_what_is_no_admission_review_has_no_answer(body: bytes) -> None:
    with pytest.raises(InvalidReviewError):
        read_review(body)


@given(st.integers(0, len(BODY)), st.binary(max_size=20))
def test_a_review_that_is_damaged_anywhere_gets_the_right_uid_or_an_error(
    place: int, damage: bytes
) -> None:
    try:
        read = read_review(BODY[:place] + damage + BODY[place + len(damage) :])
    except InvalidReviewError:
        return
    uid = read.uid
    # Damage inside the uid itself gives another one: that is then what was asked.
    assert uid == UID or BODY.index(UID.encode()) - 30 < place < BODY.index(UID.encode()) + 40


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_no_object_makes_reading_fail(data: object) -> None:
    read = read_review(
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"7",'
        b'"kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","object":'
        + json.dumps(data).encode()
        + b"}}"
    )

    assert read.uid == "7"


def test_what_is_kept_while_registries_are_asked_is_small() -> None:
    review = real_review("pod-create")
    review["request"]["object"]["metadata"]["annotations"]["large"] = "<" * 10_000_000
    body = bytearray(msgspec.json.encode(review))

    asked = read_review(body)

    assert isinstance(asked, Asked)
    # Fails with a BufferError while anything still looks into the body.
    body.clear()
