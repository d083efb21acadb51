"""Whether an operator lives in a cluster: only then is what it recorded a picture of what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import LEASES
from webhook.cluster.leader import LEASE
from webhook.cluster.lists import list_pages
from webhook.cluster.metadata import Metadata
from webhook.core.printable import printable
from webhook.core.timestamps import parse_moment

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.cluster.api import Api

LEASE_SECONDS = 30.0
"""Twice the time after which another replica may take it: somebody always holds it anew by then."""
_MAX_AHEAD = 5.0
"""Seconds that a renewal may come from the future: servers tell the time in whole ones."""
_MAX_SHOWN = 3


class _Spec(msgspec.Struct, rename="camel"):
    holder_identity: str | None = None
    renew_time: str | None = None


class _Lease(msgspec.Struct):
    metadata: Metadata
    spec: _Spec | None = None


async def why_no_operator(api: Api) -> str:
    """Empty where an operator holds its Lease and renewed it a moment ago, by the server's clock.

    Returns:
        else a clause that says what is there.

    Raises:
        ClusterError: Leases cannot be listed, in all namespaces.
    """
    now = await api.time()
    if now is None:
        return "its API server does not tell the time, so that nobody knows how old its Lease is"
    found: list[_Lease] = []
    async for page in list_pages(api, LEASES, _Lease, fields=f"metadata.name={LEASE}"):
        found += page.items
    if not found:
        return f"there is no Lease {LEASE} in any namespace"
    said = [_why_dead(one, now) for one in found]
    return "" if "" in said else "; ".join(said[:_MAX_SHOWN])


def _why_dead(lease: _Lease, now: datetime) -> str:
    where = printable(f"{lease.metadata.namespace}/{lease.metadata.name}")
    spec = lease.spec or _Spec()
    if not spec.holder_identity:
        return f"nobody holds the Lease {where}"
    moment = parse_moment(spec.renew_time or "")
    if moment is None:
        return f"the Lease {where} does not say when it was renewed"
    age = (now - moment.at).total_seconds()
    if age >= LEASE_SECONDS:
        return f"the Lease {where} was renewed at {moment.at:%Y-%m-%dT%H:%M:%SZ} for the last time"
    if age < -_MAX_AHEAD:
        return f"the Lease {where} was renewed {-age:.0f} s from now, by a clock that is wrong"
    return ""
