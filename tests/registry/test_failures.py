import pytest

from tests.registry.scripted import response
from webhook.core.facts import Reason
from webhook.errors import BadContentError, UnavailableError
from webhook.registry.failures import failure


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (204, Reason.BAD_CONTENT),
        (206, Reason.BAD_CONTENT),
        (307, Reason.BAD_CONTENT),
        (400, Reason.BAD_CONTENT),
        (401, Reason.UNAUTHORIZED),
        (403, Reason.UNAUTHORIZED),
        (404, Reason.NOT_FOUND),
        (405, Reason.BAD_CONTENT),
        (406, Reason.BAD_CONTENT),
        (408, Reason.TIMED_OUT),
        (410, Reason.NOT_FOUND),
        (412, Reason.UNAUTHORIZED),
        (418, Reason.BAD_CONTENT),
        (429, Reason.RATE_LIMITED),
        (451, Reason.UNAUTHORIZED),
        (500, Reason.UNREACHABLE),
        (503, Reason.UNREACHABLE),
        (599, Reason.UNREACHABLE),
    ],
)
def test_every_status_has_a_reason(status: int, reason: Reason) -> None:
    error = failure(response(status), "a/b:1")

    assert error.reason is reason
    assert isinstance(error, BadContentError) is (reason is Reason.BAD_CONTENT)
    assert isinstance(error, UnavailableError) is (reason is not Reason.BAD_CONTENT)
    assert str(status) in str(error)
    assert "registry.example.com" in str(error)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "does not take a/b:1: it wants other credentials (401)"),
        (404, "does not take a/b:1: it has no such repository, or hides it"),
        (412, "does not take a/b:1: a rule of its own forbids it (412)"),
    ],
)
def test_what_was_to_be_stored_is_not_said_to_be_served(status: int, said: str) -> None:
    assert said in str(failure(response(status), "a/b:1", sent=True))


def test_the_registrys_own_code_is_shown_and_its_prose_is_not() -> None:
    body = b'{"errors":[{"code":"PROJECTPOLICYVIOLATION","message":"sesame \\u001b[2J"}]}'

    shown = str(failure(response(412, body=body), "a/b:1"))

    assert "PROJECTPOLICYVIOLATION" in shown
    assert "sesame" not in shown


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"errors":{}}',
        b'{"errors":[]}',
        b'{"errors":["x"]}',
        b'{"errors":[{"code":"lower case"}]}',
        b'{"errors":[{"code":"A\\nB"}]}',
        b'{"errors":[{"code":7}]}',
        b'{"errors":[{"code":"' + b"A" * 100 + b'"}]}',
        b"[" * 60_000,
    ],
)
def test_any_other_body_is_not_shown(body: bytes) -> None:
    assert "(404)" in str(failure(response(404, body=body), "a/b:1"))
