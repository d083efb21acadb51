"""A registry and its token service in one, without a socket: who is let in, and who saw what."""

import base64
import json
from collections.abc import Sequence

from tests.registry.scripted import HOME, Scripted, response
from webhook.registry.auth import Authenticated, Lobby
from webhook.registry.credentials import (
    Basic,
    Credential,
    Held,
)
from webhook.registry.exchange import Request, Response
from webhook.registry.reach import Reach
from webhook.registry.tokens import Tokens
from webhook.registry.url import Origin

ADA = Basic("ada", "sesame")
EVE = Basic("eve", "guess")
AUTH = Origin("https", "auth.example.com", 443)
EVIL = Origin("https", "evil.example", 443)


class World:
    """A registry with a token service: who may pull, and what both were sent."""

    def __init__(self, *, realm: Origin = HOME, users: Sequence[Basic] = (ADA,)) -> None:
        self.users = {user.user: user.password for user in users}
        self.anonymous = False
        self.challenge = f'Bearer realm="{realm}/token",service="s",scope="repository:a/b:pull"'
        self.tokens: dict[str, bool] = {}
        self.basic_only = False
        self.registry = Scripted(self._pull)
        self.service = Scripted(self._token)
        self.lobby = Lobby(Tokens(lambda: 0.0))

    def asking(self, *credentials: Credential, trust: Origin | None = None) -> Authenticated:
        return Authenticated(
            self.registry,
            tokens=self.service,
            reach=Reach(origin=HOME, token_origins=(trust,) if trust else ()),
            repository="a/b",
            credentials=[Held(one, "the login of the test") for one in credentials],
            lobby=self.lobby,
        )

    def secrets(self, origin: Origin) -> list[str]:
        """Every credential that a host has seen."""
        return [
            one.authorization or dict(one.form).get("refresh_token", "")
            for one in (*self.registry.sent, *self.service.sent)
            if one.url.origin == origin and (one.authorization or one.form)
        ]

    def _pull(self, asked: Request) -> Response:
        kind, _, value = asked.authorization.partition(" ")
        good = self.tokens.get(value, False) if kind == "Bearer" else self._user(value)
        if good and (kind == "Basic") == self.basic_only:
            return response(200)
        return response(401, www_authenticate=self.challenge)

    def _token(self, asked: Request) -> Response:
        known = self._user(asked.authorization.partition(" ")[2])
        if asked.authorization and not known:
            return response(401, origin=asked.url.origin)
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = known or self.anonymous or bool(asked.form)
        return response(body=json.dumps({"token": token}).encode(), origin=asked.url.origin)

    def _user(self, encoded: str) -> bool:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
        return bool(user) and self.users.get(user) == password
