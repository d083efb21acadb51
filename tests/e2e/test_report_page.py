"""The operator's report in a real cluster: whom the API server lets in, and who opens it how."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.certificates import self_signed
from tests.e2e.accounts import install
from tests.e2e.cockets import COCKET, Cocket, Cockets
from tests.e2e.processes import free_port
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

_SECONDS = 90.0
_DOCUMENTATION = "192.0.2.1"
"""An address that nobody has (RFC 5737): asked for is only from where one would go there."""


class World(msgspec.Struct, frozen=True):
    """An operator that serves its report, and who may read it."""

    plane: ControlPlane
    operator: Cocket
    namespace: str
    folder: Path
    address: str
    port: int
    ca: Path

    def ask(self, path: str, token: str = "") -> tuple[int, dict[str, str], str]:
        """Status, headers and text."""
        tls = ssl.create_default_context(cafile=self.ca)
        connection = http.client.HTTPSConnection(self.address, self.port, timeout=30, context=tls)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def open(self, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `cocket audit --open` as this user; the browser writes down what it is shown."""
        browser = self.folder / "browser"
        browser.write_text(
            f"#!{sys.executable}\n"
            "import sys\n"
            f"open({str(self.folder / 'shown')!r}, 'w').write(sys.argv[1])\n"
        )
        browser.chmod(0o700)
        return subprocess.run(
            [
                *(COCKET, "audit", "--open", "--kubeconfig", self.plane.kubeconfig(user)),
                *("--system-namespace", self.namespace, *arguments),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.folder),
                "TMPDIR": str(self.folder),
                "BROWSER": str(browser),
            },
        )

    def user(self, name: str, resource: str = "", *more: dict[str, Any]) -> str:
        """A ServiceAccount that may list a resource in the whole cluster."""
        user = self.plane.create_account(self.namespace, name)
        if resource:
            role = f"{self.namespace}-{name}"
            subject = {"kind": "ServiceAccount", "namespace": self.namespace, "name": name}
            rule = {"apiGroups": ["cocket.dev"], "resources": [resource], "verbs": ["list"]}
            group = "rbac.authorization.k8s.io"
            self.plane.apply(
                {
                    "apiVersion": f"{group}/v1",
                    "kind": "ClusterRole",
                    "metadata": {"name": role},
                    "rules": [rule, *more],
                },
                {
                    "apiVersion": f"{group}/v1",
                    "kind": "ClusterRoleBinding",
                    "metadata": {"name": role},
                    "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
                    "subjects": [subject],
                },
            )
        return user


