"""Who a token belongs to, and what that user may do: the API server's own answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.api import decode
from webhook.core.printable import printable

if TYPE_CHECKING:
    from webhook.cluster.api import Api

_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
_ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_MAX_NAME = 300


class User(msgspec.Struct, frozen=True):
    """As the API server knows somebody (authentication.k8s.io/v1, UserInfo)."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = {}

    @property
    def shown(self) -> str:
        """The name, printable."""
        return printable(self.username, _MAX_NAME)


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: User = User()


class _TokenReview(msgspec.Struct):
    status: _TokenStatus = msgspec.field(default_factory=_TokenStatus)


class _AccessStatus(msgspec.Struct):
    allowed: bool = False
    denied: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus = msgspec.field(default_factory=_AccessStatus)


class Authorization:
    """Asks the API server, as a user that may create both reviews."""

    def __init__(self, api: Api) -> None:
        """Ask by `api`."""
        self._api = api

    async def user_of(self, token: str) -> User | None:
        """Whose token it is; None where the API server does not take it, as of one that expired.

        Raises:
            ClusterError: it could not be asked.
        """
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token},
        }
        answer = await self._api.create(_REVIEWS, body)
        status = decode(answer, _TokenReview, _REVIEWS).status
        return status.user if status.authenticated and status.user.username else None

    async def may_list(self, user: User, group: str, resource: str) -> bool:
        """Whether the user may list all objects of a resource.

        Raises:
            ClusterError: the API server could not be asked.
        """
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": user.username,
                "uid": user.uid,
                "groups": list(user.groups),
                "extra": {key: list(values) for key, values in user.extra.items()},
                "resourceAttributes": {"group": group, "resource": resource, "verb": "list"},
            },
        }
        answer = await self._api.create(_ACCESS, body)
        status = decode(answer, _AccessReview, _ACCESS).status
        return status.allowed and not status.denied
