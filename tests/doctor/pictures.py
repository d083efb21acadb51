"""A picture of an installation in which all is well; say only what is not."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import msgspec

from tests.builders import NOW
from webhook.cluster.kinds import CRON_JOBS, Kind
from webhook.cluster.metadata import Labelled
from webhook.cluster.replica_lease import Standing, lease_of
from webhook.doctor import objects
from webhook.doctor.diagnosis import diagnose
from webhook.doctor.gathering import OURS
from webhook.doctor.picture import Picture, Rights
from webhook.operator.authority import Issued, issue
from webhook.operator.configuration import Endpoint, Live, Shape, configuration
from webhook.reports.diagnoses import Diagnosis, State

NAMESPACE = "cocket-system"
ENDPOINT = Endpoint(namespace=NAMESPACE, service="cocket-webhook")
ISSUED = issue(ENDPOINT.names, NOW)
IMAGE = "registry.example.com/prod/cocket@sha256:" + "ab" * 32


def live(
    *,
    fail: bool = True,
    bundle: bytes = ISSUED.ca,
    cron_jobs: tuple[Kind, ...] = (CRON_JOBS,),
    **changes: Any,
) -> Live:
    """The configuration as the operator writes it, with fields of our webhook changed."""
    shape = Shape(name="cocket", endpoint=ENDPOINT, excluded=("legacy",))
    wanted = configuration(shape, bundle=bundle, fail=fail, cron_jobs=cron_jobs)
    wanted["webhooks"][0] |= changes
    return msgspec.convert(wanted, Live)


def secret(issued: Issued = ISSUED, *, key: bytes = b"") -> objects.Secret:
    """The Secret with a certificate, and its key or another one."""
    data = {"tls.crt": issued.chain, "tls.key": key or issued.key, "ca.crt": issued.ca}
    return objects.Secret({key: base64.b64encode(value).decode() for key, value in data.items()})


def replica(
    name: str,
    *,
    ready: bool = True,
    seconds: float = 5,
    certificate: str = "aa",
    version: str = "1",
) -> objects.Lease:
    """The Lease of a replica, renewed so many seconds ago."""
    standing = Standing("10.0.0.1:8443", certificate, ready, version)
    made = lease_of(name, NAMESPACE, standing, NOW - timedelta(seconds=seconds))
    return msgspec.convert(made, objects.Lease)


def leader(name: str = "operator-1", *, seconds: float = 5) -> objects.Lease:
    renewed = f"{NOW - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%f}Z"
    spec = objects.LeaseSpec(holder_identity=name, renew_time=renewed)
    return objects.Lease(Labelled(name="cocket-operator"), spec)


def deployment(
    name: str = "cocket-webhook",
    *,
    ready: int = 2,
    replicas: int = 2,
    image: str = IMAGE,
    version: str = "1.0",
) -> objects.Deployment:
    made = {
        "metadata": {"name": name, "labels": {"app.kubernetes.io/version": version}},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"readyReplicas": ready},
    }
    return msgspec.convert(made, objects.Deployment)


def document(
    name: str,
    *,
    status: str = "True",
    reason: str = "InForce",
    message: str = "",
    type_: str = "Ready",
    namespace: str = "",
    secret: str = "",
) -> objects.RegistryItem:
    condition = {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-11-23T12:00:00Z",
    }
    made = {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"credentials": {"secretName": secret}} if secret else {},
        "status": {"conditions": [condition]},
    }
    return msgspec.convert(made, objects.RegistryItem)


def namespace(name: str, *, labelled: bool = True) -> objects.NamespaceItem:
    labels = {"kubernetes.io/metadata.name": name} if labelled else {}
    return objects.NamespaceItem(Labelled(name=name, labels=labels))


def role(name: str, *rules: dict[str, list[str]]) -> objects.Role:
    return msgspec.convert({"metadata": {"name": name}, "rules": list(rules)}, objects.Role)


def binding(name: str, to: str, *subjects: tuple[str, str], kind: str = "ClusterRole") -> Any:
    """A binding to subjects, each a kind and a name; `namespace/name` of a ServiceAccount."""
    found = []
    for subject, full in subjects:
        place, _, short = full.rpartition("/")
        found.append({"kind": subject, "name": short, "namespace": place})
    made = {
        "metadata": {"name": name},
        "roleRef": {"kind": kind, "name": to},
        "subjects": found,
    }
    return msgspec.convert(made, objects.Binding)


ADMIN = role("cluster-admin", {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})
BINDINGS = [
    binding("cluster-admin", "cluster-admin", ("Group", "system:masters")),
    binding("controllers", "cluster-admin", ("ServiceAccount", "kube-system/gc")),
    binding("ours", "cluster-admin", ("ServiceAccount", f"{NAMESPACE}/cocket-operator")),
]
RIGHTS = Rights(cluster_roles=[ADMIN], cluster_bindings=BINDINGS, roles=[], bindings=[])


def picture(**changes: Any) -> Picture:
    """All is well, but for these."""
    whole: dict[str, Any] = {
        "namespace": NAMESPACE,
        "configuration_name": "cocket",
        "secret_name": "cocket-tls",
        "version": "1.0",
        "now": NOW,
        "server_time": NOW,
        "server": objects.Version("v1.28.3", "1", "28+"),
        "configuration": live(),
        "secret": secret(),
        "leases": [replica("a"), replica("b"), leader()],
        "deployments": [deployment(), deployment("cocket-operator")],
        "definitions": {
            f"{kind.plural}.{kind.group}": document(kind.plural, type_="Established")
            for kind in OURS
        },
        "registries": [document("prod")],
        "policies": [document("default")],
        "exceptions": [],
        "excluded": {name: namespace(name) for name in (NAMESPACE, "kube-system")},
        "rights": RIGHTS,
    }
    return Picture(**(whole | changes))


def found(state: State | None = None, **changes: Any) -> list[Diagnosis]:
    """What is said of such a picture: all, or what is in one state."""
    return [one for one in diagnose(picture(**changes)) if state in {None, one.state}]


def only(state: State, **changes: Any) -> Diagnosis:
    """The one thing that is in this state, where everything else is well."""
    [one] = [one for one in found(**changes) if one.state is not State.OK]
    assert one.state is state, one
    return one
