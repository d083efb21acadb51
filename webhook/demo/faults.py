"""What can go wrong on the way from a registry, as values that a test puts in its way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One change to the right answer; fields that are not set leave it as it is."""

    method: str = ""
    """Only requests of this method; empty: all."""
    logged_in: bool = False
    """Only requests with an Authorization header: what a registry refuses after its login."""
    delay: float = 0.0
    """Seconds before the first byte."""
    status: int = 0
    """Another status. Without `body` the body tells it as an error in the registry's form."""
    code: str = "UNKNOWN"
    """The error code in that body."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers to set in place of those of the same name; an empty value removes one."""
    body: bytes | None = None
    """Other bytes. Headers stay as they were, the digest too."""
    chunked: bool = False
    """The length is not told (Transfer-Encoding: chunked)."""
    drip: float = 0.0
    """Seconds before each single byte of the body."""
    cut: int | None = None
    """The full length is promised, and the connection ends after this many bytes of the body."""
    endless: bool = False
    """The body comes again and again, until the other side has had enough."""
    hang_up: bool = False
    """The connection ends without an answer. Many clients ask once more by themselves: it takes two
    of these to get through to whoever uses such a client."""


def meets(fault: Fault, request: web.BaseRequest) -> bool:
    """Whether it is a request that the fault is for."""
    known = "Authorization" in request.headers or not fault.logged_in
    return known and fault.method in {"", request.method}


async def answer(
    request: web.BaseRequest, right: web.Response, fault: Fault | None
) -> web.StreamResponse:
    """Send the right answer, or what the fault makes of it."""
    if fault is None:
        return right
    if fault.delay:
        await asyncio.sleep(fault.delay)
    changed = _changed(right, fault)
    if fault.hang_up:
        _hang_up(request)
        return changed
    if not (fault.chunked or fault.drip or fault.endless or fault.cut is not None):
        return changed
    return await _streamed(request, changed, fault)


def problem(status: int, code: str, message: str, detail: object = None) -> web.Response:
    """An error in the form of the distribution spec, section «Error Codes»."""
    body = {"errors": [{"code": code, "message": message, "detail": detail}]}
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json"
    )


def _changed(right: web.Response, fault: Fault) -> web.Response:
    response = problem(fault.status, fault.code, "as ordered") if fault.status else right
    if fault.body is not None:
        response.body = fault.body
    for name, value in fault.headers:
        if value:
            response.headers[name] = value
        else:
            response.headers.popall(name, None)
    return response


async def _streamed(
    request: web.BaseRequest, whole: web.Response, fault: Fault
) -> web.StreamResponse:
    body = whole.body if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(status=whole.status, headers=whole.headers)
    if fault.chunked or fault.endless:
        response.headers.popall("Content-Length", None)
        response.enable_chunked_encoding()
    else:
        response.content_length = len(body)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    async for part in _parts(body, fault):
        try:
            await response.write(part)
        except ConnectionError:  # They had enough; that is what an endless body is for.
            return response
    if fault.cut is not None:
        _hang_up(request)
    return response


async def _parts(body: bytes, fault: Fault) -> AsyncIterator[bytes]:
    while True:
        for part in _pieces(body if fault.cut is None else body[: fault.cut], fault):
            await asyncio.sleep(fault.drip)
            yield part
        if not fault.endless:
            return


def _pieces(body: bytes, fault: Fault) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))] if fault.drip else [body]


def _hang_up(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()  # What was written before still leaves.
