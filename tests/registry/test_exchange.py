from __future__ import annotations

from tests.registry.scripted import HOME
from webhook.registry.exchange import Request, Response
from webhook.registry.url import Url

SECRET = "Bearer do-not-tell"


def test_a_request_is_shown_without_its_credentials() -> None:
    request = Request(
        url=Url(HOME, "/v2/a/manifests/1"),
        max_bytes=1,
        deadline=0.0,
        authorization=SECRET,
        form=(("refresh_token", "do-not-tell"),),
    )

    assert repr(request) == "<Request GET https://registry.example.com/v2/a/manifests/1>"
    assert "do-not-tell" not in f"{request}{[request]}"


def test_an_answer_is_shown_without_headers_and_body() -> None:
    response = Response(
        status=200, headers=(("set-cookie", "do-not-tell"),), body=b"do-not-tell", origin=HOME
    )

    assert repr(response) == "<Response 200 from https://registry.example.com>"
    assert "do-not-tell" not in f"{response}{[response]}"


def test_a_header_may_come_more_than_once() -> None:
    headers = (("www-authenticate", "Basic"), ("link", "x"), ("www-authenticate", "Bearer"))
    response = Response(status=401, headers=headers, body=b"", origin=HOME)

    assert response.all("www-authenticate") == ["Basic", "Bearer"]
    assert response.header("www-authenticate") == "Basic"
    assert response.header("absent") is None
    assert response.all("absent") == []
