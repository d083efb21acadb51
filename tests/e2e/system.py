"""The whole of Cocket in a cluster: replicas behind a balancer, operators, their accounts and RBAC.

The processes get the arguments and the rights that the chart gives them. What a cluster's own
controllers would do (start what ended, send a Service's traffic to who is ready) a test asks for.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import signal
import ssl
import uuid
from contextlib import contextmanager
from http.client import HTTPSConnection
from typing import TYPE_CHECKING, Any

import yaml

from tests.charts.rendering import NAMESPACE, arguments
from tests.e2e.accounts import install
from tests.e2e.balancer import Backend
from tests.e2e.balancer_thread import BalancerThread
from tests.e2e.cockets import Cocket, Cockets, Webhook
from tests.e2e.processes import free_port
from tests.e2e.registries import push_all, start_registry
from tests.e2e.replicas import OURS, review
from tests.e2e.server import wait_until
from tests.e2e.system_view import CONFIGURATION, LEASES, SECRET, View
from tests.e2e.workloads import delete_workloads
from webhook.demo.content import Content
from webhook.demo.samples import fill, policy

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Process, Processes
    from webhook.operator.authority import Issued

EXCEPTIONS = "cocket-exceptions"
PLURALS = {
    "Registry": "registries",
    "ClusterImagePolicy": "clusterimagepolicies",
    "ImagePolicy": "imagepolicies",
    "ImageException": "imageexceptions",
}
OVERLAP_SECONDS = 3
"""In place of a minute: one API server on loopback sees a change in milliseconds."""

_VALUES: dict[str, Any] = {
    "crds": {"install": False},
    "policy": {"create": False},
    "exceptionNamespaces": [EXCEPTIONS],
    "operator": {"failurePolicy": "Fail"},
    "webhook": {"drainSeconds": 2},
}
_numbers = itertools.count(1)


class System(View):
    """What runs of it, by name.

    Attributes:
        host: of the registry, which holds what the demo's does.
        rules: those of the demo's policy.
    """

    def __init__(self, plane: ControlPlane, processes: Processes, balancer: BalancerThread) -> None:
        super().__init__(plane)
        self.processes = processes
        self.balancer = balancer
        self.replicas: dict[str, Webhook] = {}
        self.operators: dict[str, Cocket] = {}
        self._cockets = Cockets(processes)
        self._made: list[str] = []
        self.registry = start_registry(processes)
        content = Content()
        fill(content)
        asyncio.run(push_all(self.registry, content))
        *self._registries, demo = yaml.safe_load_all(policy(self.registry.host))
        self.rules: dict[str, Any] = demo["spec"]["rules"]

    @property
    def host(self) -> str:
        return self.registry.host

    def begin(self) -> None:
        """Start two replicas and an operator; returns when the API server asks under `Fail`."""
        for document in self._registries:
            self.create(document)
        for name in ("web-1", "web-2"):
            self.start_replica(name)
        self.start_operator("operator-1")
        self.balancer.wait_ready(2)
        wait_until(lambda: self.webhook().get("failurePolicy") == "Fail", "Fail", 60)

    def start_replica(self, name: str) -> Webhook:
        """Start one behind the balancer, which sends it nothing before it is ready."""
        port = free_port()
        given = {
            "$(POD_NAME)": name,
            "$(POD_UID)": str(uuid.uuid4()),
            "$(POD_IP):8443": f"127.0.0.1:{port}",
        }
        cache = self.processes.folder / f"cache-{next(_numbers)}"  # emptyDir
        cache.mkdir()
        webhook = self._cockets.serve(
            name,
            *("--kubeconfig", self.plane.kubeconfig(account("webhook"))),
            *_arguments("cocket-webhook", given),
            *("--cache-dir", cache),
            port=port,
        )
        self.replicas[name] = webhook
        self._route()
        return webhook

    def stop_replicas(self, *names: str) -> None:
        """Let them end, and do not wait until the API server lets go of its idle connections."""
        ending = [self.retire(name) for name in names]
        for process in ending:
            process.signal(signal.SIGTERM)  # a second one: at once
        for process in ending:
            assert process.wait(30) == 0

    def retire(self, name: str) -> Process:
        """Ask one to end, as a cluster does; it serves on as long as it is needed."""
        replica = self.replicas.pop(name)
        replica.process.signal(signal.SIGTERM)
        replica.process.wait_until(lambda: not replica.ready(), "not ready")
        self._route()
        return replica.process

    def start_operator(self, name: str, user: str = "") -> Cocket:
        """Start one; the same name is the same identity, as of a container that is restarted."""
        arguments = [
            one
            for one in _arguments("cocket-operator", {"$(POD_NAME)": name})
            if not one.startswith("--service=")
        ]
        operator = self._cockets.operate(
            name,
            *("--kubeconfig", self.plane.kubeconfig(user or account("operator"))),
            *arguments,
            *("--webhook-url", self.balancer.url, "--probe-bind", "127.0.0.1"),
            *("--overlap-seconds", str(OVERLAP_SECONDS), "--report-port", "0"),
            *("--look-inside", "0"),  # layers of the demo's images are empty
        )
        self.operators[name] = operator
        return operator

    def put_pair(self, issued: Issued) -> None:
        """Write a certificate into the Secret, whoever trusts it."""
        data = {"tls.crt": issued.chain, "tls.key": issued.key, "ca.crt": issued.ca}
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        self.merge(SECRET, {"data": encoded})

    def wait_leading(self, name: str) -> None:
        """Wait until an operator holds the Lease and knows it."""
        operator = self.operators[name]
        leads = "cocket_operator_leading 1.0"
        operator.wait_ready()
        operator.process.wait_until(lambda: leads in operator.get("/metrics")[1], "leading", 60)

    def create(self, document: dict[str, Any]) -> None:
        """Create one of our resources, until `clear` or the end."""
        namespace = document["metadata"].get("namespace")
        place = f"namespaces/{namespace}/" if namespace else ""
        path = f"{OURS}/{place}{PLURALS[document['kind']]}"
        self.plane.create(path, document)
        self._made.append(f"{path}/{document['metadata']['name']}")

    def clear(self) -> None:
        """Delete what was created since `begin`."""
        while len(self._made) > len(self._registries):
            self.plane.ask("DELETE", self._made.pop())

    def kubectl_create(
        self, manifest: dict[str, Any], namespace: str
    ) -> subprocess.CompletedProcess[str]:
        """`kubectl create` in the namespace."""
        place = ("--namespace", namespace)
        del manifest["metadata"]["namespace"]
        return self.plane.kubectl("create", *place, "-f", "-", given=json.dumps(manifest))

    def answers(self, namespace: str, image: str) -> dict[str, Any]:
        """What every replica answers to the creation of a Pod, asked directly, by its name."""
        return {name: self.ask(name, namespace, image) for name in self.replicas}

    def ask(
        self, name: str, namespace: str, image: str, trust: ssl.SSLContext | None = None
    ) -> Any:
        """What one replica answers."""
        return ask_directly(self.replicas[name], trust or self.trust(), namespace, image)

    def trust(self) -> ssl.SSLContext:
        """What proves a replica, as the Secret says now."""
        return ssl.create_default_context(cadata=b"".join(self.stored().bundle).decode())

    def end(self) -> None:
        """End the operators first, or they mend what is removed; leave nothing that others feel."""
        for process in (*self.operators.values(), *self.replicas.values()):
            process.process.kill()
        for path in (CONFIGURATION, SECRET, f"{LEASES}/cocket-operator", *self._made):
            self.plane.ask("DELETE", path)

    def _route(self) -> None:
        everyone = self.replicas.values()
        self.balancer.replace(*(Backend(one.port, one.ready_url) for one in everyone))


@contextmanager
def running(plane: ControlPlane, processes: Processes) -> Iterator[System]:
    """One of which nothing runs yet, in a cluster without resources of ours and without images."""
    plane.install_crds()
    for namespace in (NAMESPACE, EXCEPTIONS):
        if plane.ask("GET", f"/api/v1/namespaces/{namespace}")[0] == 404:
            plane.create_namespace(namespace)
    # Servers before 1.21 do not set it.
    plane.kubectl("label", "namespace", "kube-system", "kubernetes.io/metadata.name=kube-system")
    kinds = ",".join([*PLURALS.values(), "imagefacts"])
    done = plane.kubectl("delete", kinds, "--all", "--all-namespaces")
    assert done.returncode == 0, done.stderr
    delete_workloads(plane)
    install(plane, NAMESPACE, _VALUES)
    with BalancerThread() as balancer:
        system = System(plane, processes, balancer)
        try:
            yield system
        finally:
            system.end()


def account(component: str) -> str:
    """The user name of a component's ServiceAccount."""
    return f"system:serviceaccount:{NAMESPACE}:cocket-{component}"


def ask_directly(webhook: Webhook, trust: ssl.SSLContext, namespace: str, image: str) -> Any:
    """What a replica answers to the creation of a Pod, whoever else is there."""
    body = json.dumps(review(namespace, image))
    connection = HTTPSConnection("localhost", webhook.port, context=trust, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", "/validate?timeout=10s", body)
        answer = connection.getresponse()
        content = answer.read()
    assert answer.status == 200, content
    return json.loads(content)["response"]


def _arguments(deployment: str, given: dict[str, str]) -> list[str]:
    """What the chart starts a container with, but for the command."""
    written = arguments(deployment, _VALUES)[1:]
    for name, value in given.items():
        written = [one.replace(name, value) for one in written]
    assert not [one for one in written if "$(" in one]
    return written
