"""Real names of hosts, and servers on loopback behind them: everything else is as in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.registry.reach import Reach
from webhook.registry.transport import AiohttpTransport
from webhook.registry.url import parse_origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.registry.exchange import Request, Response
    from webhook.registry.transport import Connections


class Rerouted:
    """A transport for one registry, whose hosts (`host[:port]`) are served at others, over HTTP."""

    def __init__(
        self, connections: Connections, served: Mapping[str, str], sent: list[Request] | None = None
    ) -> None:
        """Send to `served[host]`; `sent` fills with what was to be sent, as it was."""
        self._connections = connections
        self._served = served
        self._sent = [] if sent is None else sent

    async def send(self, request: Request) -> Response:
        self._sent.append(request)
        asked = request.url.origin
        there = parse_origin("http", self._served[asked.authority])
        assert there is not None
        transport = AiohttpTransport(self._connections, Reach(origin=there, private=True))
        answer = await transport.send(replace(request, url=replace(request.url, origin=there)))
        return replace(answer, origin=asked)
