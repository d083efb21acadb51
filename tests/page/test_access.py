"""The token in a request's headers."""

from __future__ import annotations

import pytest

from webhook.page.access import BUSY, NO_TOKEN, UNKNOWN_TOKEN, forbidden, token_of, unreachable

Headers = list[tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([], None),
        ([(b"authorization", b"Bearer abc.def-_~+/==")], "abc.def-_~+/=="),
        ([(b"Authorization", b"bearer   abc")], "abc"),
        ([(b"x-cocket-authorization", b"Bearer abc")], "abc"),
        ([(b"authorization", b"Bearer one"), (b"x-cocket-authorization", b"Bearer two")], "one"),
        ([(b"authorization", b"Basic eA=="), (b"x-cocket-authorization", b"Bearer two")], "two"),
        ([(b"authorization", b"Bearer one"), (b"authorization", b"Bearer two")], None),
        ([(b"authorization", b"Bearer one two")], None),
        ([(b"authorization", b"Bearer ")], None),
        ([(b"authorization", b"Bearer a\xc3\xa9")], None),
        ([(b"authorization", b"Bearer a\nb")], None),
        ([(b"authorization", b"Bearer " + b"a" * 20_000)], None),
        ([(b"cookie", b"Bearer abc")], None),
    ],
)
def test_one_bearer_token_is_read_and_nothing_else(headers: Headers, token: str | None) -> None:
    assert token_of(headers) == token


def test_every_refusal_says_what_to_do() -> None:
    assert (NO_TOKEN.status, UNKNOWN_TOKEN.status) == (401, 401)
    assert "cocket audit --open" in NO_TOKEN.sentence
    assert "Log in again" in UNKNOWN_TOKEN.sentence
    assert forbidden("kim").status == 403
    assert "kim may not read" in forbidden("kim").sentence
    assert "--verb=list --resource=imagefacts.cocket.dev" in forbidden("kim").sentence
    assert (BUSY.status, unreachable("x").status) == (503, 503)
    assert "x" in unreachable("x").sentence
