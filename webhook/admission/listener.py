"""One port: accept connections, bound them, and end them in good order."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from uvicorn import Config
from uvicorn.server import ServerState

from webhook.admission.at_once import AtOnceConnection
from webhook.admission.connection import Connection
from webhook.admission.turn import Turn

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, MutableMapping

    from webhook.admission.limits import Limits
    from webhook.admission.metrics import Metrics
    from webhook.admission.turn import AtOnce

    Message: TypeAlias = MutableMapping[str, Any]
    Application: TypeAlias = Callable[
        [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
        Awaitable[None],
    ]

_BACKLOG = 2048
_PAUSE_SECONDS = 0.1
"""After the system would not accept: most often there are no file descriptors left."""
_TLS_GOODBYE_SECONDS = 2.0
_SWEEPS = 20
"""Looks at the deadlines during one `request_seconds`: how late a slow peer may be cut."""
_POLL_SECONDS = 0.02

_log = logging.getLogger(__name__)


class Listener:
    """Accepts by itself, so that handshakes are bounded too: uvicorn counts what came through."""

    def __init__(
        self,
        application: Application,
        *,
        tls: ssl.SSLContext | None,
        limits: Limits,
        metrics: Metrics,
        at_once: AtOnce | None = None,
        certified_only: bool = False,
    ) -> None:
        """Serve `application`; nothing is opened yet.

        Args:
            application: answers requests.
            tls: None on a plain port.
            limits: of connections and of what comes by them.
            metrics: counts them.
            at_once: is asked first where it can be.
            certified_only: whether only peers that showed a certificate may be answered by it.
        """
        self._config = Config(
            cast("Any", application),
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            # The sweep sees to idle connections; uvicorn's own timer is only a second net.
            timeout_keep_alive=int(limits.keep_alive_seconds) + 5,
        )
        self._config.load()
        self._state = ServerState()
        self._tls = tls
        self._limits = limits
        self._metrics = metrics
        self._turn = None if at_once is None else Turn(at_once)
        self._certified_only = certified_only
        self._socket: socket.socket | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._opening: dict[asyncio.Task[None], None] = {}
        self._draining = False

    async def open(self, host: str, port: int) -> int:
        """Listen, and serve from now on; an empty `host` is every address, port 0 any free port.

        Returns:
            The port.

        Raises:
            OSError: it cannot be listened there.
        """
        listening = _listening_socket(host, port)
        self._socket = listening
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._accept(listening)), loop.create_task(self._sweep())]
        return int(listening.getsockname()[1])

    def drain(self) -> None:
        """Serve on, and ask every peer with its next answer to come back on a new connection."""
        self._draining = True
        for connection in self._connections():
            connection.drain()

    async def wait_left(self, patience: float) -> None:
        """Serve on until every peer has closed its connection, for `patience` seconds at most."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        while self._state.connections and loop.time() < deadline:  # noqa: ASYNC110 - uvicorn's set
            await asyncio.sleep(_POLL_SECONDS)

    async def close(self, patience: float) -> None:
        """Accept nothing more, let answers get out for `patience` seconds, end everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
        opening = list(self._opening)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for connection in self._connections():
            connection.shutdown()
        await self.wait_left(patience)
        for connection in self._connections():
            connection.cut("drained")
        tasks = list(self._state.tasks)
        if tasks:
            # Most end by themselves now that their peer is gone.
            await asyncio.wait(tasks, timeout=_TLS_GOODBYE_SECONDS)
        for unfinished in tasks:
            unfinished.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connections(self) -> list[Connection]:
        return cast("list[Connection]", list(self._state.connections))

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except OSError as error:
                _log.warning("cannot accept a connection: %s", error.strerror)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if not self._make_room():
                accepted.close()
                continue
            task = loop.create_task(self._shake_hands(accepted))
            self._opening[task] = None
            task.add_done_callback(self._opened)
            # The task begins before anybody can cancel it: it is the one to close the socket.
            await asyncio.sleep(0)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.pop(task, None)

    def _make_room(self) -> bool:
        """Room for one more: the oldest handshake or the connection that is idle longest ends."""
        if len(self._opening) >= self._limits.handshakes:
            oldest = next(iter(self._opening))
            del self._opening[oldest]
            oldest.cancel()
            self._metrics.closed["crowded"] += 1
        if len(self._state.connections) + len(self._opening) < self._limits.connections:
            return True
        idle = [
            connection
            for connection in self._connections()
            if not connection.waits_for_us and not connection.transport.is_closing()
        ]
        if not idle:
            self._metrics.closed["crowded"] += 1
            return False
        # Who never had an answer goes first: a flood opens connections and says nothing on them.
        min(idle, key=lambda connection: (connection.served > 0, connection.active)).cut("crowded")
        return True

    async def _shake_hands(self, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        tls = self._tls
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # From here on the socket is the transport's, which also closes it after a failure.
            await loop.connect_accepted_socket(
                self._connection,
                accepted,
                ssl=tls,
                ssl_handshake_timeout=self._limits.handshake_seconds if tls else None,
                ssl_shutdown_timeout=_TLS_GOODBYE_SECONDS if tls else None,
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            self._metrics.closed["handshake"] += 1
            _log.debug("a connection was not opened: %s", error)

    def _connection(self) -> Connection:
        given = (self._config, self._state, self._limits, self._metrics)
        turn = self._turn
        if turn is None:
            connection = Connection(*given)
        else:
            connection = AtOnceConnection(*given, turn, certified_only=self._certified_only)
        connection.draining = self._draining
        return connection

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        pause = self._limits.request_seconds / _SWEEPS
        while True:
            await asyncio.sleep(pause)
            now = loop.time()
            for connection in self._connections():
                if connection.deadline < now:
                    connection.cut("idle" if connection.at_rest else "slow")


def _listening_socket(host: str, port: int) -> socket.socket:
    if host:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    elif socket.has_dualstack_ipv6():
        listening = socket.create_server(
            ("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
        )
    else:
        listening = socket.create_server(("", port), backlog=_BACKLOG)
    listening.settimeout(0.0)
    return listening
