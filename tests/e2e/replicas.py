"""Replicas of the webhook that read a cluster, under the chart's account; asked directly."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
from datetime import UTC, datetime
from http.client import HTTPSConnection
from typing import TYPE_CHECKING, Any

from tests.e2e.accounts import install
from webhook.admission.selfsigned import LOCAL_NAMES, SelfSigned, self_signed
from webhook.core.recorded import name_of, spec_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.cockets import Cockets, Webhook
    from tests.e2e.control_plane import ControlPlane
    from webhook.core.facts import ImageFacts

OURS = "/apis/cocket.dev/v1alpha1"


class Replicas:
    """Two of them in a namespace of their own, and the Secret with their certificate."""

    def __init__(
        self,
        plane: ControlPlane,
        cockets: Cockets,
        namespace: str,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.plane = plane
        self.cockets = cockets
        self.namespace = namespace
        self.secret = f"{namespace}/tls"
        self.trust = ssl.create_default_context()
        self.account = install(plane, namespace, values).webhook

    def start(self, name: str, *arguments: str, secret: str = "", drain: str = "0") -> Webhook:
        """Start one; it may not be ready yet."""
        return self.cockets.serve(
            f"{self.namespace}-{name}",
            *("--kubeconfig", self.plane.kubeconfig(self.account)),
            *("--tls-secret", secret or self.secret),
            *("--exception-namespace", self.namespace, "--drain-seconds", drain),
            *("--replica-name", name, "--replica-address", "127.0.0.1:8443"),
            *arguments,
        )

    def put_certificate(self, issued: SelfSigned | None = None, name: str = "tls") -> SelfSigned:
        """Write a new one into the Secret, and trust it besides those before."""
        issued = issued or self_signed(LOCAL_NAMES, datetime.now(UTC))
        self.trust.load_verify_locations(cadata=issued.ca.decode())
        self.put_secret({"tls.crt": issued.pair.chain, "tls.key": issued.pair.key}, name)
        return issued

    def put_secret(self, data: dict[str, bytes], name: str = "tls") -> None:
        """Create or replace the Secret."""
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        path = f"/api/v1/namespaces/{self.namespace}/secrets"
        body = {"metadata": {"name": name}, "data": encoded}
        status, text = self.plane.ask("PUT", f"{path}/{name}", body)
        if status == 404:
            self.plane.create(path, body)
        else:
            assert status == 200, text

    def record(self, facts: ImageFacts) -> None:
        """Write what the operator would."""
        spec = spec_of(facts, image="registry.example.com/prod/web", registries=["prod"])
        body = {
            "apiVersion": "cocket.dev/v1alpha1",
            "kind": "ImageFacts",
            "metadata": {"name": name_of(facts.digest)},
            "spec": spec,
        }
        self.plane.create(f"{OURS}/imagefacts", body)

    def lease(self, name: str) -> dict[str, Any] | None:
        """The Lease of a replica."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"
        status, text = self.plane.ask("GET", f"{path}/cocket-webhook-{name}")
        if status == 404:
            return None
        assert status == 200, text
        found: dict[str, Any] = json.loads(text)
        return found

    def said(self, name: str) -> dict[str, str]:
        """The annotations of a replica's Lease, without our prefix; empty where there is none."""
        lease = self.lease(name)
        annotations = {} if lease is None else lease["metadata"]["annotations"]
        return {key.removeprefix("cocket.dev/"): value for key, value in annotations.items()}

    def ask(self, webhook: Webhook, namespace: str, image: str, name: str = "web") -> Any:
        """What one replica answers to the creation of a Pod."""
        body = json.dumps(review(namespace, image, name))
        with contextlib.closing(
            HTTPSConnection("localhost", webhook.port, context=self.trust, timeout=20)
        ) as connection:
            connection.request("POST", "/validate?timeout=10s", body)
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content
        return json.loads(content)["response"]


def review(namespace: str, image: str, name: str = "web") -> dict[str, Any]:
    """The AdmissionReview of a Pod that is created."""
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    request = {
        "uid": "0f5a8f0e-0000-4000-8000-000000000001",
        "kind": kind,
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": kind,
        "name": name,
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "somebody"},
        "object": pod,
        "oldObject": None,
        "dryRun": False,
        "options": None,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def policy(name: str, namespaces: list[str], **spec: object) -> dict[str, Any]:
    """A ClusterImagePolicy for some namespaces; it enforces, unless told otherwise."""
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces}
    return {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "ClusterImagePolicy",
        "metadata": {"name": name},
        "spec": {
            "namespaceSelector": {"matchExpressions": [expression]},
            "mode": "enforce",
            **spec,
        },
    }
