"""What a role can give that ends or fools us, and which objects must be meant by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster import leader, replica_lease
from webhook.doctor.picture import Picture, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.doctor.objects import Role, Rule

_WRITING = frozenset({"create", "update", "patch", "delete", "deletecollection", "*"})
_CHANGING = _WRITING - {"create"}
_READING = frozenset({"get", "list", "watch", "*"})
_RBAC = "rbac.authorization.k8s.io"
_ROLES = ("clusterroles", "roles", "clusterrolebindings", "rolebindings")


class Named(msgspec.Struct, frozen=True):
    """Objects by their names."""

    names: frozenset[str]
    families: tuple[str, ...] = ()
    """What the names of further ones begin with."""

    def has(self, name: str) -> bool:
        """Whether the object of this name is one of them."""
        return name in self.names or name.startswith(self.families)


class Power(msgspec.Struct, frozen=True):
    """Something that ends or fools us."""

    says: str
    """After «may»."""
    group: str
    resources: tuple[str, ...]
    verbs: frozenset[str]
    local: bool = False
    """Whether it is in our namespace alone."""
    meant: Named | None = None
    """The objects that count where a role names some; None: any."""

    def in_role(self, role: Role | None) -> bool:
        """Whether the role gives it."""
        return role is not None and any(self._in(rule) for rule in role.rules or ())

    def _in(self, rule: Rule) -> bool:
        names, meant = rule.resource_names or (), self.meant
        return (
            not self.verbs.isdisjoint(rule.verbs or ())
            and not {self.group, "*"}.isdisjoint(rule.api_groups or ())
            and not {*self._spelled, "*"}.isdisjoint(rule.resources or ())
            # A name that is not ours is none of our business.
            and (not names or meant is None or any(map(meant.has, names)))
        )

    @property
    def _spelled(self) -> Iterable[str]:
        """The resources as rules write them: `*/scale` is the `scale` of everything."""
        yield from self.resources
        yield from (f"*/{name.partition('/')[2]}" for name in self.resources if "/" in name)


def powers(picture: Picture) -> tuple[Power, ...]:
    """Those that a role gives by itself."""
    ours = ("registries", "clusterimagepolicies", "imagefacts", "imagecontents")
    workloads = _workloads(picture)
    return (
        Power(
            "switch all checks off, by the webhook configuration",
            "admissionregistration.k8s.io",
            ("validatingwebhookconfigurations",),
            _CHANGING,
            meant=Named(frozenset({picture.configuration_name})),
        ),
        Power(
            "delete all policies, by their definitions",
            *("apiextensions.k8s.io", ("customresourcedefinitions",), _CHANGING),
            meant=Named(frozenset(picture.definitions)),
        ),
        Power(
            "change what is checked, by policies, Registries or facts", "cocket.dev", ours, _WRITING
        ),
        Power("take namespaces out of policies, by their labels", "", ("namespaces",), _CHANGING),
        Power(
            "stop or replace us, by the Deployments",
            *("apps", ("deployments", "deployments/scale", "replicasets"), _WRITING),
            local=True,
            meant=workloads,
        ),
        Power(
            "stop or replace us, by Pods",
            *("", ("pods", "pods/exec"), _WRITING),
            local=True,
            meant=workloads,
        ),
        Power(
            "take the lead or pose as a replica, by Leases",
            *("coordination.k8s.io", ("leases",), _WRITING),
            local=True,
            meant=Named(frozenset({leader.LEASE}), (replica_lease.PREFIX,)),
        ),
        Power(
            "read our key and logins, by Secrets",
            *("", ("secrets",), _READING),
            local=True,
            meant=_secrets(picture),
        ),
        Power(
            "grant themselves all of this, by roles", _RBAC, _ROLES, frozenset({"escalate", "*"})
        ),
    )


def borrowed(roles: Iterable[str], holders: Iterable[str]) -> tuple[Power, ...]:
    """Those that a role gives by way of others.

    Args:
        roles: names of the roles that give a power by themselves.
        holders: names of who has one, Kubernetes and we among them.
    """
    strong = Named(frozenset(holders), ("system:",))
    return (
        Power(
            "grant themselves all of this, by bindings",
            *(_RBAC, ("clusterroles", "roles"), frozenset({"bind", "*"})),
            meant=Named(frozenset(roles)),
        ),
        Power(
            "act as whoever may do this, by impersonation",
            *("", ("users", "groups", "serviceaccounts"), frozenset({"impersonate", "*"})),
            meant=strong,
        ),
        Power(
            "act as us, by tokens of our ServiceAccounts",
            *("", ("serviceaccounts/token",), frozenset({"create", "*"})),
            local=True,
            meant=strong,
        ),
    )


def _workloads(picture: Picture) -> Named | None:
    """Our Deployments, with the ReplicaSets and Pods that are named after them."""
    if isinstance(picture.deployments, Unseen):
        return None
    names = [one.metadata.name for one in picture.deployments]
    return Named(frozenset(names), tuple(f"{name}-" for name in names))


def _secrets(picture: Picture) -> Named | None:
    """The Secret of the certificate, and those with the logins of Registries."""
    if isinstance(picture.registries, Unseen):
        return None
    logins = {one.spec.secret for one in picture.registries} - {""}
    return Named(frozenset({picture.secret_name, *logins}))
