"""`cocket serve` and `cocket operate` as the processes that a cluster would run."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.credentials import ADMIN
from tests.e2e.processes import Process, Processes, free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COCKET = Path(sys.executable).with_name("cocket")
_READY_SECONDS = 60.0


class Cocket:
    """A running process of ours, its plain port for probes and metrics, and what it wrote."""

    def __init__(self, process: Process, probe_port: int) -> None:
        self.process = process
        self.probe_port = probe_port

    @property
    def ready_url(self) -> str:
        """For a balancer."""
        return f"http://127.0.0.1:{self.probe_port}/readyz"

    def get(self, path: str) -> tuple[int, str]:
        """A page of the plain port; raises OSError or HTTPException where there is no answer."""
        connection = HTTPConnection("127.0.0.1", self.probe_port, timeout=10)
        with closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            return self.get("/readyz")[0] == 200
        except (OSError, HTTPException):
            return False

    def wait_ready(self, seconds: float = _READY_SECONDS) -> None:
        """Wait for it; raises ProcessError with what the process said."""
        self.process.wait_until(self.ready, "ready", seconds)


class Webhook(Cocket):
    """A `cocket serve`: where it answers reviews, and by which certificate."""

    def __init__(self, process: Process, port: int, probe_port: int, ca: Path) -> None:
        super().__init__(process, probe_port)
        self.port = port
        self._ca = ca

    @property
    def url(self) -> str:
        """For `clientConfig.url`."""
        return f"https://localhost:{self.port}/validate"

    @property
    def ca_pem(self) -> str:
        """The CA of a certificate that it made itself."""
        return self._ca.read_text(encoding="utf-8")

    def decisions(self) -> list[dict[str, Any]]:
        """The lines of its decision log so far."""
        return [json.loads(line) for line in self.process.printed().splitlines() if line]


class Cockets:
    """Starts them, each by a name; one that ended may be started again under its name."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes

    def serve(
        self,
        name: str,
        *arguments: str | Path,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        self_signed: bool = False,
    ) -> Webhook:
        """Start `cocket serve` with these arguments on loopback; it may not be ready yet.

        Args:
            name: of its log files.
            arguments: `--policy FILE` or `--kubeconfig FILE …`, and the certificate.
            port: for reviews; a free one where there is none.
            environment: variables besides those that every process gets.
            self_signed: let it make its own certificate.
        """
        _assert_not_admin(arguments)
        port, probe_port = port or free_port(), free_port()
        ca = self.processes.folder / f"{name}.ca.pem"
        process = self.processes.start(
            name,
            *(COCKET, "serve", *arguments),
            *("--bind", "127.0.0.1", "--port", str(port)),
            *("--metrics-bind", "127.0.0.1", "--metrics-port", str(probe_port)),
            *(("--tls-self-signed", "--tls-self-signed-ca", ca) if self_signed else ()),
            environment=environment,
        )
        return Webhook(process, port, probe_port, ca)

    def serve_files(self, name: str, policy: Path, *arguments: str | Path) -> Webhook:
        """Start `cocket serve --policy` with a certificate of its own; ready when it returns."""
        drain = ("--drain-seconds", "0")
        webhook = self.serve(name, "--policy", policy, *drain, *arguments, self_signed=True)
        webhook.wait_ready()
        return webhook

    def operate(
        self,
        name: str,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
    ) -> Cocket:
        """Start `cocket operate` with these arguments; it may not be ready yet."""
        _assert_not_admin(arguments)
        port = free_port()
        process = self.processes.start(
            name,
            # Most images of these tests have empty layers: who looks inside finds no program there.
            *(COCKET, "operate", "--look-inside", "0"),
            *(*arguments, "--probe-port", str(port)),
            environment=environment,
        )
        return Cocket(process, port)


def _assert_not_admin(arguments: Iterable[str | Path]) -> None:
    """An admin's rights would hide which rights are missing."""
    assert not any(Path(one).name == f"{ADMIN}.kubeconfig" for one in arguments)
