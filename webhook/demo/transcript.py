"""What was asked of the demo registry, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from aiohttp import web

_HEADERS_KEPT = frozenset(
    {"accept", "accept-encoding", "authorization", "cookie", "range", "user-agent"}
)


class Seen(msgspec.Struct, frozen=True):
    """One request, as it arrived."""

    method: str
    host: str
    """The Host header: tells the two ports of the registry apart."""
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Names in lower case; those that a client chooses with care, no others."""


def seen(request: web.BaseRequest) -> Seen:
    """The parts of a request that tests ask about."""
    return Seen(
        method=request.method,
        host=request.host,
        path=request.path,
        query={name: request.query.getall(name) for name in request.query},
        headers={
            name.lower(): value
            for name, value in request.headers.items()
            if name.lower() in _HEADERS_KEPT
        },
    )
