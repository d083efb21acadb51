"""The ValidatingWebhookConfiguration: what it should say, and where a live one says otherwise."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from webhook.cluster.kinds import CRON_JOBS, VALIDATING_WEBHOOKS, Kind
from webhook.cluster.metadata import Labelled
from webhook.cluster.mirror import HasMetadata

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FailurePolicy: TypeAlias = Literal["Ignore", "Fail"]
Json: TypeAlias = dict[str, Any]

WEBHOOK = "validate.cocket.dev"
"""Of the one webhook in the configuration; API servers want three parts."""
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Set by API servers since 1.21, and not to be changed; a label of any other name could be set by
whoever creates a namespace, who would thereby be exempt."""
SYSTEM_NAMESPACE = "kube-system"
PATH = "/validate"
INJECT = "cert-manager.io/inject-ca-from"

_LABELS = {"app.kubernetes.io/name": "cocket", "app.kubernetes.io/component": "webhook"}
_NARROWING: Mapping[str, object] = {"objectSelector": {}, "matchConditions": []}
"""What we never set, and what would exempt objects if somebody else did."""
_RULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "v1", ("pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers")),
    ("apps", "v1", ("daemonsets", "deployments", "replicasets", "statefulsets")),
    ("batch", "v1", ("jobs",)),
)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where API servers find the webhook."""

    namespace: str
    """Our own."""
    service: str = ""
    """In that namespace."""
    url: str = ""
    """Instead of a Service."""
    port: int = 443
    """Of the Service."""

    @property
    def server_name(self) -> str:
        """The name that API servers want in the certificate."""
        if self.url:
            return urlsplit(self.url).hostname or ""
        return f"{self.service}.{self.namespace}.svc"

    @property
    def names(self) -> frozenset[str]:
        """All names of the certificate."""
        if self.url:
            return frozenset({self.server_name})
        inside = self.server_name
        return frozenset(
            {
                self.service,
                f"{self.service}.{self.namespace}",
                inside,
                f"{inside}.cluster.local",
            }
        )

    def client_config(self) -> Json:
        """`clientConfig`, without the CA."""
        if self.url:
            return {"url": self.url}
        service = {
            "namespace": self.namespace,
            "name": self.service,
            "path": PATH,
            "port": self.port,
        }
        return {"service": service}


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the configuration."""

    name: str
    endpoint: Endpoint
    timeout_seconds: int = 10
    """1 to 30; the answer comes before, whatever it is."""
    excluded: tuple[str, ...] = ()
    """Namespaces besides our own and kube-system that are never asked about."""
    inject_from: str = ""
    """`namespace/name` of a cert-manager Certificate, whose CA its injector then keeps there."""

    @property
    def all_excluded(self) -> list[str]:
        """Namespaces that are not asked about. Ours: we could not start while we do not run."""
        return sorted({self.endpoint.namespace, SYSTEM_NAMESPACE, *self.excluded})


class Live(HasMetadata, kw_only=True):
    """What is there."""

    metadata: Labelled
    webhooks: list[Json] | None = None

    @property
    def ours(self) -> Json | None:
        """Our webhook in it."""
        return next((one for one in self.webhooks or () if one.get("name") == WEBHOOK), None)

    @property
    def foreign(self) -> list[Json]:
        """Webhooks that somebody else put there."""
        return [one for one in self.webhooks or () if one.get("name") != WEBHOOK]

    @property
    def fails(self) -> bool:
        """Whether API servers refuse what we do not answer."""
        return (self.ours or {}).get("failurePolicy") == "Fail"

    @property
    def bundle(self) -> bytes:
        """`caBundle`; empty where there is none, or nothing that can be read."""
        text = ((self.ours or {}).get("clientConfig") or {}).get("caBundle") or ""
        try:
            return base64.b64decode(text)
        except binascii.Error:
            return b""


