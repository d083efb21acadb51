"""Who serves admission: the Leases of the replicas, and which of them still count.

How old a Lease is, we measure ourselves: from when we saw it change. What its `renewTime` says is
believed only of a Lease that was never seen to change: clocks differ, and ours may be wrong.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.cluster.metadata import Labelled
from webhook.cluster.mirror import HasMetadata
from webhook.cluster.replica_lease import ADDRESS, LEASE_SECONDS, READY
from webhook.core.timestamps import parse_moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

Address: TypeAlias = tuple[str, int]
"""IP address and port."""

_MAX_PORT = 65535
_PORT_DIGITS = 5


class _Spec(msgspec.Struct, rename="camel"):
    renew_time: str | None = None


class LeaseItem(HasMetadata, kw_only=True):
    """coordination/v1 Lease."""

    metadata: Labelled
    spec: _Spec | None = None


class Announced(msgspec.Struct, frozen=True):
    """What a replica's Lease says."""

    name: str
    address: Address | None
    """None where it names none that may be asked."""
    ready: bool
    renewed: str
    """RFC 3339, by the replica's clock."""


class Replica(msgspec.Struct, frozen=True):
    """A Lease, and how old it is by our own watch."""

    said: Announced
    age: float
    """Seconds."""

    @property
    def fresh(self) -> bool:
        """Whether it counts."""
        return self.age < LEASE_SECONDS


class Seen(msgspec.Struct, frozen=True):
    """One look at all Leases."""

    replicas: tuple[Replica, ...]
    """The youngest first."""
    clock: float | None
    """Seconds that the clocks of the replicas are before ours, in the middle; None: not known."""
    clock_known: bool
    """False while there are Leases that may yet tell."""


class _Sighting(msgspec.Struct):
    renewed: str
    since: float
    first: float
    ahead: float | None = None


class Sightings:
    """Remembers when each Lease was seen to change."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._known: dict[str, _Sighting] = {}

    def look(self, leases: Iterable[Announced], at: float, now: datetime) -> Seen:
        """Look at all of them.

        Args:
            leases: as they are now.
            at: seconds of a monotonic clock.
            now: aware.
        """
        before, self._known = self._known, {}
        replicas = []
        for said in leases:
            sighting = _renewed(before.get(said.name), said, at, now)
            self._known[said.name] = sighting
            replicas.append(Replica(said, at - sighting.since))
        ahead = [one.ahead for one in self._known.values() if one.ahead is not None]
        waited = all(at - one.first >= LEASE_SECONDS for one in self._known.values())
        return Seen(
            replicas=tuple(sorted(replicas, key=lambda one: (one.age, one.said.name))),
            clock=median(ahead) if ahead else None,
            clock_known=bool(ahead) or waited,
        )


def announced(lease: LeaseItem) -> Announced:
    """Read a Lease."""
    annotations = lease.metadata.annotations or {}
    return Announced(
        name=lease.metadata.name,
        address=address_of(annotations.get(ADDRESS, "")),
        ready=annotations.get(READY) == "true",
        renewed=(lease.spec.renew_time if lease.spec else None) or "",
    )


def address_of(text: str) -> Address | None:
    """`address:port`, where it may be asked.

    Only addresses: a name would be looked up, and could be anybody's tomorrow. Not those of the
    link, where cloud machines keep their metadata. What is asked gets no more than a TLS greeting.
    """
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= _PORT_DIGITS):
        return None
    if not 0 < int(port) <= _MAX_PORT:
        return None
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return None
        address = address.ipv4_mapped or address
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return None
    return str(address), int(port)


def _renewed(known: _Sighting | None, said: Announced, at: float, now: datetime) -> _Sighting:
    if known is not None and known.renewed == said.renewed:
        return known
    moment = parse_moment(said.renewed)
    ahead = None if moment is None else (moment.at - now).total_seconds()
    if known is not None:
        # It changed under our eyes: so it is alive, whatever its clock says.
        return _Sighting(said.renewed, at, known.first, ahead)
    age = float("inf") if ahead is None else abs(ahead)
    return _Sighting(said.renewed, at - age, at)
