"""All that a doctor saw of one installation, and what he was not let see."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, TypeVar

import msgspec

from webhook.doctor.objects import (
    Binding,
    Conditioned,
    Deployment,
    Lease,
    NamespaceItem,
    RegistryItem,
    Role,
    Secret,
    Version,
)
from webhook.operator.configuration import Live

T = TypeVar("T")


class Unseen(msgspec.Struct, frozen=True):
    """Stands in the place of what could not be read."""

    why: str
    """A clause; printable."""


Seen: TypeAlias = T | Unseen
"""What was read; None inside it, where it is not there."""


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do what: in the whole cluster, and in our namespace."""

    cluster_roles: Seen[list[Role]]
    cluster_bindings: Seen[list[Binding]]
    roles: Seen[list[Role]]
    bindings: Seen[list[Binding]]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One look. Nothing in it was changed by looking."""

    namespace: str
    """Of the installation."""
    configuration_name: str
    secret_name: str
    version: str
    """Of the Cocket that looks."""
    now: datetime
    """By this machine's clock, aware."""
    server_time: Seen[datetime]
    server: Seen[Version]
    configuration: Seen[Live | None]
    secret: Seen[Secret | None]
    leases: Seen[list[Lease]]
    deployments: Seen[list[Deployment]]
    definitions: dict[str, Seen[Conditioned | None]]
    """By name: `registries.cocket.dev` …"""
    registries: Seen[list[RegistryItem]]
    policies: Seen[list[Conditioned]]
    """Those of the cluster and those of namespaces."""
    exceptions: Seen[list[Conditioned]]
    excluded: dict[str, Seen[NamespaceItem | None]]
    """Namespaces that API servers do not ask about, as the configuration says."""
    rights: Rights

    @property
    def time(self) -> datetime:
        """The API server's time, else ours: what is valid there decides."""
        return self.now if isinstance(self.server_time, Unseen) else self.server_time
