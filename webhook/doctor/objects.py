"""The fields of objects that a doctor reads; everything else is skipped."""

from __future__ import annotations

import msgspec

from webhook.cluster.metadata import Labelled
from webhook.operator.conditions import Condition, Truth, read


class Version(msgspec.Struct, rename="camel"):
    """What `/version` says."""

    git_version: str = ""
    major: str = ""
    minor: str = ""


class Secret(msgspec.Struct):
    """core/v1 Secret."""

    data: dict[str, str] | None = None


class LeaseSpec(msgspec.Struct, rename="camel"):
    """coordination/v1 LeaseSpec."""

    holder_identity: str | None = None
    renew_time: str | None = None


class Lease(msgspec.Struct):
    """coordination/v1 Lease."""

    metadata: Labelled
    spec: LeaseSpec | None = None


class _Container(msgspec.Struct):
    image: str = ""


class _PodSpec(msgspec.Struct):
    containers: list[_Container] = []


class _Template(msgspec.Struct):
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class DeploymentSpec(msgspec.Struct):
    """apps/v1 DeploymentSpec."""

    replicas: int = 1
    template: _Template = msgspec.field(default_factory=_Template)


class DeploymentStatus(msgspec.Struct, rename="camel"):
    """apps/v1 DeploymentStatus."""

    ready_replicas: int = 0


class Deployment(msgspec.Struct):
    """apps/v1 Deployment."""

    metadata: Labelled
    spec: DeploymentSpec = msgspec.field(default_factory=DeploymentSpec)
    status: DeploymentStatus = msgspec.field(default_factory=DeploymentStatus)

    @property
    def images(self) -> list[str]:
        """Of its containers."""
        return [one.image for one in self.spec.template.spec.containers]

    @property
    def version(self) -> str:
        """As its label says; empty without one."""
        return (self.metadata.labels or {}).get("app.kubernetes.io/version", "")


class _Status(msgspec.Struct):
    conditions: object = None


class Conditioned(msgspec.Struct):
    """Any object with `status.conditions`."""

    metadata: Labelled
    status: _Status = msgspec.field(default_factory=_Status)

    def condition(self, kind: str) -> Condition | None:
        """The condition of this type, if there is one that can be read."""
        return next((one for one in read(self.status.conditions) if one.type == kind), None)

    def holds(self, kind: str) -> bool:
        """Whether the condition is true."""
        found = self.condition(kind)
        return found is not None and found.status == Truth.TRUE


class _Login(msgspec.Struct, rename="camel"):
    secret_name: str = ""


class _RegistrySpec(msgspec.Struct):
    credentials: _Login | None = None

    @property
    def secret(self) -> str:
        """Name of the Secret with its login; empty where it has none."""
        return self.credentials.secret_name if self.credentials is not None else ""


class RegistryItem(Conditioned):
    """A Registry: what its status says, and which Secret it names."""

    spec: _RegistrySpec = msgspec.field(default_factory=_RegistrySpec)


class NamespaceItem(msgspec.Struct):
    """core/v1 Namespace."""

    metadata: Labelled


class Rule(msgspec.Struct, rename="camel"):
    """rbac/v1 PolicyRule; null is the same as empty."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class Role(msgspec.Struct):
    """rbac/v1 Role and ClusterRole."""

    metadata: Labelled
    rules: list[Rule] | None = None


class RoleRef(msgspec.Struct):
    """rbac/v1 RoleRef."""

    kind: str = ""
    name: str = ""


class Subject(msgspec.Struct, frozen=True, order=True):
    """rbac/v1 Subject."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class Binding(msgspec.Struct, rename="camel"):
    """rbac/v1 RoleBinding and ClusterRoleBinding."""

    metadata: Labelled
    role_ref: RoleRef
    subjects: list[Subject] | None = None
