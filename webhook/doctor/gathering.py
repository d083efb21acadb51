"""Makes the picture: each part by itself, so that a right that is missing costs that part alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from webhook.cluster import kinds
from webhook.cluster.kinds import Kind
from webhook.cluster.lists import list_pages
from webhook.core.printable import printable
from webhook.doctor import objects
from webhook.doctor.configuration_checks import excluded_of
from webhook.doctor.picture import Picture, Rights, Seen, Unseen
from webhook.errors import ClusterError
from webhook.operator.configuration import Live

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from webhook.cluster.api import Api

T = TypeVar("T")

_NOT_FOUND = 404
_MAX_WHY = 300
_MAX_OBJECTS = 20_000
"""Of one kind: more are not needed to see what is wrong."""
_RBAC = "rbac.authorization.k8s.io"
_CLUSTER_ROLES = Kind(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
_CLUSTER_BINDINGS = Kind(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
_ROLES = Kind(_RBAC, "v1", "roles", "Role")
_BINDINGS = Kind(_RBAC, "v1", "rolebindings", "RoleBinding")
_DEFINITIONS = Kind(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
)
OURS = (
    kinds.REGISTRIES,
    kinds.CLUSTER_IMAGE_POLICIES,
    kinds.IMAGE_POLICIES,
    kinds.IMAGE_EXCEPTIONS,
    kinds.IMAGE_FACTS,
    kinds.IMAGE_CONTENTS,
)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the installation is, by the names that the chart gives."""

    namespace: str
    configuration: str = "cocket"
    secret: str = "cocket-tls"
    labels: str = "app.kubernetes.io/part-of=cocket"
    """Selector of its Deployments."""


async def gather(api: Api, place: Place, *, version: str, now: datetime) -> Picture:
    """Look once; nothing is written.

    Args:
        api: the cluster.
        place: where the installation is.
        version: of Cocket, ours.
        now: aware.

    Raises:
        ClusterError: the API server cannot be reached at all.
    """
    # Whoever is not reached here is reached nowhere: that is no question of rights.
    server_time = await _seen(_time(api), reached=True)
    namespace = place.namespace
    configuration = await _maybe(
        api, kinds.VALIDATING_WEBHOOKS.path(name=place.configuration), Live
    )
    excluded = (
        []
        if isinstance(configuration, Unseen) or configuration is None
        else excluded_of(configuration)
    )
    secret = kinds.SECRETS.path(namespace, place.secret)
    parts: dict[str, Any] = {
        "server": _seen(api.get("/version", objects.Version)),
        "secret": _maybe(api, secret, objects.Secret),
        "leases": _all(api, kinds.LEASES, objects.Lease, namespace),
        "deployments": _all(api, kinds.DEPLOYMENTS, objects.Deployment, namespace, place.labels),
        "registries": _all(api, kinds.REGISTRIES, objects.RegistryItem),
        "cluster_policies": _all(api, kinds.CLUSTER_IMAGE_POLICIES, objects.Conditioned),
        "policies": _all(api, kinds.IMAGE_POLICIES, objects.Conditioned),
        "exceptions": _all(api, kinds.IMAGE_EXCEPTIONS, objects.Conditioned),
        "cluster_roles": _all(api, _CLUSTER_ROLES, objects.Role),
        "cluster_bindings": _all(api, _CLUSTER_BINDINGS, objects.Binding),
        "roles": _all(api, _ROLES, objects.Role, namespace),
        "bindings": _all(api, _BINDINGS, objects.Binding, namespace),
    }
    definitions = [f"{kind.plural}.{kind.group}" for kind in OURS]
    parts |= {
        name: _maybe(api, _DEFINITIONS.path(name=name), objects.Conditioned) for name in definitions
    }
    parts |= {
        f"namespace {name}": _maybe(api, kinds.NAMESPACES.path(name=name), objects.NamespaceItem)
        for name in excluded
    }
    found = dict(zip(parts, await asyncio.gather(*parts.values()), strict=True))
    return Picture(
        namespace=namespace,
        configuration_name=place.configuration,
        secret_name=place.secret,
        version=version,
        now=now,
        server_time=server_time,
        configuration=configuration,
        definitions={name: found[name] for name in definitions},
        policies=_both(found["cluster_policies"], found["policies"]),
        excluded={name: found[f"namespace {name}"] for name in excluded},
        rights=Rights(**{name: found[name] for name in Rights.__struct_fields__}),
        **{
            name: found[name]
            for name in ("server", "secret", "leases", "deployments", "registries", "exceptions")
        },
    )


async def _time(api: Api) -> datetime:
    moment = await api.time()
    if moment is None:
        raise ClusterError("the API server does not say what time it is", status=200)
    return moment


async def _seen(asked: Awaitable[T], *, reached: bool = False) -> Seen[T]:
    try:
        return await asked
    except ClusterError as error:
        if reached and not error.status:
            raise
        return Unseen(printable(str(error), _MAX_WHY))


async def _maybe(api: Api, path: str, into: type[T]) -> Seen[T | None]:
    """One object; None where there is none."""
    try:
        return await api.get(path, into)
    except ClusterError as error:
        return None if error.status == _NOT_FOUND else Unseen(printable(str(error), _MAX_WHY))


async def _all(
    api: Api, kind: Kind, item: type[T], namespace: str = "", labels: str = ""
) -> Seen[list[T]]:
    found: list[T] = []
    try:
        async for page in list_pages(api, kind, item, namespace=namespace, labels=labels):
            found += page.items
            if len(found) > _MAX_OBJECTS:
                return Unseen(f"there are more than {_MAX_OBJECTS} {kind.plural}")
    except ClusterError as error:
        return Unseen(printable(str(error), _MAX_WHY))
    return found


def _both(one: Seen[list[T]], other: Seen[list[T]]) -> Seen[list[T]]:
    """Two lists as one; what is not seen of either hides both, as neither may read as nothing."""
    if isinstance(one, Unseen):
        return one
    return other if isinstance(other, Unseen) else [*one, *other]
