"""Stand-ins for replicas of the webhook: they serve what is in the Secret, and allow everything."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from webhook.cluster.replica_lease import ReplicaLease, Standing
from webhook.cluster.secrets import tls_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

_END_SECONDS = 10.0


class StandIn:
    """One replica in the test's own loop, with a Lease.

    Attributes:
        asked: reviews that it answered.
        frozen: do not take what the Secret holds from now on.
        ready: what it says of itself; `touch` lets it say so at once.
    """

    def __init__(self, api: Api, namespace: str, name: str, folder: Path) -> None:
        self.asked = 0
        self.frozen = False
        self.ready = True
        self.port = 0
        self.shown = b""
        self._folder = folder
        self._name = name
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.sni_callback = self._choose
        self._now: ssl.SSLContext | None = None
        self._speaking: list[asyncio.Task[None]] = []
        self._pair = tls_pair(api, namespace, "cocket-tls", changed=self.load)
        self.lease = ReplicaLease(
            api,
            name=name,
            namespace=namespace,
            standing=self._standing,
            clock=lambda: datetime.now(UTC),
        )

    def load(self) -> None:
        """Show what is in the Secret now, if it can be used."""
        for chain, key in self._pair.held.values():
            if self.frozen or not chain or not key:
                continue
            file = self._folder / f"{self._name}.pem"
            file.write_bytes(chain + key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            try:
                context.load_cert_chain(file)
            except ssl.SSLError:
                continue
            context.num_tickets = 0
            self._now, self.shown = context, chain

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncIterator[StandIn]:
        """Serve and renew the Lease meanwhile; at the end it is gone as if it had been killed."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        # Two looks at a Lease tell that it is alive: so it is renewed more often than usual.
        self._speaking = [asyncio.create_task(one) for one in (self.lease.run(), self._touch())]
        closed = asyncio.create_task(server.wait_closed())
        tasks = [*self._speaking, asyncio.create_task(self._pair.run())]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            server.close()
            # Whoever is in the middle of a handshake ends it; else it is open when the loop ends.
            async with asyncio.timeout(_END_SECONDS):
                await closed

    def stop_speaking(self) -> None:
        """Renew the Lease no more, and serve on."""
        for task in self._speaking:
            task.cancel()

    async def _touch(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.lease.touch()

    def _standing(self) -> Standing:
        return Standing(f"127.0.0.1:{self.port}", "", self.ready, "")

    def _choose(self, handshake: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        if self._now is not None:
            handshake.context = self._now

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One review on every connection, so that each needs a handshake."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            uid = json.loads(await reader.readexactly(length))["request"]["uid"]
            body = json.dumps(
                {
                    "apiVersion": "admission.k8s.io/v1",
                    "kind": "AdmissionReview",
                    "response": {"uid": uid, "allowed": True},
                }
            ).encode()
            answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            writer.write(f"{answer}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            self.asked += 1
        except (asyncio.IncompleteReadError, OSError):
            pass  # a proof: a handshake and nothing more
        finally:
            writer.close()
