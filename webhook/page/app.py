"""The application: `/report` for people, `/report.json` for tools."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from webhook.page.access import Denied, token_of
from webhook.reports.html.render import page_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.page.gate import Gate
    from webhook.page.shown import Shown

_TEXT = "text/plain; charset=utf-8"
_AGAIN = "2"
"""Seconds: another replica may answer then."""

# A page that is nobody's frame, script or picture, and that no cache keeps. frame-ancestors may
# only stand in a header (Content Security Policy Level 3, 3.3).
_ALWAYS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Authorization",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"

_log = logging.getLogger(__name__)


def page_app(page: Shown, data: Shown, gate: Gate | None) -> FastAPI:
    """Serve two forms of one report.

    No redirects, no documentation pages, no cookies: the right to read comes with every request.

    Args:
        page: HTML.
        data: JSON.
        gate: lets in; None lets everybody in.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    @app.get("/report")
    async def report(request: Request) -> Response:
        """The page."""
        policy = f"{page_policy()}; frame-ancestors 'none'"
        return await _answer(request, page, gate, "text/html; charset=utf-8", policy)

    @app.get("/report.json")
    async def report_json(request: Request) -> Response:
        """The same as data."""
        return await _answer(request, data, gate, "application/json", _NOTHING)

    return app


async def _answer(
    request: Request, shown: Shown, gate: Gate | None, media: str, policy: str
) -> Response:
    if gate is not None:
        access = await gate.access(token_of(request.headers.raw))
        if isinstance(access, Denied):
            return _refused(access)
        _log.info("the report is read by %s", access.user)
    content = await shown.newest()
    if isinstance(content, str):
        return _refused(Denied(503, content))
    headers = {**_ALWAYS, "Content-Security-Policy": policy}
    return Response(content, media_type=media, headers=headers)


def _refused(denied: Denied) -> Response:
    headers = {**_ALWAYS, "Content-Security-Policy": _NOTHING}
    if denied.status == 401:  # noqa: PLR2004 - RFC 9110, 15.5.2: it must say how to log in
        headers["WWW-Authenticate"] = 'Bearer realm="cocket"'
    elif denied.status == 503:  # noqa: PLR2004 - RFC 9110, 15.6.4
        headers["Retry-After"] = _AGAIN
    return Response(f"{denied.sentence}\n", denied.status, headers, _TEXT)
