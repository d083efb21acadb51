"""Redirects by hand: few, never down to plain HTTP, and no credential ever crosses an origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.registry.documents import bad
from webhook.registry.url import follow

if TYPE_CHECKING:
    from webhook.registry.exchange import Request, Response, Transport

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HOPS = 3
_READING = frozenset({"GET", "HEAD"})


class Redirecting:
    """Follows what a registry redirects to: blobs live in object stores (distribution-spec)."""

    def __init__(self, inner: Transport) -> None:
        """Every hop goes through `inner`, and so past the socket guard."""
        self._inner = inner

    async def send(self, request: Request) -> Response:
        """See `Transport.send`.

        Raises:
            BadContentError: a redirect leads nowhere, from https to http, or more than 3 times on.
        """
        for _ in range(_MAX_HOPS + 1):
            response = await self._inner.send(request)
            location = response.header("location")
            if (
                response.status not in _REDIRECTS
                or location is None
                # What is sent goes where it was addressed, or nowhere.
                or request.method not in _READING
            ):
                return response
            request = _next(request, location)
        raise bad(f"{request.url.origin.authority} and others redirect more than {_MAX_HOPS} times")


def _next(request: Request, location: str) -> Request:
    here = request.url.origin
    target = follow(request.url, location)
    there = target.origin
    if here.scheme == "https" and there.scheme == "http":
        raise bad(f"{here.authority} redirects to plain HTTP at {there.authority}")
    # Dropped for good: an answer that leads back does not get it again. Object stores also refuse
    # a request that carries both a signed address and this header.
    kept = request.authorization if there == here else ""
    headers = request.headers if there == here else ()
    return replace(request, url=target, authorization=kept, headers=headers)
