"""Who could switch us off: what roles grant, to whom, and by which binding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.doctor.objects import Binding, Role, Subject
from webhook.doctor.picture import Picture, Seen, Unseen
from webhook.doctor.powers import Power, borrowed, powers
from webhook.reports.diagnoses import Diagnosis, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_SHOWN = 10
_ALL_USERS = frozenset({"system:authenticated", "system:unauthenticated", "system:serviceaccounts"})
"""Groups that hold everybody, or every workload."""


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
    alone = powers(picture)
    holders = {one.subject.name for power in alone for one in _grants(power, picture)}
    for power in (*alone, *borrowed(_strong_roles(alone, picture), holders)):
        found = sorted(set(_grants(power, picture)))
        others = [one for one in found if not _expected(one.subject, picture.namespace)]
        yield from _judged(power, others)
        if not others and not unseen:
            yield Diagnosis("access", State.OK, f"nobody else may {power.says}")


def _grants(power: Power, picture: Picture) -> Iterator[Grant]:
    """Who has it, Kubernetes and we among them."""
    rights = picture.rights
    cluster, local = _by_name(rights.cluster_roles), _by_name(rights.roles)
    if not isinstance(rights.cluster_bindings, Unseen):
        for one in rights.cluster_bindings:
            if power.in_role(cluster.get(one.role_ref.name)):
                yield from _to(one, f"clusterrolebinding {one.metadata.name}")
    if power.local and not isinstance(rights.bindings, Unseen):
        for one in rights.bindings:
            roles = cluster if one.role_ref.kind == "ClusterRole" else local
            if power.in_role(roles.get(one.role_ref.name)):
                yield from _to(one, f"rolebinding {one.metadata.name} -n {picture.namespace}")


def _strong_roles(alone: Sequence[Power], picture: Picture) -> set[str]:
    """Roles that give a power, bound to somebody or not."""
    both = (picture.rights.roles, picture.rights.cluster_roles)
    return {
        name
        for roles in both
        for name, role in _by_name(roles).items()
        if any(one.in_role(role) for one in alone)
    }


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


def _by_name(roles: Seen[list[Role]]) -> dict[str, Role]:
    return {} if isinstance(roles, Unseen) else {one.metadata.name: one for one in roles}


def _to(binding: Binding, by: str) -> Iterator[Grant]:
    for subject in binding.subjects or ():
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
