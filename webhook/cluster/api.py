"""One connection to an API server: requests with bytes in and bytes out, and streams of lines."""

from __future__ import annotations

from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec
from aiohttp.http_exceptions import HttpProcessingError
from kubernetes.aio.config import ConfigException

from webhook.cluster.status import status_error
from webhook.core.printable import printable
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from kubernetes.aio.client import ApiClient

T = TypeVar("T")

_SECONDS = 30.0
"""For one request and its answer. A page of 500 Pods takes a tenth of a second."""
_SILENCE = 100.0
"""Seconds without a line after which a stream is opened anew: the other end may be dead. Bookmarks
come every minute, but not of a kind in which nothing has happened since the API server started."""
_MAX_ANSWER = 32 * 1024 * 1024
TOO_LARGE = "TooLarge"
TOO_SLOW = "TooSlow"
"""Reason, of ours, for an answer of more bytes than that."""
_MAX_LINE = 16 * 1024 * 1024
"""One event of a watch. etcd takes objects of 1.5 MB, and JSON is larger than what it keeps."""
_SMALL = 64 * 1024
_JSON = "application/json"
_NO_QUERY: Mapping[str, str] = {}


class Api:
    """The API of one cluster, as one user."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        """Speak through the official client, which keeps the login fresh.

        Args:
            client: configured, and closed by whoever opened it.
            namespace: our own.
        """
        self.client = client
        self.namespace = namespace
        # The library follows redirects, with the client's certificate and the body.
        tracing = aiohttp.TraceConfig()
        tracing.on_request_redirect.append(_refuse_redirect)
        tracing.freeze()
        configuration = client.configuration
        configuration.trace_configs = [*(configuration.trace_configs or ()), tracing]

    @property
    def server(self) -> str:
        """URL of the API server."""
        return str(self.client.configuration.host)

    async def authorization(self) -> str:
        """The value of the header `Authorization` that we log in with; empty with a certificate.

        Raises:
            ClusterError: the login cannot be renewed.
        """
        headers: dict[str, str] = {}
        try:
            await self.client.update_params_for_auth(headers, [], ["BearerToken"], "", "GET", None)
        except (OSError, ConfigException) as error:
            raise ClusterError(f"no login: {printable(str(error), 300)}") from error
        return headers.get("authorization", "")

    async def read(self, path: str, query: Mapping[str, str] = _NO_QUERY) -> bytes:
        """GET."""
        return await self._ask("GET", path, query)

    async def proxied(self, path: str, headers: Mapping[str, str]) -> bytes:
        """GET from a server behind the API server, with headers for it."""
        return await self._ask("GET", path, _NO_QUERY, headers=headers)

    async def get(self, path: str, into: type[T], query: Mapping[str, str] = _NO_QUERY) -> T:
        """GET, decoded."""
        return decode(await self.read(path, query), into, path)

    async def time(self) -> datetime | None:
        """What time the API server thinks it is, to the second; None where it does not say.

        Raises:
            ClusterError: it was not reached, or said no.
        """
        path = "/version"
        async with self._response("GET", path, _NO_QUERY, None, _JSON, total=_SECONDS) as response:
            await _bounded(response, path)
            try:
                # RFC 9110, 6.6.1: an HTTP-date in GMT.
                return parsedate_to_datetime(response.headers.get("Date", ""))
            except ValueError:
                return None

    async def create(self, path: str, body: object, query: Mapping[str, str] = _NO_QUERY) -> bytes:
        """POST an object to the collection."""
        return await self._ask("POST", path, query, body)

    async def replace(self, path: str, body: object) -> bytes:
        """PUT a whole object."""
        return await self._ask("PUT", path, _NO_QUERY, body)

    async def apply(self, path: str, body: object, *, manager: str, force: bool = False) -> bytes:
        """Server-side apply: the fields of `body` belong to `manager` from now on (KEP-555)."""
        query = {"fieldManager": manager} | ({"force": "true"} if force else {})
        return await self._ask("PATCH", path, query, body, "application/apply-patch+yaml")

    async def merge(self, path: str, body: object, *, manager: str = "") -> bytes:
        """Merge patch (RFC 7396): null removes a field; `manager` is who `managedFields` names."""
        query = {"fieldManager": manager} if manager else _NO_QUERY
        return await self._ask("PATCH", path, query, body, "application/merge-patch+json")

    async def delete(self, path: str, body: object = None) -> bytes:
        """DELETE one object; `body` may hold DeleteOptions with preconditions."""
        return await self._ask("DELETE", path, _NO_QUERY, body)

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """GET a stream of lines, as of a watch.

        Raises:
            ClusterError: it cannot be opened; while reading, that it broke. Silence ends it.
        """
        async with self._response("GET", path, query, None, _JSON, total=None) as response:
            yield _lines(response, path)

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object = None,
        content_type: str = _JSON,
        *,
        headers: Mapping[str, str] = _NO_QUERY,
    ) -> bytes:
        """One request.

        Raises:
            ClusterError: the API server was not reached, or said no.
        """
        async with self._response(
            method, path, query, body, content_type, total=_SECONDS, more=headers
        ) as response:
            return await _bounded(response, path)

    @asynccontextmanager
    async def _response(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object,
        content_type: str,
        *,
        total: float | None,
        more: Mapping[str, str] = _NO_QUERY,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        # No compression: it costs the API server more than the network does.
        headers: dict[str, str] = {"Accept": _JSON, "Accept-Encoding": "identity", **more}
        headers["Content-Type"] = content_type
        url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
        limits = aiohttp.ClientTimeout(total=total, sock_connect=10.0, sock_read=_SILENCE)
        response = None
        try:
            await self.client.update_params_for_auth(
                headers, [], ["BearerToken"], path, method, body
            )
            answer = await self.client.rest_client.request(
                method,
                url,
                headers=headers,
                body=None if body is None else msgspec.to_builtins(body),
                _request_timeout=limits,
            )
            response = answer.response
            if response.status >= 300:  # noqa: PLR2004 - success is 200 to 299 (RFC 9110, 15.3)
                beginning = await response.content.read(_SMALL)
                raise status_error(response.status, beginning, f"{method} {path}")
            yield response
        except (aiohttp.ClientError, TimeoutError, OSError, ConfigException) as error:
            # The last one: the login cannot be renewed, as its file is being replaced.
            said = printable(str(error), 300) or type(error).__name__
            raise ClusterError(
                f"{method} {path}: the API server was not reached: {said}",
                reason=TOO_SLOW if isinstance(error, TimeoutError) else "",
            ) from error
        finally:
            if response is not None:
                _hang_up(response) if total is None else response.release()


async def _refuse_redirect(
    _session: aiohttp.ClientSession, _context: object, asked: aiohttp.TraceRequestRedirectParams
) -> None:
    asked.response.close()
    status = asked.response.status
    raise ClusterError(
        f"{asked.method} {asked.url.raw_path}: the API server answered {status}: a redirect, and"
        " none is followed",
        status=status,
    )


def _hang_up(response: aiohttp.ClientResponse) -> None:
    """End a stream at once: a polite end of TLS waits for the other side, and outlives the loop."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()


