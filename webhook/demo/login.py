"""Who may pull from the demo registry: nobody asks, a password, or a token from a token service."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class NoLogin(msgspec.Struct, frozen=True):
    """Everybody may pull everything."""


class BasicLogin(msgspec.Struct, frozen=True, kw_only=True):
    """One user with a password, sent with every request (RFC 7617)."""

    user: str = "robot"
    password: str = "sesame"
    challenges: tuple[str, ...] = ('Basic realm="demo"',)
    """The WWW-Authenticate headers of a refusal, one each."""


class TokenLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A token service stands before the registry (distribution's docs/spec/auth/token.md).

    The fields say how this service differs from the next one: each of them is a quirk of some
    registry that people use.
    """

    user: str = "robot"
    password: str = "sesame"
    identity_token: str = ""
    """A refresh token to POST in place of a password (OAuth2); empty: POST is answered 405."""
    private: tuple[str, ...] = ()
    """Repositories, or folders of them, that only the user may pull; `""` means all."""
    elsewhere: bool = False
    """The service stands on the registry's second port: another origin (GitLab, Docker Hub)."""
    realm: str = ""
    """An address to name in place of our own service."""
    path: str = "/token"
    """Where the service answers, on both ports."""
    service: str = "demo-registry"
    scope: bool = True
    """False: the challenge does not say what the token is for (Artifactory)."""
    lifetime: int | None = 300
    """Seconds that the reply promises; None: it does not say (GHCR)."""
    field: str = "token"
    """`token`, or `access_token` (ACR)."""
    challenges: tuple[str, ...] = ()
    """WWW-Authenticate headers to send in place of the right one."""
    after_refusal: tuple[str, ...] = ()
    """The same to whoever came with an Authorization header that was no good (Harbor)."""
    basic_too: bool = False
    """A password is taken by the registry itself as well (Harbor, Artifactory)."""


Login: TypeAlias = NoLogin | BasicLogin | TokenLogin


class Refusal(msgspec.Struct, frozen=True):
    """Why somebody may not pull, and how to log in."""

    challenges: tuple[str, ...]


class Tokens:
    """The tokens that were issued, and what each of them is good for."""

    def __init__(self) -> None:
        """Nothing is issued yet."""
        self._issued: dict[str, frozenset[str]] = {}
        self._count = 0

    def forget(self) -> None:
        """Let every token expire."""
        self._issued.clear()

    def issue(self, scopes: Sequence[str]) -> str:
        """A new token for these scopes, `repository:NAME:ACTION,…` each; never twice the same."""
        self._count += 1
        token = f"demo-token-{self._count}"
        self._issued[token] = frozenset(one for scope in scopes for one in _single(scope))
        return token

    def check(self, token: str, scope: str) -> str:
        """Empty if the token is good for this, else the error code of RFC 6750, section 3.1."""
        granted = self._issued.get(token)
        if granted is None:
            return "invalid_token"
        return "" if not scope or granted.issuperset(_single(scope)) else "insufficient_scope"


def admit(
    login: Login,
    tokens: Tokens,
    authorization: str,
    repository: str,
    realm: str,
    *,
    actions: str = "pull",
) -> Refusal | None:
    """None where the caller may do it; else the refusal.

    Args:
        login: what the registry asks for.
        tokens: what its token service has issued.
        authorization: the Authorization header, or empty.
        repository: what is pulled; empty for `/v2/`.
        realm: the address of our own token service.
        actions: what the caller wants to do: `pull`, or `pull,push`.
    """
    match login:
        case NoLogin():
            return None
        case BasicLogin(user=user, password=password, challenges=challenges):
            known = basic(authorization) == (user, password)
            return None if known else Refusal(challenges)
        case TokenLogin():
            scope = f"repository:{repository}:{actions}" if repository else ""
            kind, _, token = authorization.partition(" ")
            error = tokens.check(token, scope) if kind.lower() == "bearer" else ""
            if kind.lower() == "bearer" and not error:
                return None
            if login.basic_too and basic(authorization) == (login.user, login.password):
                return None
            if authorization and login.after_refusal:
                return Refusal(login.after_refusal)
            return Refusal(login.challenges or (_challenge(login, realm, scope, error),))


def grant(
    login: Login, tokens: Tokens, authorization: str, scopes: Sequence[str]
) -> Mapping[str, object] | None:
    """The token service's reply to a GET; None where the password is wrong.

    What the caller may not pull is left out of the token without a word, as real services do.
    """
    if not isinstance(login, TokenLogin):
        return None
    user = basic(authorization)
    if authorization and user != (login.user, login.password):
        return None
    return _reply(login, tokens, scopes, known=bool(authorization))


def refresh(login: Login, tokens: Tokens, form: Mapping[str, str]) -> Mapping[str, object] | None:
    """The token service's reply to a POST (docs/spec/auth/oauth.md); None: the token is wrong."""
    if (
        not isinstance(login, TokenLogin)
        or form.get("grant_type") != "refresh_token"
        or form.get("refresh_token") != login.identity_token
    ):
        return None
    return _reply(login, tokens, form.get("scope", "").split(), known=True)


def basic(authorization: str) -> tuple[str, str] | None:
    """User and password of a Basic header, or None where it is none."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def _single(scope: str) -> list[str]:
    """One scope for each of its actions."""
    name, _, actions = scope.rpartition(":")
    return [f"{name}:{action}" for action in actions.split(",")]


def _reply(
    login: TokenLogin, tokens: Tokens, scopes: Sequence[str], *, known: bool
) -> Mapping[str, object]:
    granted = [scope for scope in scopes if known or not _is_private(login, scope)]
    reply: dict[str, object] = {login.field: tokens.issue(granted)}
    if login.lifetime is not None:
        reply["expires_in"] = login.lifetime
    return reply


def _is_private(login: TokenLogin, scope: str) -> bool:
    repository = scope.removeprefix("repository:").rpartition(":")[0]
    return any(
        not folder or repository == folder or repository.startswith(folder + "/")
        for folder in login.private
    )


def _challenge(login: TokenLogin, realm: str, scope: str, error: str) -> str:
    fields = {"realm": login.realm or realm, "service": login.service}
    if login.scope and scope:
        fields["scope"] = scope
    if error:
        fields["error"] = error
    return "Bearer " + ",".join(f'{name}="{value}"' for name, value in fields.items())
