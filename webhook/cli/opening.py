"""What `cocket audit --open` does: fetches the report that the operator serves, and opens it."""

from __future__ import annotations

import asyncio
import http.client
import os
import ssl
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from webhook.cluster.login import open_api
from webhook.core.printable import printable
from webhook.errors import ClusterError, InputError
from webhook.page.access import PROXIED

if TYPE_CHECKING:
    from collections.abc import Callable

_TRIES = 20
"""Of the operator's replicas one has the report: the API server chooses among them by chance."""
_PAUSE_SECONDS = 0.25
_SECONDS = 30.0
_MAX_REPORT = 64 * 1024 * 1024
_MAX_SAID = 1000
_OK = 200
_TRY_AGAIN = 503
_HINT = "`cocket audit -A -o html --output report.html` makes such a report without the operator"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Where the report is, and who asks for it."""

    kubeconfig: Path | None
    context: str | None
    namespace: str
    """Where Cocket is installed."""
    service: str
    url: str
    """Empty: through the API server."""
    ca: Path | None
    """Of the server at `url`, PEM."""
    token_file: Path | None
    """None: the token of the login."""
    output: Path | None
    """None: a new file in a folder of its own."""


def open_report(opening: Opening, warn: Callable[[str], None]) -> Path:
    """Fetch the report into a file and show it in the browser; gives the file.

    Raises:
        InputError: there is no token, or no report came; the message says what to do.
    """
    try:
        content = asyncio.run(_fetched(opening))
    except ClusterError as error:
        raise InputError(f"no report: {error}. {_HINT}") from error
    if not content.startswith(b"<!doctype html>"):
        raise InputError(f"no report: what came is no page of ours. {_HINT}")
    file = _written(content, opening.output)
    try:
        shown = webbrowser.open(file.as_uri())
    except webbrowser.Error:
        shown = False
    if not shown:
        warn("there is no browser here: open the file in one")
    return file


async def _fetched(opening: Opening) -> bytes:
    """The report.

    Raises:
        ClusterError: it did not come.
        InputError: there is no token to show.
    """
    async with open_api(kubeconfig=opening.kubeconfig, context=opening.context) as api:
        authorization = await api.authorization()
        if opening.token_file is not None:
            authorization = f"Bearer {_token(opening.token_file)}"
        if not authorization.lower().startswith("bearer "):
            raise InputError(
                "no report: the kubeconfig logs in without a token, and the report is shown by"
                " token. Give one with --report-token FILE, such as one that `kubectl create token`"
                f" makes. {_HINT}"
            )
        for left in reversed(range(_TRIES)):
            try:
                if opening.url:
                    return await asyncio.to_thread(_direct, opening, authorization)
                return await api.proxied(_proxy(opening), {PROXIED: authorization})
            except ClusterError as error:
                if error.status != _TRY_AGAIN or not left:
                    raise
            await asyncio.sleep(_PAUSE_SECONDS)
    raise AssertionError  # pragma: no cover - the last try returns or raises


def _proxy(opening: Opening) -> str:
    # The scheme and the port's name are part of the name that a Service is proxied by.
    service = f"https:{opening.service}:report"
    return f"/api/v1/namespaces/{opening.namespace}/services/{service}/proxy/report"


def _direct(opening: Opening, authorization: str) -> bytes:
    """The report from `url`; blocks. Follows no redirect: the token is for nobody else.

    Raises:
        ClusterError: it did not come.
        InputError: the URL or the CA cannot be used.
    """
    shown = printable(opening.url, 300)
    try:
        parts = urlsplit(opening.url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"--report-url {shown}: {error}") from error
    if parts.scheme != "https" or not host:
        raise InputError(f"--report-url {shown}: write https://HOST[:PORT]/report")
    try:
        tls = ssl.create_default_context(cafile=opening.ca)
    except (OSError, ValueError) as error:
        raise InputError(f"--report-ca {opening.ca}: {error}") from error
    connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=tls)
    try:
        connection.request("GET", parts.path or "/report", headers={"Authorization": authorization})
        answer = connection.getresponse()
        content = answer.read(_MAX_REPORT + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ClusterError(f"{shown} was not reached: {printable(str(error), 300)}") from error
    finally:
        connection.close()
    if len(content) > _MAX_REPORT:
        raise ClusterError(f"{shown}: the report is larger than {_MAX_REPORT} bytes")
    if answer.status != _OK:
        said = printable(content.decode("utf-8", "replace").strip(), _MAX_SAID)
        raise ClusterError(f"{shown} answered {answer.status}: {said}", status=answer.status)
    return content


def _token(file: Path) -> str:
    try:
        text = file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise InputError(f"--report-token {file}: cannot be read: {error}") from error
    if not text or not text.isprintable() or " " in text:
        raise InputError(f"--report-token {file}: write the token there, and nothing else")
    return text


def _written(content: bytes, output: Path | None) -> Path:
    """A file that nobody else can read: it tells what runs in the cluster."""
    file = output or Path(tempfile.mkdtemp(prefix="cocket-")) / "report.html"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(content)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error
    return file.absolute()