def own_address() -> str:
    """An address of this machine that is not loopback, which no Endpoints may name; else that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((_DOCUMENTATION, 9))  # sends nothing
        except OSError:
            return "127.0.0.1"
        return str(asking.getsockname()[0])


@pytest.fixture(scope="module")
def world(
    plane: ControlPlane, module_processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    plane.install_crds()
    namespace = plane.create_namespace("report-page")
    folder = tmp_path_factory.mktemp("report")
    address, port = own_address(), free_port()
    chain, key = self_signed(address=address).write(folder, "report")
    kubeconfig = plane.kubeconfig(install(plane, namespace).operator)
    operator = Cockets(module_processes).operate(
        "reporter",
        *("--kubeconfig", kubeconfig, "--namespace", namespace, "--identity", "reporter"),
        *("--probe-bind", "127.0.0.1", "--report-bind", address, "--report-port", str(port)),
        *("--report-tls-cert", chain, "--report-tls-key", key, "--audit-reports", "none"),
    )
    made = World(plane, operator, namespace, folder, address, port, chain)
    operator.wait_ready()
    reader = plane.token(made.user("reader", "imagefacts"))
    wait_until(lambda: made.ask("/report", reader)[0] == 200, "the first report", _SECONDS)
    yield made
    operator.process.stop()


def expired(token: str, key: bytes) -> str:
    """The same token as the API server itself would have signed it, and out of date."""
    head, claims, _ = token.split(".")
    said = json.loads(_decoded(claims))
    now = int(datetime.now(UTC).timestamp())
    said |= {"iat": now - 7200, "nbf": now - 7200, "exp": now - 3600}
    signed = f"{head}.{_encoded(json.dumps(said).encode())}"
    private = load_pem_private_key(key, None)
    assert isinstance(private, EllipticCurvePrivateKey)
    r, s = decode_dss_signature(private.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_who_may_list_image_facts_reads_the_report(world: World) -> None:
    token = world.plane.token(world.user("reader", "imagefacts"))

    status, headers, text = world.ask("/report", token)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert text.startswith("<!doctype html>")
    assert "<title>Cocket audit" in text
    status, _, text = world.ask("/report.json", token)
    assert status == 200
    assert json.loads(text)["kind"] == "Audit"


def test_everybody_else_is_told_what_to_do(world: World) -> None:
    status, headers, text = world.ask("/report")
    assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="cocket"')
    assert "cocket audit --open" in text

    stranger = world.user("stranger", "registries")
    status, _, text = world.ask("/report.json", world.plane.token(stranger))
    assert status == 403
    assert text.startswith(f"{stranger} may not read this report")

    assert world.ask("/report", "made-up")[0] == 401


def test_a_token_that_expired_is_nobodys(world: World) -> None:
    token = world.plane.token(world.user("reader", "imagefacts"))
    key = world.plane.credentials.account_key.read_bytes()

    assert world.ask("/report", token)[0] == 200
    status, _, text = world.ask("/report", expired(token, key))
    assert (status, "it may have expired" in text) == (401, True)
    forged = token.rpartition(".")[0] + "." + _encoded(b"x" * 64)
    assert world.ask("/report", forged)[0] == 401


def test_a_right_that_is_taken_away_is_gone_soon(world: World) -> None:
    user = world.user("leaver", "imagefacts")
    token = world.plane.token(user)
    wait_until(lambda: world.ask("/report", token)[0] == 200, "the right has effect")

    binding = f"{world.namespace}-leaver"
    world.plane.kubectl("delete", "clusterrolebinding", binding)

    # Remembered for half a minute, and no longer.
    wait_until(lambda: world.ask("/report", token)[0] == 403, "the right is gone", 60)


def test_open_asks_a_url_and_shows_a_file_that_is_nobody_elses(world: World) -> None:
    url = f"https://{world.address}:{world.port}/report"

    run = world.open(
        world.user("reader", "imagefacts"), "--report-url", url, "--report-ca", str(world.ca)
    )

    assert run.returncode == 0, run.stderr
    file = world.folder.__class__(run.stdout.strip())
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert file.stat().st_mode & 0o077 == 0
    assert (world.folder / "shown").read_text() == file.as_uri()

    refused = world.open(
        world.user("stranger", "registries"), "--report-url", url, "--report-ca", str(world.ca)
    )
    assert refused.returncode == 2
    assert "answered 403" in refused.stderr
    assert "cocket audit -A -o html" in refused.stderr


def test_open_asks_through_the_api_server(world: World) -> None:
    if world.address.startswith("127."):
        pytest.skip("no address but loopback here, and no Endpoints may name that")
    # A proxied address must be that of a Pod; no kubelet says so here.
    pod = {"namespace": world.namespace, "name": "operator"}
    spec = {"containers": [{"name": "app", "image": "cocket"}]}
    world.plane.apply({"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": spec})
    status = {"status": {"podIP": world.address, "podIPs": [{"ip": world.address}]}}
    path = f"/api/v1/namespaces/{world.namespace}/pods/operator/status"
    done, text = world.plane.ask("PATCH", path, status, content_type="application/merge-patch+json")
    assert done == 200, text
    place = {"namespace": world.namespace, "name": "cocket-report"}
    ports = [{"name": "report", "port": world.port, "protocol": "TCP"}]
    world.plane.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": place,
            "spec": {"ports": [{"name": "report", "port": 443, "targetPort": world.port}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": place,
            "subsets": [
                {
                    "addresses": [{"ip": world.address, "targetRef": {"kind": "Pod", **pod}}],
                    "ports": ports,
                }
            ],
        },
    )
    proxy = {"apiGroups": [""], "resources": ["services/proxy"], "verbs": ["get"]}
    proxy |= {"resourceNames": ["https:cocket-report:report"]}
    reader = world.user("proxied", "imagefacts", proxy)
    target = world.folder / "opened.html"

    run = world.open(reader, "--output", str(target))

    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(target)
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")

    stranger = world.open(world.user("proxied-stranger", "registries", proxy))
    assert stranger.returncode == 2
    assert "may not read this report" in stranger.stderr
    outsider = world.open(world.user("reader", "imagefacts"))
    assert outsider.returncode == 2
    assert "services" in outsider.stderr
