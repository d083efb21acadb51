"""TokenReview and SubjectAccessReview, as an API server answers them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from webhook.cluster.authorization import Authorization, User
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Scripted:
    """Answers what it was given, and keeps what it was asked."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, object]]] = []

    async def create(self, path: str, body: object, query: Mapping[str, str] = {}) -> bytes:
        assert not query
        assert isinstance(body, dict)
        self.asked.append((path, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return json.dumps({"kind": "whatever", **answer}).encode()  # type: ignore[dict-item]


def authorization(*answers: object) -> tuple[Authorization, Scripted]:
    scripted = Scripted(*answers)
    return Authorization(scripted), scripted  # type: ignore[arg-type]


# The answers of Kubernetes 1.20, as the end-to-end tests get them, without metadata.
KNOWN = {
    "status": {
        "authenticated": True,
        "user": {
            "username": "system:serviceaccount:shop:reader",
            "uid": "1b2c",
            "groups": ["system:serviceaccounts", "system:authenticated"],
        },
        "audiences": ["https://kubernetes.default.svc"],
    }
}
EXPIRED = {"status": {"user": {}, "error": "[invalid bearer token, Token has expired.]"}}


async def test_a_token_belongs_to_a_user() -> None:
    asking, scripted = authorization(KNOWN)

    user = await asking.user_of("abc")

    assert user == User(
        "system:serviceaccount:shop:reader",
        "1b2c",
        ("system:serviceaccounts", "system:authenticated"),
    )
    [(path, body)] = scripted.asked
    assert path == "/apis/authentication.k8s.io/v1/tokenreviews"
    assert body["spec"] == {"token": "abc"}


@pytest.mark.parametrize(
    "answer",
    [
        EXPIRED,
        {},
        {"status": {}},
        {"status": {"authenticated": True}},
        {"status": {"authenticated": False, "user": {"username": "kim"}}},
    ],
)
async def test_a_token_that_is_not_authenticated_is_nobodys(answer: object) -> None:
    asking, _ = authorization(answer)

    assert await asking.user_of("abc") is None


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ({"allowed": True}, True),
        ({"allowed": False}, False),
        ({}, False),
        ({"allowed": True, "denied": True}, False),
    ],
)
async def test_only_a_plain_yes_is_a_yes(status: object, may: bool) -> None:  # noqa: FBT001
    asking, scripted = authorization({"status": status})

    assert await asking.may_list(User("kim", "1", ("a",), {"k": ("v",)}), "g", "r") is may
    [(_, body)] = scripted.asked
    assert body["spec"] == {
        "user": "kim",
        "uid": "1",
        "groups": ["a"],
        "extra": {"k": ["v"]},
        "resourceAttributes": {"group": "g", "resource": "r", "verb": "list"},
    }


async def test_an_answer_of_another_shape_is_an_error() -> None:
    asking, _ = authorization({"status": "yes"})

    with pytest.raises(ClusterError):
        await asking.user_of("abc")
