import pytest

from webhook.cluster.status import status_error


def test_the_api_servers_own_words_are_told() -> None:
    body = b'{"kind":"Status","reason":"NotFound","message":"pods \\"a\\" not found","code":404}'
    error = status_error(404, body, "GET /a")

    assert (error.status, error.reason) == (404, "NotFound")
    assert str(error) == 'GET /a: the API server answered 404: pods "a" not found'


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"message": 7}', b'"text"']
)
def test_what_is_no_status_is_an_error_too(body: bytes) -> None:
    error = status_error(502, body, "GET /a")

    assert (error.status, error.reason) == (502, "")
    assert str(error) == "GET /a: the API server answered 502: it did not say why"


def test_what_a_server_behind_it_says_in_plain_words_is_told() -> None:
    error = status_error(503, b"Ask again \x1b[2J.\n", "GET /a")

    assert str(error) == "GET /a: the API server answered 503: Ask again \\x1b[2J."


def test_a_message_of_strangers_is_bounded_and_printable() -> None:
    error = status_error(403, b'{"message":"\\u001b[31m' + b"a" * 5000 + b'"}', "GET /a")

    assert "\x1b" not in str(error)
    assert len(str(error)) < 1200
