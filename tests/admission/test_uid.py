from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook.admission.uid import rescued_uid

REVIEWS = Path(__file__).parent.parent / "data" / "reviews"
BEGINNING = b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"'


@pytest.mark.parametrize("path", sorted(REVIEWS.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("length", [200, 4096, 10_000])
def test_the_first_bytes_of_a_real_review_hold_its_uid(path: Path, length: int) -> None:
    body = path.read_bytes()

    uid = rescued_uid(body[:length])

    assert uid is not None
    assert f'"uid": "{uid}"'.encode() in body[:200]


@pytest.mark.parametrize(
    "body",
    [
        BEGINNING + b'705ab4f5-6393-11e8-b7cc-42010a800002"',
        (
            b' {\n "apiVersion" : "admission.k8s.io/v1","kind" : "AdmissionReview",\t"request":\n'
            b'{ "uid" : "705ab4f5-6393-11e8-b7cc-42010a800002" , garbage'
        ),
        bytearray(BEGINNING + b'705ab4f5-6393-11e8-b7cc-42010a800002","x":\xff\xff'),
    ],
)
def test_order_of_kind_and_version_spaces_and_what_follows_do_not_matter(body: bytes) -> None:
    assert rescued_uid(body) == "705ab4f5-6393-11e8-b7cc-42010a800002"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        BEGINNING,
        BEGINNING + b'"',
        BEGINNING + b"a",
        BEGINNING + b'a\\u0022"',
        BEGINNING + b"a" * 129 + b'"',
        b"[" + BEGINNING + b'a"',
        BEGINNING.replace(b"AdmissionReview", b"TokenReview") + b'a"',
        BEGINNING.replace(b"/v1", b"/v2") + b'a"',
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"name":"x","uid":"a"',
        b'{"note":"' + BEGINNING + b'a"',
        BEGINNING.replace(b"{", b"{" + b" " * 5000, 1) + b'a"',
    ],
)
def test_what_does_not_begin_as_an_api_server_writes_it_has_no_uid(body: bytes) -> None:
    assert rescued_uid(body) is None


@given(st.binary(max_size=300))
def test_nothing_after_the_uid_can_change_it(rest: bytes) -> None:
    assert rescued_uid(BEGINNING + b'right"' + rest) == "right"


@given(st.binary(max_size=300), st.integers(0, 100))
def test_a_beginning_that_is_cut_off_gives_the_right_uid_or_none(rest: bytes, cut: int) -> None:
    assert rescued_uid((BEGINNING + b'right"' + rest)[:cut]) in {None, "right"}
