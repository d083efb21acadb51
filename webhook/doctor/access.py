"""Who could switch us off: what roles grant, to whom, and by which binding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.doctor.objects import Binding, Role, Rule, Subject
from webhook.doctor.picture import Picture, Unseen
from webhook.reports.diagnoses import Diagnosis, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WRITING = frozenset({"create", "update", "patch", "delete", "deletecollection", "*"})
_CHANGING = _WRITING - {"create"}
_MAX_SHOWN = 10
_ALL_USERS = frozenset({"system:authenticated", "system:unauthenticated", "system:serviceaccounts"})
"""Groups that hold everybody, or every workload."""


class Power(msgspec.Struct, frozen=True):
    """Something that ends or fools us."""

    says: str
    """After «may»."""
    group: str
    resources: tuple[str, ...]
    verbs: frozenset[str]
    local: bool = False
    """Whether it is in our namespace alone."""
    name: str = ""
    """Of the one object that is meant; empty: any."""


def powers(configuration: str) -> tuple[Power, ...]:
    """All of them; the argument is the name of the webhook configuration."""
    ours = ("registries", "clusterimagepolicies", "imagefacts")
    return (
        Power(
            "switch all checks off, by the webhook configuration",
            "admissionregistration.k8s.io",
            ("validatingwebhookconfigurations",),
            _CHANGING,
            name=configuration,
        ),
        Power(
            "delete all policies, by their definitions",
            "apiextensions.k8s.io",
            ("customresourcedefinitions",),
            _CHANGING,
        ),
        Power(
            "change what is checked, by policies, Registries or facts", "cocket.dev", ours, _WRITING
        ),
        Power("take namespaces out of policies, by their labels", "", ("namespaces",), _CHANGING),
        Power(
            "stop or replace us, by the Deployments",
            *("apps", ("deployments", "deployments/scale", "replicasets"), _WRITING),
            local=True,
        ),
        Power("stop or replace us, by Pods", "", ("pods", "pods/exec"), _WRITING, local=True),
        Power(
            "read our key and logins, by Secrets",
            *("", ("secrets",), frozenset({"get", "list", "watch", "*"})),
            local=True,
        ),
        Power(
            "grant themselves all of this, by roles",
            "rbac.authorization.k8s.io",
            ("clusterroles", "roles", "clusterrolebindings", "rolebindings"),
            frozenset({"escalate", "bind", "*"}),
        ),
    )


class Grant(msgspec.Struct, frozen=True, order=True):
    """A subject that has a power, and the binding that gives it."""

    subject: Subject
    by: str
    """`clusterrolebinding NAME`, or `rolebinding NAME -n NAMESPACE`."""


def access(picture: Picture) -> Iterator[Diagnosis]:
    """Who has which power, besides Kubernetes itself and us."""
    rights = picture.rights
    everywhere, here = (
        (rights.cluster_roles, rights.cluster_bindings),
        (rights.roles, rights.bindings),
    )
    unseen = [one for one in (*everywhere, *here) if isinstance(one, Unseen)]
    for part in unseen:
        yield Diagnosis("access", State.UNKNOWN, f"who may do what: {part.why}")
    for power in powers(picture.configuration_name):
        found = sorted(set(_grants(power, picture)))
        yield from _judged(power, found)
        if not found and not unseen:
            yield Diagnosis("access", State.OK, f"nobody else may {power.says}")


def _grants(power: Power, picture: Picture) -> Iterator[Grant]:
    rights = picture.rights
    cluster = {} if isinstance(rights.cluster_roles, Unseen) else _by_name(rights.cluster_roles)
    local = {} if isinstance(rights.roles, Unseen) else _by_name(rights.roles)
    if not isinstance(rights.cluster_bindings, Unseen):
        for one in rights.cluster_bindings:
            if _gives(cluster.get(one.role_ref.name), power):
                yield from _to(one, f"clusterrolebinding {one.metadata.name}", picture.namespace)
    if power.local and not isinstance(rights.bindings, Unseen):
        for one in rights.bindings:
            roles = cluster if one.role_ref.kind == "ClusterRole" else local
            if _gives(roles.get(one.role_ref.name), power):
                by = f"rolebinding {one.metadata.name} -n {picture.namespace}"
                yield from _to(one, by, picture.namespace)


def _judged(power: Power, found: Sequence[Grant]) -> Iterator[Diagnosis]:
    everybody = [one for one in found if one.subject.name in _ALL_USERS]
    for one in everybody:
        message = f"{one.subject.name}, which is everybody, may {power.says}"
        yield Diagnosis("access", State.WRONG, message, f"kubectl edit {one.by}")
    others = [one for one in found if one not in everybody]
    if others:
        shown = ", ".join(_named(one.subject) for one in others[:_MAX_SHOWN])
        more = f" and {len(others) - _MAX_SHOWN} more" if len(others) > _MAX_SHOWN else ""
        fix = f"kubectl describe {others[0].by}"
        yield Diagnosis("access", State.RISK, f"{shown}{more} may {power.says}", fix)


def _by_name(roles: Sequence[Role]) -> dict[str, Role]:
    return {one.metadata.name: one for one in roles}


def _gives(role: Role | None, power: Power) -> bool:
    return role is not None and any(_allows(rule, power) for rule in role.rules or ())


def _allows(rule: Rule, power: Power) -> bool:
    names = rule.resource_names or ()
    return (
        not power.verbs.isdisjoint(rule.verbs or ())
        and not {power.group, "*"}.isdisjoint(rule.api_groups or ())
        and not {*power.resources, "*"}.isdisjoint(rule.resources or ())
        # A name that is not ours is none of our business.
        and (not names or not power.name or power.name in names)
    )


def _to(binding: Binding, by: str, namespace: str) -> Iterator[Grant]:
    for subject in binding.subjects or ():
        if not _expected(subject, namespace):
            yield Grant(subject, printable(by, 600))


def _expected(subject: Subject, namespace: str) -> bool:
    """Whether it is Kubernetes itself, or we."""
    if subject.name in _ALL_USERS:
        return False
    if subject.kind == "ServiceAccount":
        return subject.namespace in {"kube-system", namespace}
    return subject.name.startswith("system:") and not subject.name.startswith(
        "system:serviceaccount"
    )


def _named(subject: Subject) -> str:
    name = f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name
    return printable(f"{subject.kind} {name}", 300)
