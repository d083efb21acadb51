"""One look at the cluster for the operator: by the policies of this moment, from what is known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.audit.scan import Scope, scan
from webhook.core.facts import Reason, Unknown
from webhook.engine import Engine
from webhook.registry.given import GivenFacts
from webhook.registry.source import RegistrySource

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.cluster.state import ClusterState
    from webhook.core.facts import ImageFacts, Need
    from webhook.core.image import ImageRef
    from webhook.core.workload import Workload
    from webhook.engine import Source
    from webhook.registry.client import RegistryClient
    from webhook.reports.audited import Audit

_PATIENCE = 60.0
"""Seconds for the images of one object; nobody waits for the answer."""
_FIRST_REST, _LONGEST_REST = 5.0, 60.0
"""Seconds without a look-up after an answer 429."""


class AuditScanner:
    """Asks the engine that admission asks, about what runs."""

    def __init__(
        self,
        api: Api,
        state: ClusterState,
        client: RegistryClient,
        clock: Callable[[], datetime],
        *,
        lookups_per_second: float,
        version: str = "",
    ) -> None:
        """Call it inside the event loop.

        Args:
            api: the cluster.
            state: policies, registries, namespaces and recorded facts, which admission follows too.
            client: asks registries for what is recorded nowhere; shared with image facts.
            clock: gives aware times.
            lookups_per_second: that begin, at most.
            version: of Cocket.
        """
        self._api = api
        self._state = state
        self._clock = clock
        self._version = version
        source = RegistrySource(
            registries=lambda: state.policies().registries,
            client=client,
            given=GivenFacts(),
            recorded=state.recorded,
        )
        self._source = PacedSource(source, lookups_per_second)

    async def look(self, namespace: str = "") -> Audit:
        """Look at one namespace, or at everything.

        Raises:
            ClusterError: Pods cannot be listed.
        """
        # One set of policies and one moment for the whole look.
        policies, now = self._state.policies(), self._clock()
        engine = Engine(
            policies=lambda: policies,
            source=self._source,
            namespaces=self._state.namespace_labels,
            clock=lambda: now,
        )
        return await scan(
            self._api,
            engine,
            taken=now,
            scope=Scope(namespace=namespace),
            patience=_PATIENCE,
            cluster=self._api.server,
            version=self._version,
        )


class PacedSource:
    """A source whose look-ups begin one after the other: audits come after everybody else."""

    def __init__(self, source: Source, per_second: float) -> None:
        """Let so many look-ups begin in a second, and fewer where a registry has had enough."""
        self._source = source
        self._between = 1.0 / per_second
        self._next = 0.0
        self._rest = 0.0

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """See `Source`."""
        return self._source.known(ref, needs)

    def in_use(self, ref: ImageRef) -> bool:
        """See `Source`."""
        return self._source.in_use(ref)

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """See `Source`; waits for its turn."""
        now = asyncio.get_running_loop().time()
        self._next = max(now, self._next + self._between)
        await asyncio.sleep(self._next - now)
        # Meanwhile another object may have asked about the same image.
        known = self._source.known(ref, needs)
        if known is not None:
            return known
        found = await self._source.learn(ref, needs, workload)
        if isinstance(found, Unknown) and found.reason is Reason.RATE_LIMITED:
            self._rest = min(2 * self._rest or _FIRST_REST, _LONGEST_REST)
            self._next = max(self._next, asyncio.get_running_loop().time() + self._rest)
        else:
            self._rest = 0.0
        return found
