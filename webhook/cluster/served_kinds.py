"""The kinds of objects that name images, as far as this cluster serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster import kinds
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind

_CHOICES: tuple[tuple[Kind, ...], ...] = (
    (kinds.PODS,),
    (kinds.POD_TEMPLATES,),
    (kinds.REPLICATION_CONTROLLERS,),
    (kinds.DEPLOYMENTS,),
    (kinds.REPLICA_SETS,),
    (kinds.STATEFUL_SETS,),
    (kinds.DAEMON_SETS,),
    (kinds.JOBS,),
    (kinds.CRON_JOBS, kinds.CRON_JOBS_BETA),
)
"""Of each line, the first that is served: they are the same objects."""
_NOT_FOUND = 404


class Resource(msgspec.Struct):
    """meta/v1 APIResource, as far as it is read."""

    name: str
    kind: str = ""
    namespaced: bool = True


class Resources(msgspec.Struct):
    """meta/v1 APIResourceList."""

    resources: list[Resource] = []


def chosen(served: Iterable[Kind]) -> tuple[Kind, ...]:
    """One of each, of those that are served."""
    there = frozenset(served)
    return tuple(
        found for line in _CHOICES if (found := next((one for one in line if one in there), None))
    )


async def served_kinds(api: Api) -> tuple[Kind, ...]:
    """The kinds with images that the API server serves.

    Raises:
        ClusterError: it does not tell.
    """
    every = [kind for line in _CHOICES for kind in line]
    names: dict[str, frozenset[str]] = {}
    for path in {kind.group_path for kind in every}:
        found = await resources_of(api, path)
        names[path] = frozenset(one.name for one in found)
    return tuple(kind for kind in every if kind.plural in names[kind.group_path])


async def resources_of(api: Api, group_path: str) -> list[Resource]:
    """What the API server serves of one group and version; empty where it does not know them.

    Raises:
        ClusterError: it does not tell.
    """
    try:
        return (await api.get(group_path, Resources)).resources
    except ClusterError as error:
        if error.status != _NOT_FOUND:
            raise
        return []