def configuration(shape: Shape, *, bundle: bytes, fail: bool, cron_jobs: Collection[Kind]) -> Json:
    """The object to apply: all fields that are ours.

    Args:
        shape: what is asked.
        bundle: `caBundle`, PEM; ignored where cert-manager keeps it.
        fail: `failurePolicy: Fail`.
        cron_jobs: the kinds of CronJob that are served.
    """
    metadata: Json = {"name": shape.name, "labels": _LABELS}
    client = shape.endpoint.client_config()
    if shape.inject_from:
        metadata["annotations"] = {INJECT: shape.inject_from}
    else:
        client["caBundle"] = base64.b64encode(bundle).decode("ascii")
    excluded = {"key": NAMESPACE_LABEL, "operator": "NotIn", "values": shape.all_excluded}
    webhook = {
        "name": WEBHOOK,
        "clientConfig": client,
        "rules": _rules(cron_jobs),
        "namespaceSelector": {"matchExpressions": [excluded]},
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail" if fail else "Ignore",
        "matchPolicy": "Equivalent",
        "sideEffects": "None",
        "timeoutSeconds": shape.timeout_seconds,
    }
    return {
        "apiVersion": VALIDATING_WEBHOOKS.api_version,
        "kind": VALIDATING_WEBHOOKS.kind,
        "metadata": metadata,
        "webhooks": [webhook],
    }


def drift(live: Live, wanted: Json) -> list[str]:
    """The fields of a live configuration that are not as wanted.

    Fields that we do not know are no drift: newer API servers have more, with defaults.
    """
    ours = live.ours
    if ours is None:
        return ["webhooks"]
    want = wanted["webhooks"][0]
    differing = [
        name for name in (*want, *_NARROWING) if not _same(name, ours.get(name), want, ours)
    ]
    for kind in ("labels", "annotations"):
        here = getattr(live.metadata, kind) or {}
        if not (wanted["metadata"].get(kind) or {}).items() <= here.items():
            differing.append(kind)
    return differing


def replacement(live: Live, wanted: Json) -> Json:
    """A merge patch that makes our webhook exactly what is wanted.

    For what others added to it: an apply leaves that alone, whoever forces what.
    """
    ours = dict(wanted["webhooks"][0])
    kept = (live.ours or {}).get("clientConfig") or {}
    if "caBundle" not in ours["clientConfig"] and "caBundle" in kept:
        ours["clientConfig"] = {**ours["clientConfig"], "caBundle": kept["caBundle"]}
    return {
        "metadata": {"resourceVersion": live.metadata.resource_version},
        "webhooks": [ours, *live.foreign],
    }


def should_fail(*, asked: bool, live: Live | None, remembered: bool, ready: bool) -> bool:
    """Whether `failurePolicy` is to be `Fail`.

    Once it is, it stays, whatever becomes of the replicas, of us, or of the object: a deleted one
    comes back as it was. Only a person takes it back, by no longer asking for it *and* writing
    `Ignore` into the live object: neither a slip in the settings nor a slip in the cluster alone
    opens the door.

    Args:
        asked: by the settings.
        live: the configuration that is there.
        remembered: it was `Fail` before.
        ready: all replicas that are expected have been ready at one time.
    """
    if live is None:
        # A new one begins as `Ignore`, also where all are ready: its rules were never tried.
        return remembered
    if live.fails:
        return True
    return asked and (remembered or ready)


def _same(name: str, value: object, want: Json, ours: Json) -> bool:
    if name in _NARROWING:
        return not value
    if name != "clientConfig" or "caBundle" in want["clientConfig"]:
        return bool(value == want[name])
    client = dict(ours.get("clientConfig") or {})
    client.pop("caBundle", None)
    return bool(client == want["clientConfig"])


def _rules(cron_jobs: Collection[Kind]) -> list[Json]:
    """No `*`: Leases, reviews of access and all that is not about images is none of our business.

    `pods/*` would be called for every binding and status too. A subresource is not part of `pods`:
    without its name, an ephemeral container is never seen.
    """
    named: list[tuple[str, str, tuple[str, ...]]] = []
    for group, version, resources in _RULES:
        own = tuple(
            kind.plural for kind in cron_jobs if (kind.group, kind.version) == (group, version)
        )
        named.append((group, version, (*resources, *own)))
    others = [kind for kind in cron_jobs if kind.version != CRON_JOBS.version]
    named += [(kind.group, kind.version, (kind.plural,)) for kind in others]
    return [
        {
            "apiGroups": [group],
            "apiVersions": [version],
            "resources": list(resources),
            # Old API servers update ephemeral containers; should one ever create them, so be it.
            "operations": ["CREATE", "UPDATE"],
            "scope": "Namespaced",
        }
        for group, version, resources in named
    ]
