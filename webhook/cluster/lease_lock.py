"""The Lease of an election, read and written through our own door to the API."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

import msgspec
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.baselock import BaseLock

from webhook.cluster.kinds import LEASES
from webhook.cluster.metadata import Labelled
from webhook.core.printable import printable
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from webhook.cluster.api import Api

T = TypeVar("T")

_NOT_FOUND = 404
_CONFLICT = 409

_log = logging.getLogger(__name__)


class Times(msgspec.Struct, frozen=True):
    """Whole seconds, each clearly longer than the next; the defaults are those of client-go."""

    lease: int = 15
    """Without a renewal for so long, others may take it."""
    renew: int = 10
    """Without a renewal for so long, its holder gives up."""
    retry: int = 2
    """Between two attempts."""


class Standing(msgspec.Struct):
    """How the election stands, for probes."""

    leading: bool = False
    holder: str = ""
    problem: str = "the Lease was not read yet"
    """Why the Lease could not be read or written; empty after a good answer."""


class _Spec(msgspec.Struct, rename="camel", omit_defaults=True):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class _Lease(msgspec.Struct, rename="camel"):
    metadata: Labelled
    spec: _Spec = msgspec.field(default_factory=_Spec)


class LeaseLock(BaseLock):
    """The Lease as the election reads and writes it; lets no exception out but ApiException."""

    def __init__(  # noqa: PLR0917 - called once
        self,
        api: Api,
        namespace: str,
        name: str,
        identity: str,
        clock: Callable[[], datetime],
        standing: Standing,
        times: Times,
    ) -> None:
        """Nothing is asked yet; the arguments are those of `leader.lead`."""
        super().__init__(name, namespace, identity)
        self.held = False
        self.standing = standing
        self._api = api
        self._clock = clock
        self._times = times
        self._path = LEASES.path(namespace, name)
        self._seen: _Lease | None = None
        self._lost = asyncio.Event()
        self._renewed = 0.0

    async def get(
        self, name: str, namespace: str
    ) -> tuple[bool, LeaderElectionRecord] | tuple[bool, Exception]:
        """What stands in the Lease; an ApiException where it cannot be read."""
        del name, namespace  # always ours
        try:
            lease = await self._ask(self._api.get(self._path, _Lease))
        except ClusterError as error:
            missing = error.status == _NOT_FOUND
            failure = ApiException(status=error.status, reason=str(error))
            failure.body = '{"code": 404}' if missing else None
            return False, failure
        self._seen = lease
        spec = lease.spec
        self.standing.holder = printable(spec.holder_identity or "", 200)
        if self.held and spec.holder_identity != self.identity:
            self.held = False
            self.standing.problem = f"{self.standing.holder or 'nobody'} holds it now"
            self._lost.set()
        duration = spec.lease_duration_seconds
        return True, LeaderElectionRecord(
            spec.holder_identity or None,
            None if duration is None else str(duration),
            spec.acquire_time,
            spec.renew_time,
        )

    async def create(
        self, name: str, namespace: str, election_record: LeaderElectionRecord
    ) -> bool:
        """Make the Lease ours, where there is none."""
        del name, namespace, election_record  # its times are local ones
        return await self._write(_Spec(lease_transitions=0), Labelled())

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        """Make the Lease ours, or keep it; somebody else's change meanwhile is a no."""
        del name, namespace, updated_record
        if self._seen is None:
            return False
        return await self._write(self._seen.spec, self._seen.metadata)

    async def release(self) -> None:
        """Give the Lease away, if it is ours: nobody holds it, and it ran out a second after."""
        if not self.held or self._seen is None:
            return
        self.held = False
        now = self._now()
        spec = _Spec("", 1, now, now, self._seen.spec.lease_transitions)
        try:
            await self._ask(self._api.replace(self._path, self._body(spec, self._seen.metadata)))
        except ClusterError as error:
            _log.warning("the Lease %s was not given away and runs out: %s", self.name, error)
        else:
            _log.info("the Lease %s is given away", self.name)

    async def until_stale(self, seconds: float) -> None:
        """Return when somebody else holds it, or nobody answered for so long."""
        loop = asyncio.get_running_loop()
        while not self._lost.is_set():
            left = self._renewed + seconds - loop.time()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(left):
                    await self._lost.wait()
            except TimeoutError:
                continue

    async def _write(self, before: _Spec, metadata: Labelled) -> bool:
        now = self._now()
        ours = before.holder_identity == self.identity
        transitions = before.lease_transitions or 0
        spec = _Spec(
            self.identity,
            self._times.lease,
            before.acquire_time if ours and before.acquire_time else now,
            now,
            transitions if ours or before.holder_identity is None else transitions + 1,
        )
        asked = asyncio.get_running_loop().time()
        body = self._body(spec, metadata)
        try:
            if metadata.resource_version:
                answer = await self._ask(self._api.replace(self._path, body))
            else:
                answer = await self._ask(self._api.create(LEASES.path(self.namespace), body))
        except ClusterError as error:
            _log.debug("the Lease %s was not written: %s", self.name, error)
            return False
        self._seen = msgspec.json.decode(answer, type=_Lease)
        # From before the question: others count from when they see the answer, which is later.
        self._renewed = asked
        self.held = True
        self.standing.holder = self.identity
        return True

    async def _ask(self, asking: Awaitable[T]) -> T:
        """One request; there must be time for a second one before the Lease is lost."""
        try:
            async with asyncio.timeout(self._times.renew / 2):
                answer = await asking
        except TimeoutError:
            self.standing.problem = "the API server did not answer in time"
            raise ClusterError(self.standing.problem) from None
        except ClusterError as error:
            # A Lease that is not there yet, or that somebody else took, is an answer.
            self.standing.problem = "" if error.status in {_NOT_FOUND, _CONFLICT} else str(error)
            raise
        self.standing.problem = ""
        return answer

    def _body(self, spec: _Spec, metadata: Labelled) -> dict[str, object]:
        names: dict[str, object] = {"name": self.name, "namespace": self.namespace}
        if metadata.resource_version:
            # Nobody else may have written meanwhile; what others put on it stays.
            names["resourceVersion"] = metadata.resource_version
            names["labels"] = metadata.labels
            names["annotations"] = metadata.annotations
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": names,
            "spec": msgspec.to_builtins(spec),
        }

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
