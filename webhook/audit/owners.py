"""Who owns a Pod: an owner is believed if the API server has it under the uid that is named.

Whoever may create Pods writes what he likes into their ownerReferences. So each step is looked up:
an owner that does not exist, has another uid or is in another namespace is not believed.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.audit.objects import Bare
from webhook.cluster.kinds import Kind
from webhook.cluster.served_kinds import resources_of
from webhook.core.resource_fields import is_name
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.audit.objects import Owned, OwnerReference
    from webhook.cluster.api import Api

_MAX_STEPS = 8
"""From a Pod to its last owner; a CronJob's has two."""
_MAX_LOOKUPS = 2_000
"""Owners asked for one by one, of kinds that are not listed: more are not believed."""
_MAX_GROUPS = 64
_AT_ONCE = 8
_NOT_FOUND = 404
# `group/version`, as API servers accept them in the path (RFC 1123; API conventions, «Versioning»).
_API_VERSION = re.compile(
    r"(?:([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)/)?(v[0-9a-z]{1,20})", re.ASCII
)

Claim: TypeAlias = "tuple[str, OwnerReference]"
"""The namespace of an object, and who controls it by its own words."""


class Link(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An object that is there, and who controls it by its own words."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    controller: OwnerReference | None = None

    def is_meant(self, namespace: str, by: OwnerReference) -> bool:
        """Whether a reference from that namespace means this object."""
        return (self.namespace, self.kind, self.name, self.uid) == (
            namespace,
            by.kind,
            by.name,
            by.uid,
        )


def link(kind: Kind, metadata: Owned) -> Link:
    """The link that an object of a kind is."""
    return Link(
        api_version=kind.api_version,
        kind=kind.kind,
        namespace=metadata.namespace or "",
        name=metadata.name or "",
        uid=metadata.uid or "",
        controller=metadata.controller(),
    )


class Owners:
    """Follows references from Pods to the last owner that is real."""

    def __init__(self, api: Api, most: int = _MAX_LOOKUPS) -> None:
        """Nothing is known before `add`; so many are asked for at `most`."""
        self._api = api
        self._most = most
        self._known: dict[str, Link] = {}
        self._blocked: set[tuple[str, str]] = set()
        self._asked: dict[tuple[str, str, str, str], asyncio.Task[Link | None]] = {}
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._roots: dict[tuple[str, OwnerReference], Link | None] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._one_at_a_time = asyncio.Lock()
        self.problems: dict[str, None] = {}
        """Why some owner was not found; a sentence each, without repeats."""

    def add(self, found: Link) -> None:
        """Take an object that was listed."""
        self._known[found.uid] = found

    def is_known(self, namespace: str, by: OwnerReference) -> bool:
        """Whether a reference from that namespace means an object that was listed."""
        known = self._known.get(by.uid)
        return known is not None and known.is_meant(namespace, by)

    def block(self, kind: Kind) -> None:
        """Ask for no object of a kind: it cannot be listed, so asking each time says the same."""
        self._blocked.add((kind.api_version, kind.kind))

    async def learn(self, claims: Iterable[Claim]) -> None:
        """Look up whatever these claims need, so that `root` can answer."""
        new = [claim for claim in dict.fromkeys(claims) if claim not in self._roots]
        found = await asyncio.gather(*[self._follow(*claim) for claim in new])
        self._roots.update(zip(new, found, strict=True))

    def root(self, claim: Claim) -> Link | None:
        """The last owner that is real; None where not even the first one is. `learn` it before."""
        return self._roots[claim]

    async def _follow(self, namespace: str, first: OwnerReference) -> Link | None:
        found: Link | None = None
        claimed: OwnerReference | None = first
        for _ in range(_MAX_STEPS):
            if claimed is None:
                break
            real = await self._real(namespace, claimed)
            if real is None:
                break
            found, claimed = real, real.controller
        return found

    async def _real(self, namespace: str, claimed: OwnerReference) -> Link | None:
        """The object that a reference means; None where there is none."""
        known = self._known.get(claimed.uid)
        if known is None:
            # Newer than the lists, or of a kind that is not listed.
            place = (claimed.api_version, claimed.kind, namespace, claimed.name)
            asking = self._asked.get(place)
            if asking is None:
                asking = self._asked[place] = asyncio.create_task(self._ask(*place))
            known = await asking
        return known if known is not None and known.is_meant(namespace, claimed) else None

    async def _ask(self, api_version: str, kind: str, namespace: str, name: str) -> Link | None:
        if (api_version, kind) in self._blocked or not is_name(name):
            return None
        if len(self._asked) > self._most:
            self._say(f"more than {self._most} owners would have to be looked up one by one")
            return None
        try:
            async with self._room:
                if (api_version, kind) in self._blocked:
                    return None  # meanwhile
                served = await self._kind(api_version, kind)
                if served is None:
                    return None
                found = await self._api.get(served.path(namespace, name), Bare)
        except ClusterError as error:
            if error.status != _NOT_FOUND and (api_version, kind) not in self._blocked:
                self._say(f"owners of kind {kind} ({api_version}) could not be read: {error}")
                self._blocked.add((api_version, kind))
            return None
        return None if found.metadata is None else link(served, found.metadata)

    async def _kind(self, api_version: str, kind: str) -> Kind | None:
        """How a kind is asked for; None where it is not served, or not in namespaces."""
        async with self._one_at_a_time:
            if api_version not in self._kinds:
                parts = _API_VERSION.fullmatch(api_version)
                if parts is None or len(self._kinds) >= _MAX_GROUPS:
                    return None
                self._kinds[api_version] = await self._served(parts[1] or "", parts[2])
        return self._kinds[api_version].get(kind)

    async def _served(self, group: str, version: str) -> dict[str, Kind]:
        path = Kind(group, version, "", "").group_path
        return {
            one.kind: Kind(group, version, one.name, one.kind)
            for one in await resources_of(self._api, path)
            # A name with a slash is a subresource.
            if one.namespaced and "/" not in one.name
        }

    def _say(self, problem: str) -> None:
        self.problems[f"{problem}; what they own is listed by itself"] = None
