"""A token service for the real registry: who may do what, as a signed JWT."""

from __future__ import annotations

import base64
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from webhook.demo.login import basic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.certificates import SelfSigned

ISSUER = "token service of the tests"
SERVICE = "real-registry"
PUBLIC = "public/"
"""Repositories that everybody may pull."""
_LIFETIME = 300


class TokenService:
    """Grants its one user everything, and everybody else a pull of public repositories.

    Protocol: docs/spec/auth/token.md and jwt.md of distribution/distribution.
    """

    def __init__(self, signer: SelfSigned, user: str, password: str) -> None:
        self.host = ""
        self.lines: list[str] = []
        """What was asked: `user scope …` each, with `-` for nobody."""
        self._signer = signer
        self._user = user
        self._password = password

    @property
    def realm(self) -> str:
        return f"http://{self.host}/token"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        scopes = [scope for text in request.query.getall("scope", []) for scope in text.split()]
        header = request.headers.get("Authorization")
        user = None if header is None else basic(header)
        self.lines.append(" ".join(["-" if user is None else user[0], *scopes]))
        if header is not None and user != (self._user, self._password):
            return web.Response(status=401)
        access = [grant for scope in scopes if (grant := _grant(scope, known=user is not None))]
        return web.json_response({"token": self._token(access), "expires_in": _LIFETIME})

    def _token(self, access: list[dict[str, object]]) -> str:
        now = int(datetime.now(UTC).timestamp())
        chain = [base64.b64encode(self._signer.certificate_der).decode()]
        claims = {
            "iss": ISSUER,
            "sub": self._user,
            "aud": SERVICE,
            "exp": now + _LIFETIME,
            "nbf": now - 10,
            "iat": now,
            "jti": str(len(self.lines)),
            "access": access,
        }
        head = _part({"typ": "JWT", "alg": "ES256", "x5c": chain})
        signed = f"{head}.{_part(claims)}"
        signature = self._signer.key.sign(signed.encode(), ECDSA(SHA256()))
        # JWS wants the two numbers side by side (RFC 7518, section 3.4), not their ASN.1.
        numbers = b"".join(one.to_bytes(32, "big") for one in decode_dss_signature(signature))
        return f"{signed}.{_base64url(numbers)}"


@asynccontextmanager
async def token_service(
    signer: SelfSigned, user: str, password: str
) -> AsyncIterator[TokenService]:
    """A token service on a free loopback port; its `host` is known then."""
    service = TokenService(signer, user, password)
    runner = web.ServerRunner(web.Server(service.answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        service.host = f"127.0.0.1:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()


def _grant(scope: str, *, known: bool) -> dict[str, object]:
    """One entry of the `access` claim; empty where nothing is granted."""
    kind, name, actions = scope.split(":")
    public = ["pull"] if name.startswith(PUBLIC) else []
    granted = actions.split(",") if known else public
    return {"type": kind, "name": name, "actions": granted} if granted else {}


def _part(value: object) -> str:
    return _base64url(msgspec.json.encode(value))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
