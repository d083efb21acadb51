"""A plain HTTP client for the demo registry: what comes back, and nothing done about it."""

from __future__ import annotations

import ssl
from typing import Any, NamedTuple

import msgspec
from aiohttp import ClientSession, TCPConnector

from webhook.demo.images import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

ACCEPT = f"{OCI_INDEX}, {DOCKER_LIST}, {OCI_MANIFEST}, {DOCKER_MANIFEST}"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The error code of the distribution spec."""
        return str(self.json["errors"][0]["code"])


async def ask(
    url: str, method: str = "GET", *, tls: ssl.SSLContext | None = None, **headers: str
) -> Reply:
    """One request on a connection of its own; header names are given in lower case."""
    async with ClientSession(connector=TCPConnector(ssl=tls or True)) as session:
        sent = {"accept": ACCEPT} | headers
        async with session.request(method, url, headers=sent, allow_redirects=False) as answer:
            found = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, found, await answer.read())