async def _bounded(response: aiohttp.ClientResponse, path: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > _MAX_ANSWER:
            raise ClusterError(
                f"{path}: the answer is larger than {_MAX_ANSWER} bytes", reason=TOO_LARGE
            )
        parts.append(part)
    return b"".join(parts)


async def _lines(response: aiohttp.ClientResponse, path: str) -> AsyncIterator[bytes]:
    while True:
        try:
            # Its own limit is 128 KB; a Secret or a policy with its managedFields may be larger.
            line = await response.content.readline(max_line_length=_MAX_LINE)
        except TimeoutError:
            return  # the next request tells whether the API server is still there
        except (aiohttp.ClientError, OSError) as error:
            said = printable(str(error), 300) or type(error).__name__
            raise ClusterError(f"the watch of {path} broke: {said}") from error
        except (ValueError, HttpProcessingError) as error:
            raise ClusterError(
                f"the watch of {path} sent a line that is too long", reason="Expired"
            ) from error
        if not line:
            return
        yield line


def decode(data: bytes | msgspec.Raw, into: type[T], path: str) -> T:
    """Decode what the API server sent.

    Raises:
        ClusterError: it is not of that shape.
    """
    try:
        return msgspec.json.decode(data, type=into)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClusterError(f"{path}: unexpected content: {error}") from error
