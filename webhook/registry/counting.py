"""Counts what registries are asked, and what they answer, for Prometheus."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from webhook.errors import RegistryError
from webhook.registry.ratelimit import rate_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from webhook.registry.exchange import Request, Response, Transport

_MAX_HOSTS = 100
"""Hosts that are counted by name; they come from Registries, and those come and go for ever."""
_OTHERS = "(others)"
_OUTCOMES = {
    304: "ok",
    401: "unauthorized",
    403: "unauthorized",
    404: "not-found",
    429: "rate-limited",
}
_CLASSES = {2: "ok", 3: "redirect", 4: "refused", 5: "server-error"}


class Requests:
    """The requests of one process to registries: a collector of prometheus_client.

    They are counted under the host that a Registry (or its mirror) names, also where a token
    service or a redirect led elsewhere: hosts that strangers name would be labels without end.
    """

    def __init__(self) -> None:
        """Begin at zero."""
        self._sent: Counter[tuple[str, str]] = Counter()
        self._hosts: set[str] = set()
        self._left: dict[str, int] = {}

    def counted(self, transport: Transport, host: str) -> Transport:
        """A transport that counts each of its requests for `host`."""
        return _Counted(transport, self, host)

    def note(self, host: str, outcome: str) -> str:
        """Count one request; gives the host under which it counts."""
        if len(self._hosts) < _MAX_HOSTS:
            self._hosts.add(host)
        name = host if host in self._hosts else _OTHERS
        self._sent[name, outcome] += 1
        return name

    def note_left(self, host: str, remaining: int) -> None:
        """Remember what a registry said last of how many requests are left."""
        self._left[host] = remaining

    def collect(self) -> Iterator[Metric]:
        """The protocol of prometheus_client's custom collectors."""
        sent = CounterMetricFamily(
            "cocket_registry_requests",
            "HTTP requests for facts about images, by host of the Registry and what came of them.",
            labels=("host", "outcome"),
        )
        for key, count in self._sent.items():
            sent.add_metric(key, count)
        yield sent
        left = GaugeMetricFamily(
            "cocket_registry_rate_limit_remaining",
            "What a registry said last of how many requests are left; absent where it does not.",
            labels=("host",),
        )
        for host, remaining in self._left.items():
            left.add_metric((host,), remaining)
        yield left


class _Counted:
    """A transport that counts."""

    def __init__(self, transport: Transport, requests: Requests, host: str) -> None:
        self._transport = transport
        self._requests = requests
        self._host = host

    async def send(self, request: Request) -> Response:
        """Ask, and count what came of it."""
        try:
            response = await self._transport.send(request)
        except RegistryError as error:
            self._requests.note(self._host, error.reason.value)
            raise
        host = self._requests.note(self._host, outcome(response.status))
        limit = rate_limit(response)
        if limit is not None and limit.remaining is not None:
            self._requests.note_left(host, limit.remaining)
        return response


def outcome(status: int) -> str:
    """The outcome of an answer with this HTTP status: one word of a short list."""
    return _OUTCOMES.get(status) or _CLASSES.get(status // 100, "bad-content")
