"""The only door to aiohttp's client: guarded sockets, checked certificates, bounded answers."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Self, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.errors import BadContentError, BlockedError, RegistryError, UnavailableError
from webhook.registry.bodies import read_body
from webhook.registry.exchange import Request, Response
from webhook.registry.forbidden import NOTHING, Forbidden
from webhook.registry.guard import BlockedAddressError, check
from webhook.registry.tls import Contexts

if TYPE_CHECKING:
    from webhook.registry.reach import Reach
    from webhook.registry.url import Origin

_CONNECT_SECONDS = 2.0
"""For connecting to one address, TLS handshake included."""
_CONNECT_ALL_SECONDS = 4.0
"""For resolving the name and trying its addresses, one after the other."""
_READ_SECONDS = 5.0
"""Between two pieces of an answer; the request's deadline bounds the whole."""
_CONNECTIONS = 100
_CONNECTIONS_PER_HOST = 40
"""More than the turns of one registry: several may have their blobs at one object store."""
_KEEP_ALIVE_SECONDS = 60.0
_MAX_HEADERS = 64
_MAX_HEADER_BYTES = 8190
_MAX_ADDRESSES = 16
_LARGE_BUFFER = 1024 * 1024
"""Bytes that are read ahead of a body which goes on piece by piece."""

Lookup: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name and a port to addresses in text; raises OSError where there are none."""

Allowed: TypeAlias = Callable[[str, str, int], None]
"""Of a host name, an address of it and a port; raises BlockedAddressError."""

TRANSPORT_ERRORS = (
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,  # TimeoutError and ssl.SSLError among them
    RuntimeError,  # uvloop raises it where asyncio raises OSError
    UnicodeError,  # a host name that IDNA refuses
)
"""All that aiohttp, ssl and the system throw at a request."""

_FAILURES: tuple[tuple[type[BaseException], Reason, str], ...] = (
    (BlockedAddressError, Reason.UNREACHABLE, "it must not be contacted"),
    (ssl.SSLCertVerificationError, Reason.UNTRUSTED_TLS, "its certificate is not trusted"),
    (aiohttp.ServerFingerprintMismatch, Reason.UNTRUSTED_TLS, "its certificate is not trusted"),
    (ssl.SSLError, Reason.UNTRUSTED_TLS, "no safe TLS connection could be made"),
    (aiohttp.ClientSSLError, Reason.UNTRUSTED_TLS, "no safe TLS connection could be made"),
    (TimeoutError, Reason.TIMED_OUT, "it did not answer in time"),
    (aiohttp.ClientConnectorDNSError, Reason.UNREACHABLE, "its name cannot be resolved"),
    (socket.gaierror, Reason.UNREACHABLE, "its name cannot be resolved"),
    (UnicodeError, Reason.UNREACHABLE, "its name cannot be resolved"),
    (aiohttp.ClientPayloadError, Reason.UNREACHABLE, "its answer broke off"),
    (aiohttp.ClientResponseError, Reason.BAD_CONTENT, "its answer is no valid HTTP"),
    (HttpProcessingError, Reason.BAD_CONTENT, "its answer is no valid HTTP"),
    (BaseException, Reason.UNREACHABLE, "no connection could be made, or it broke"),
)
"""The first row that fits decides: from the narrow to the wide."""


def registry_error(error: BaseException, origin: Origin) -> RegistryError:
    """What a failure below HTTP means; never an address with its query, never a header."""
    chain = [error, *_causes(error)]
    for kind, reason, words in _FAILURES:
        found = next((one for one in reversed(chain) if isinstance(one, kind)), None)
        if found is not None:
            detail = f"{origin.authority}: {words}{_detail(found)}"
            if kind is BlockedAddressError:
                return BlockedError(reason, detail)
            known = BadContentError if reason is Reason.BAD_CONTENT else UnavailableError
            return known(reason, detail)
    raise AssertionError  # pragma: no cover - the last row fits everything


def _timeout(silence: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=None,
        connect=_CONNECT_ALL_SECONDS,
        sock_connect=_CONNECT_SECONDS,
        sock_read=silence,
    )


_TIMEOUT = _timeout(_READ_SECONDS)


class Connections:
    """The pools of open connections, the DNS answers and the TLS settings of one process.

    There are two pools: one may dial private addresses, one may not, and no connection of the
    first is ever used for the second.
    """

    def __init__(
        self,
        lookup: Lookup | None = None,
        *,
        excepted: frozenset[str] = frozenset(),
        forbidden: Forbidden = NOTHING,
    ) -> None:
        """Nothing is opened before the first request.

        Args:
            lookup: how names are resolved; by default as the system does.
            excepted: addresses that the guard lets pass; none but for a cloud's own services.
            forbidden: what it lets pass for nobody.
        """
        self._lookup = lookup or _system_lookup
        self._excepted = excepted
        self._forbidden = forbidden
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self.contexts = Contexts()

    def session(self, *, private: bool) -> aiohttp.ClientSession:
        """The pool that may, or may not, dial private addresses."""
        if private not in self._sessions:

            def allowed(host: str, address: str, port: int) -> None:
                check(address, private=private, excepted=self._excepted)
                self._forbidden.check(host, address, port)

            self._sessions[private] = _session(self._lookup, allowed)
        return self._sessions[private]

    async def close(self) -> None:
        """Close every connection."""
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()


class AiohttpTransport:
    """One request over one guarded connection; redirects are an answer like any other."""

    def __init__(self, connections: Connections, reach: Reach) -> None:
        """Speak for one registry, as far as it reaches."""
        self._connections = connections
        self._reach = reach

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        origin = request.url.origin
        private = self._reach.private and self._reach.owns(origin)
        tls: ssl.SSLContext | bool = True
        if origin.scheme == "https":
            tls = self._connections.contexts.of(self._reach, origin)
        try:
            async with (
                asyncio.timeout_at(request.deadline),
                self._connections.session(private=private).request(
                    request.method,
                    _yarl(request),
                    headers=request.sent_headers,
                    data=request.sent_body,
                    allow_redirects=False,
                    ssl=tls,
                    timeout=_TIMEOUT if request.silence is None else _timeout(request.silence),
                    read_bufsize=None if request.sink is None else _LARGE_BUFFER,
                ) as answer,
            ):
                body = await read_body(answer, request)
                certificate = answer.certificate if isinstance(answer, _Answer) else b""
                return Response(
                    status=answer.status,
                    headers=tuple((name.lower(), text) for name, text in answer.headers.items()),
                    body=body,
                    origin=origin,
                    certificate=certificate,
                )
        except TRANSPORT_ERRORS as error:
            raise registry_error(error, origin) from error


class _Answer(aiohttp.ClientResponse):
    """Knows its peer's certificate, also when it has given its connection back."""

    certificate = b""

    async def start(self, connection: aiohttp.connector.Connection) -> Self:
        tls = connection.transport and connection.transport.get_extra_info("ssl_object")
        await super().start(connection)
        self.certificate = (tls and tls.getpeercert(binary_form=True)) or b""
        return self


