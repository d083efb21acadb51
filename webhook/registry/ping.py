"""One look at a registry: does it answer, who does it let in, until when is its certificate good.

Nothing is kept from one look to the next: a token of yesterday would hide the password of today.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from msgspec.structs import replace

from webhook.core.facts import Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.printable import printable
from webhook.errors import RegistryError
from webhook.registry.auth import Authenticated, Lobby
from webhook.registry.challenge import Challenge, choose, parse_challenges
from webhook.registry.credentials import Anonymous, Held
from webhook.registry.exchange import Request, Response, Transport
from webhook.registry.failures import failure
from webhook.registry.ratelimit import RateLimit, rate_limit
from webhook.registry.reach import reach_of
from webhook.registry.redirects import Redirecting
from webhook.registry.tokens import Tokens
from webhook.registry.transport import AiohttpTransport, Connections
from webhook.registry.url import Url, parse_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webhook.core.registries import Registry
    from webhook.registry.reach import Reach

_OK = 200
_LIMITED = 429
_ALIVE = frozenset({_OK, 401, 403, _LIMITED})
"""What a registry answers to `/v2/` (distribution-spec, «Determining Support»), and 403 or 429."""
_MAX_BODY = 64 * 1024
_HUB = "docker.io"
_HUB_LIMITS = "ratelimitpreview/test"
"""Where Docker Hub tells what is left; a HEAD there counts for nothing (Docker docs, «Pull usage
and limits»)."""
_NOBODY = Held(Anonymous(), "")


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """A registry that answered."""

    seconds: float
    """Until the first answer, on a new connection: name, TCP, TLS and HTTP together."""
    challenge: str
    """How it wants us to log in: `Bearer auth.example.com`, `Basic`; empty where it does not."""
    refused: Unknown | None
    """Why the login was of no use; None where we are let in."""
    expires: datetime | None = None
    """When its certificate does; None over plain HTTP."""
    limits: RateLimit | None = None


async def ping(
    registry: Registry,
    credentials: Sequence[Held],
    *,
    seconds: float,
    connections: Connections | None = None,
) -> Ping:
    """Look at a registry once.

    Args:
        registry: where it is, and how to speak to it.
        credentials: any of them will do; without one we come as nobody.
        seconds: for everything.
        connections: not used before, and closed in the end; made here if absent.

    Raises:
        RegistryError: it did not answer, or not as a registry does.
    """
    connections = connections or Connections()
    try:
        reach = reach_of(ImageRef.parse(f"{registry.host}/ping/ping"), registry)
        transport = AiohttpTransport(connections, reach)
        looking = _Looking(transport, reach, asyncio.get_running_loop().time() + seconds)
        return await looking.look(credentials, hub=registry.host == _HUB)
    finally:
        await connections.close()


class _Looking:
    """What the questions of one look have in common."""

    def __init__(self, transport: Transport, reach: Reach, deadline: float) -> None:
        self._transport = transport
        self._reach = reach
        self._request = Request(
            url=Url(reach.origin, "/v2/"), max_bytes=_MAX_BODY, deadline=deadline
        )

    async def look(self, credentials: Sequence[Held], *, hub: bool) -> Ping:
        began = time.monotonic()
        first = await Redirecting(self._transport).send(self._request)
        seconds = time.monotonic() - began
        if first.status not in _ALIVE:
            raise failure(first, "/v2/")
        challenge = choose(parse_challenges(first.all("www-authenticate")))
        last, refused = first, None
        if first.status != _OK:
            last, refused = await self._log_in(first, credentials)
        limits = rate_limit(last)
        if hub and limits is None and refused is None:
            limits = await self._hub_limits(credentials)
        return Ping(
            seconds=seconds,
            challenge=_shown(challenge),
            refused=refused,
            expires=_expires(first.certificate),
            limits=limits,
        )

    async def _log_in(
        self, first: Response, credentials: Sequence[Held]
    ) -> tuple[Response, Unknown | None]:
        """The answer to the first credential that is good; else why the last one is not."""
        if first.status == _LIMITED:
            return first, _why(failure(first, "/v2/"))
        last, refused = first, Unknown(Reason.UNAUTHORIZED, "nobody is let in")
        for held in credentials or (_NOBODY,):
            try:
                last = await self._as(held, "", self._request)
            except RegistryError as error:
                refused = _why(error)
                continue
            if last.status == _OK:
                return last, None
            refused = _why(failure(last, "/v2/"))
        return last, refused

    async def _hub_limits(self, credentials: Sequence[Held]) -> RateLimit | None:
        path = f"/v2/{_HUB_LIMITS}/manifests/latest"
        asking = replace(self._request, method="HEAD", url=Url(self._reach.origin, path))
        for held in credentials or (_NOBODY,):
            try:
                return rate_limit(await self._as(held, _HUB_LIMITS, asking))
            except RegistryError:
                continue
        return None

    async def _as(self, held: Held, repository: str, request: Request) -> Response:
        tokens = Tokens(time.monotonic)
        asking = Authenticated(
            Redirecting(self._transport),
            tokens=self._transport,
            reach=self._reach,
            repository=repository,
            credentials=[held],
            lobby=Lobby(tokens),
            anonymously=isinstance(held.credential, Anonymous),
        )
        try:
            return await asking.send(request)
        finally:
            await tokens.close()


def _why(error: RegistryError) -> Unknown:
    return Unknown(error.reason, str(error))


def _shown(challenge: Challenge | None) -> str:
    """Scheme, and the host of the token service; never the address, which may say more."""
    if challenge is None:
        return ""
    if challenge.scheme != "bearer":
        return challenge.scheme.capitalize()
    try:
        realm = parse_url(challenge.parameter("realm"), "the token service")
    except RegistryError:
        return "Bearer"
    return f"Bearer {printable(realm.origin.authority, 260)}"


def _expires(certificate: bytes) -> datetime | None:
    if not certificate:
        return None
    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc
    except ValueError:
        return None
