"""The kinds of objects that are read or written in a cluster, and their paths in its API."""

from __future__ import annotations

from urllib.parse import quote

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """A resource of the API (API conventions, «Resources»)."""

    group: str
    """Empty for the core group."""
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As objects write it: `group/version`, or `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_path(self) -> str:
        """Where the API server tells which resources the group has."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of one object, or of all of them (in one namespace, or everywhere)."""
        parts = [self.group_path]
        if namespace and self.namespaced:
            parts += ["namespaces", _segment(namespace)]
        parts.append(self.plural)
        if name:
            parts.append(_segment(name))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


def _segment(name: str) -> str:
    """A name as one path segment: names come from objects of strangers."""
    return quote(name, safe="")


def _ours(plural: str, kind: str, *, namespaced: bool = False) -> Kind:
    return Kind("cocket.dev", "v1alpha1", plural, kind, namespaced)


REGISTRIES = _ours("registries", "Registry")
CLUSTER_IMAGE_POLICIES = _ours("clusterimagepolicies", "ClusterImagePolicy")
IMAGE_POLICIES = _ours("imagepolicies", "ImagePolicy", namespaced=True)
IMAGE_EXCEPTIONS = _ours("imageexceptions", "ImageException", namespaced=True)
IMAGE_FACTS = _ours("imagefacts", "ImageFacts")
IMAGE_CONTENTS = _ours("imagecontents", "ImageContents")

PODS = Kind("", "v1", "pods", "Pod")
POD_TEMPLATES = Kind("", "v1", "podtemplates", "PodTemplate")
REPLICATION_CONTROLLERS = Kind("", "v1", "replicationcontrollers", "ReplicationController")
DEPLOYMENTS = Kind("apps", "v1", "deployments", "Deployment")
REPLICA_SETS = Kind("apps", "v1", "replicasets", "ReplicaSet")
STATEFUL_SETS = Kind("apps", "v1", "statefulsets", "StatefulSet")
DAEMON_SETS = Kind("apps", "v1", "daemonsets", "DaemonSet")
JOBS = Kind("batch", "v1", "jobs", "Job")
CRON_JOBS = Kind("batch", "v1", "cronjobs", "CronJob")
CRON_JOBS_BETA = Kind("batch", "v1beta1", "cronjobs", "CronJob")

POLICY_REPORTS = Kind("wgpolicyk8s.io", "v1alpha2", "policyreports", "PolicyReport")
OPEN_REPORTS = Kind("openreports.io", "v1alpha1", "reports", "Report")
EVENTS = Kind("events.k8s.io", "v1", "events", "Event")
CONFIG_MAPS = Kind("", "v1", "configmaps", "ConfigMap")

NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
SECRETS = Kind("", "v1", "secrets", "Secret")
SERVICE_ACCOUNTS = Kind("", "v1", "serviceaccounts", "ServiceAccount")
LEASES = Kind("coordination.k8s.io", "v1", "leases", "Lease")
VALIDATING_WEBHOOKS = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