class _Resolver(AbstractResolver):
    """Names to addresses, all of them allowed: one forbidden address spoils the whole answer."""

    def __init__(self, lookup: Lookup, allowed: Allowed) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family  # both families; the system says which of them work
        addresses = list(await self._lookup(host, port))[:_MAX_ADDRESSES]
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        for address in addresses:
            self._allowed(host, address, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def _system_lookup(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _session(lookup: Lookup, allowed: Allowed) -> aiohttp.ClientSession:
    def dial(info: aiohttp.AddrInfoType) -> socket.socket:
        # aiohttp asks no resolver about IP literals; every socket passes here.
        family, kind, proto, _, sockaddr = info
        allowed("", str(sockaddr[0]), int(sockaddr[1]))
        return socket.socket(family, kind, proto)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_Resolver(lookup, allowed),
            socket_factory=dial,
            limit=_CONNECTIONS,
            limit_per_host=_CONNECTIONS_PER_HOST,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=_Answer,
        timeout=_TIMEOUT,
        auto_decompress=False,
        trust_env=False,
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
        max_headers=_MAX_HEADERS,
    )


def _yarl(request: Request) -> URL:
    origin = request.url.origin
    return URL.build(
        scheme=origin.scheme,
        host=f"[{origin.host}]" if ":" in origin.host else origin.host,
        port=origin.port,
        path=request.url.path,
        query_string=request.url.query,
        encoded=True,
    )


def _causes(error: BaseException) -> list[BaseException]:
    """What a failure was made of; aiohttp wraps the system's errors once or twice."""
    found: list[BaseException] = []
    cause = error.__cause__
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__
    return found


def _detail(error: BaseException) -> str:
    match error:
        case BlockedAddressError():
            return f": {printable(str(error), 120)}"
        case ssl.SSLCertVerificationError():
            return f": {printable(getattr(error, 'verify_message', ''), 120)}"
        case _:
            return ""
