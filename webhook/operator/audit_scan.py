"""One look at the cluster for the operator: by the policies of this moment, from what is known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.audit.scan import Scope, scan
from webhook.core.facts import Reason, Unknown
from webhook.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.cluster.state import ClusterState
    from webhook.core.facts import ImageFacts, Need
    from webhook.core.image import ImageRef
    from webhook.core.workload import Workload
    from webhook.engine import Source
    from webhook.registry.questions import Questions
    from webhook.reports.audited import Audit

_LOOK_UP_SECONDS = 120.0
"""For all look-ups of one look together."""
_SPARE = 5.0
"""Seconds that a review waits beyond, so that the source can say that its time is over."""


class AuditScanner:
    """Asks the engine that admission asks, about what runs."""

    def __init__(
        self,
        api: Api,
        state: ClusterState,
        questions: Questions,
        clock: Callable[[], datetime],
        *,
        unasked: frozenset[str] = frozenset(),
        version: str = "",
    ) -> None:
        """Nothing is asked before `look`.

        Args:
            api: the cluster.
            state: policies, registries, namespaces and recorded facts, which admission follows too.
            questions: ask registries for what is recorded nowhere, at a pace of their own.
            clock: gives aware times.
            unasked: namespaces that admission is never asked about: nothing is refused there.
            version: of Cocket.
        """
        self._api = api
        self._state = state
        self._clock = clock
        self._version = version
        self._unasked = unasked
        self._questions = questions

    async def look(self, namespace: str = "") -> Audit:
        """Look at one namespace, or at everything.

        Raises:
            ClusterError: Pods cannot be listed.
        """
        # One set of policies and one moment for the whole look.
        policies, now = self._state.policies(), self._clock()
        source = self._questions.source(lambda: policies, recorded=self._state.recorded)
        until = asyncio.get_running_loop().time() + _LOOK_UP_SECONDS
        engine = Engine(
            policies=lambda: policies,
            source=BoundedSource(source, until),
            namespaces=self._state.namespace_labels,
            clock=lambda: now,
        )
        return await scan(
            self._api,
            engine,
            taken=now,
            scope=Scope(namespace=namespace, unasked=self._unasked),
            patience=_LOOK_UP_SECONDS + _SPARE,
            cluster=self._api.server,
            version=self._version,
        )


class BoundedSource:
    """A source that is asked until a time, and then answers from memory alone.

    Who hangs must not keep the next look waiting; what was not learned is looked at again.
    """

    def __init__(self, source: Source, until: float) -> None:
        """`until` is a time of the event loop."""
        self._source = source
        self._until = until

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """See `Source`."""
        return self._source.known(ref, needs)

    def in_use(self, ref: ImageRef) -> bool:
        """See `Source`."""
        return self._source.in_use(ref)

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """See `Source`."""
        # Meanwhile another object may have asked about the same image.
        known = self._source.known(ref, needs)
        if known is not None:
            return known
        try:
            async with asyncio.timeout_at(self._until):
                return await self._source.learn(ref, needs, workload)
        except TimeoutError:
            return Unknown(Reason.TIMED_OUT, "no answer within the time of one audit")
