"""How the tests ask an API server: plain requests, kubectl, and as which user."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import ssl
import subprocess
import time
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.credentials import ADMIN, Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CRDS = Path(__file__).parents[2] / "charts" / "cocket" / "files" / "crds"
_KUBECTL_SECONDS = 60.0
_TOKEN_SECONDS = 24 * 3600
_ACCOUNT = re.compile(r"system:serviceaccount:([^:]+):([^:]+)")


class ApiError(AssertionError):
    """The API server did not do what it was asked; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class ApiServer:
    """An API server on loopback.

    Attributes:
        port: where it listens; the same after a restart.
        version: `(1, 20)`, to compare with; known when it is ready.
    """

    def __init__(self, folder: Path, tools: Path) -> None:
        """Keep credentials in `folder`; kubectl is taken from `tools`, else from PATH."""
        self.folder = folder
        self.tools = tools
        self.credentials = Credentials.make(folder)
        self.trust = ssl.create_default_context(cafile=str(self.credentials.certificate))
        self.port = 0
        self.version = (0, 0)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def read_version(self) -> None:
        """Ask for the version."""
        said = self.get("/version")
        self.version = (int(said["major"]), int(re.sub(r"\D", "", said["minor"])))

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        user: str = ADMIN,
        content_type: str = "application/json",
    ) -> tuple[int, str]:
        """One request; status and text. Raises OSError or HTTPException without an answer."""
        connection = HTTPSConnection("127.0.0.1", self.port, context=self.trust, timeout=120)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self.token(user)}", "Content-Type": content_type}
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def get(self, path: str, *, user: str = ADMIN) -> Any:
        """The JSON at a path; raises ApiError."""
        status, text = self.ask("GET", path, user=user)
        if status != 200:
            raise ApiError(status, text)
        return json.loads(text)

    def create(self, path: str, body: Mapping[str, Any], *, exist: bool = False) -> Any:
        """Create an object as admin; `exist`: it may be there. Raises ApiError."""
        status, text = self.ask("POST", path, body)
        if status not in {200, 201} and not (exist and status == 409):
            raise ApiError(status, text)
        return json.loads(text)

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> str:
        """Create it, with the label that servers before 1.21 do not set; returns the name."""
        every = {"kubernetes.io/metadata.name": name, **(labels or {})}
        self.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": every}})
        return name

    def create_account(self, namespace: str, name: str) -> str:
        """Create a ServiceAccount if it is not there; returns its user name."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.create(path, {"metadata": {"name": name}}, exist=True)
        return f"system:serviceaccount:{namespace}:{name}"

    def token(self, user: str = ADMIN) -> str:
        """A token of the user: a static one, or a new one of a ServiceAccount that is there."""
        if (static := self.credentials.tokens.get(user)) is not None:
            return static
        account = _ACCOUNT.fullmatch(user)
        assert account is not None, f"{user!r} is neither a static user nor a ServiceAccount"
        path = f"/api/v1/namespaces/{account[1]}/serviceaccounts/{account[2]}/token"
        asked = {"spec": {"expirationSeconds": _TOKEN_SECONDS}}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", **asked}
        return str(self.create(path, body)["status"]["token"])

    def kubeconfig(self, user: str = ADMIN, *, server: str = "") -> Path:
        """A kubeconfig of the user, whose namespace is a ServiceAccount's own.

        Args:
            user: `admin`, `tenant` or `system:serviceaccount:NAMESPACE:NAME`.
            server: another URL than ours, as of a proxy before it.
        """
        account = _ACCOUNT.fullmatch(user)
        namespace = account[1] if account else "default"
        return self.credentials.kubeconfig(server or self.url, user, self.token(user), namespace)

    def kubectl(
        self, *arguments: str, user: str = ADMIN, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl, with `given` on standard input; whoever calls looks at the exit code."""
        return self.kubectl_bare(f"--kubeconfig={self.kubeconfig(user)}", *arguments, given=given)

    def kubectl_bare(
        self, *arguments: str, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The same without a login: none of kubectl's options may stand before a plugin's name."""
        program = shutil.which("kubectl", path=self.tools) or shutil.which("kubectl")
        if program is None:
            pytest.skip(f"tool missing: kubectl in {self.tools} or on PATH")
        return subprocess.run(
            [program, *arguments],
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=_KUBECTL_SECONDS,
            check=False,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
        )

    async def kubectl_beside(
        self, *arguments: str, user: str = ADMIN, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The same in a thread, while this loop serves a balancer or a load."""
        return await asyncio.to_thread(self.kubectl, *arguments, user=user, given=given)

    def apply(self, *documents: Mapping[str, Any] | str | Path) -> str:
        """`kubectl apply` as admin, of files, folders, YAML and objects; raises AssertionError."""
        told = ""
        for document in documents:
            place = str(document) if isinstance(document, Path) else "-"
            text = document if isinstance(document, str) else json.dumps(document, default=str)
            done = self.kubectl("apply", "-f", place, given=text if place == "-" else None)
            assert done.returncode == 0, done.stderr
            told += done.stdout
        return told

    def install_crds(self) -> None:
        """Apply all of the chart's custom resource definitions, and wait until they are served."""
        self.apply(CRDS)
        done = self.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRDS))
        assert done.returncode == 0, done.stderr

    def require(self, version: str, reason: str) -> None:
        """Skip the test on a server older than `version`, as in `1.25`."""
        if self.version < _numbers(version):
            pytest.skip(f"server too old: needs {version}, is {_shown(self.version)}: {reason}")

    def require_before(self, version: str, reason: str) -> None:
        """Skip the test on a server that is `version` or newer."""
        if self.version >= _numbers(version):
            pytest.skip(f"server too new: gone in {version}, is {_shown(self.version)}: {reason}")


def wait_until(true: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a condition with a deadline; raises AssertionError."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def _numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


def _shown(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
