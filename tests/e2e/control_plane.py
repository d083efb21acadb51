"""A Kubernetes control plane on loopback: etcd, kube-apiserver, if asked kube-controller-manager.

It has no nodes: Pods are created and never started. `KUBEBUILDER_ASSETS` names the folder with the
programs; otherwise it is the one that `scripts/control-plane` brings.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.e2e.audit_log import Period
from tests.e2e.processes import Process, ProcessError, Processes, free_port, listens
from tests.e2e.server import ApiServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHED = Path("cocket", "control-plane", "1.20.2-1")
_READY_SECONDS = 60.0
_ATTEMPTS = 3


def assets() -> Path:
    """The folder with the programs; skips the test where there is none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("KUBEBUILDER_ASSETS") or cache / _CACHED)
    for name in ("etcd", "kube-apiserver"):
        if not (folder / name).is_file():
            pytest.skip(f"tool missing: {name} in {folder} (run `make control-plane`)")
    return folder.resolve()


class ControlPlane(ApiServer):
    """The processes, and how to ask them; a context manager that ends them all.

    Attributes:
        audit_log: what ServiceAccounts asked, one audit event a line.
        starts: from when to when the API server answered without being ready; it has not read all
            roles then, and forbids what they grant.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        """Keep everything in `folder`; `flags` are for the API server, beside its others."""
        super().__init__(folder, assets())
        self._flags = flags
        self.processes = Processes(folder)
        self.audit_log = folder / "audit.jsonl"
        self.starts: list[Period] = []
        self._etcd_port = 0

    def __enter__(self) -> Self:
        try:
            for attempt in range(_ATTEMPTS):
                self._etcd_port, self.port = free_port(), free_port()
                try:
                    self.start_etcd()
                    self.start_apiserver()
                except ProcessError:
                    # Somebody took a port before us: another one, and the folder as it was.
                    self.kill()
                    shutil.rmtree(self.folder / "etcd", ignore_errors=True)
                    if attempt == _ATTEMPTS - 1:
                        raise
                else:
                    break
            self.read_version()
        except BaseException:
            self.processes.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.__exit__()

    def start_etcd(self) -> Process:
        """Start it with the data that is there, on the same port."""
        peers = f"http://127.0.0.1:{free_port()}"
        clients = f"http://127.0.0.1:{self._etcd_port}"
        etcd = self.processes.start(
            "etcd",
            self.tools / "etcd",
            *("--name=e2e", f"--data-dir={self.folder / 'etcd'}", "--unsafe-no-fsync"),
            *(f"--listen-client-urls={clients}", f"--advertise-client-urls={clients}"),
            *(f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}"),
            *(f"--initial-cluster=e2e={peers}", f"--quota-backend-bytes={4 << 30}"),
        )
        etcd.wait_until(lambda: listens(self._etcd_port), "listening")
        return etcd

    def start_apiserver(self) -> Process:
        """Start it on the same port, and wait until it is ready."""
        files = self.credentials
        began = _now()
        server = self.processes.start(
            "kube-apiserver",
            self.tools / "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            f"--secure-port={self.port}",
            *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"),
            "--endpoint-reconciler-type=none",  # loopback is no address that it would publish
            f"--cert-dir={self.folder / 'apiserver'}",
            *(f"--tls-cert-file={files.certificate}", f"--tls-private-key-file={files.key}"),
            f"--client-ca-file={files.certificate}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={files.account_key}",
            f"--service-account-signing-key-file={files.account_key}",
            *("--authorization-mode=RBAC", f"--token-auth-file={files.token_file}"),
            "--service-cluster-ip-range=10.0.0.0/24",
            *("--disable-admission-plugins=ServiceAccount", "--allow-privileged"),
            *(f"--audit-policy-file={files.audit_policy}", f"--audit-log-path={self.audit_log}"),
            "--audit-log-maxsize=4000",  # megabytes: one file
            *self._flags,
        )
        server.wait_until(self.ready, "ready", _READY_SECONDS)
        self.starts.append(Period(began, _now()))
        return server

    @contextlib.contextmanager
    def controllers(self) -> Iterator[Process]:
        """Run kube-controller-manager meanwhile: owners, ReplicaSets, deletion of namespaces."""
        program = self.tools / "kube-controller-manager"
        if not program.is_file():
            pytest.skip(f"tool missing: kube-controller-manager in {self.tools}")
        port = free_port()
        manager = self.processes.start(
            "kube-controller-manager",
            program,
            *(f"--kubeconfig={self.kubeconfig()}", "--leader-elect=false"),
            *("--bind-address=127.0.0.1", f"--secure-port={port}"),
            *(("--port=0",) if self.version < (1, 24) else ()),  # plain HTTP, until it went
            f"--cert-dir={self.folder / 'controllers'}",
            f"--service-account-private-key-file={self.credentials.account_key}",
            f"--root-ca-file={self.credentials.certificate}",
        )
        try:
            manager.wait_until(lambda: listens(port), "listening")
            yield manager
        finally:
            manager.stop()

    def restart_apiserver(self, *, kill: bool = False) -> None:
        """Stop it, or kill it, and start it again; returns when it is ready."""
        server = self.processes.started["kube-apiserver"]
        if kill:
            server.kill()
        else:
            server.stop()
        self.start_apiserver()

    def restart_etcd(self) -> None:
        """Kill it and start it with the same data; returns when the API server is ready again."""
        self.processes.started["etcd"].kill()
        self.start_etcd()
        server = self.processes.started["kube-apiserver"]
        server.wait_until(self.ready, "ready after etcd", _READY_SECONDS)

    def kill(self) -> None:
        """Kill everything."""
        for process in self.processes.started.values():
            process.kill()

    def ready(self) -> bool:
        """Whether the API server says so, and has made its first namespace."""
        try:
            return all(
                self.ask("GET", path)[0] == 200
                for path in ("/readyz", "/api/v1/namespaces/default")
            )
        except (OSError, HTTPException):
            return False


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
