"""What probes and Prometheus ask for; FastAPI, as nobody minds its time here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from webhook.admission.checks import verbose
from webhook.admission.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from webhook.admission.checks import Check
    from webhook.admission.metrics import Metrics


def health_app(
    ready: Callable[[], bool],
    metrics: Metrics | None = None,
    checks: Callable[[], Sequence[Check]] = tuple,
) -> FastAPI:
    """The application with `/livez`, `/readyz` and, where `metrics` are given, `/metrics`.

    No redirects: an API server follows them (CVE-2020-8561). No documentation pages.

    Args:
        ready: whether new connections should come here.
        metrics: served where they are given.
        checks: what that depends on, told where `/readyz?verbose` is asked.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    @app.get("/livez")
    async def livez() -> Response:
        """Whether the process answers at all."""
        return Response("ok\n", media_type="text/plain")

    @app.get("/readyz")
    async def readyz(request: Request) -> Response:
        """Whether new connections should come here."""
        yes = ready()
        told = checks() if "verbose" in request.query_params else ()
        text = verbose(told, ready=yes) if told else "ok\n" if yes else "not ready\n"
        return Response(text, status_code=200 if yes else 503, media_type="text/plain")

    if metrics is not None:

        @app.get("/metrics")
        async def all_metrics() -> Response:
            """All counters."""
            return Response(metrics.render(), media_type=CONTENT_TYPE)

    return app
