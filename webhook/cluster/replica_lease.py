"""The Lease by which a replica tells the operator where it is, and what it serves with."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import LEASES, PODS
from webhook.core.printable import printable
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.cluster.api import Api

PREFIX = "cocket-webhook-"
ADDRESS = "cocket.dev/address"
CERTIFICATE = "cocket.dev/cert-sha256"
READY = "cocket.dev/ready"
POLICY_VERSION = "cocket.dev/policy-version"
LABELS = {"app.kubernetes.io/name": "cocket", "app.kubernetes.io/component": "webhook"}

LEASE_SECONDS = 30
"""How old a Lease may be whose replica still counts."""
_RENEW_SECONDS = 10.0
_RETRY_SECONDS = 3.0
_REQUEST_SECONDS = 5.0
_WITHDRAW_SECONDS = 3.0
"""With the drain less than the 30 s of `terminationGracePeriodSeconds`."""
_LEAST_SECONDS = 0.2
"""Between two writes: a burst of changes is no burst of requests."""
_MAX_PROBLEM = 300
_NOT_FOUND = 404

_log = logging.getLogger(__name__)


class Standing(msgspec.Struct, frozen=True):
    """What a replica says of itself."""

    address: str
    """`host:port` where it answers reviews."""
    certificate: str
    """SHA-256 of the serving certificate (DER), hexadecimal; empty while it has none."""
    ready: bool
    policy_version: str

    def annotations(self) -> dict[str, str]:
        """As they stand on the Lease."""
        return {
            ADDRESS: self.address,
            CERTIFICATE: self.certificate,
            READY: "true" if self.ready else "false",
            POLICY_VERSION: self.policy_version,
        }


def lease_of(
    name: str, namespace: str, standing: Standing, now: datetime, pod_uid: str = ""
) -> dict[str, object]:
    """The Lease of the replica `name`, renewed now.

    With a `pod_uid` it belongs to the Pod `name`, and goes when the Pod goes, however that ends.
    Its `renewTime` is a MicroTime: six digits of a second, in UTC (coordination/v1 LeaseSpec).
    """
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {
            "name": f"{PREFIX}{name}",
            "namespace": namespace,
            "labels": LABELS,
            "annotations": standing.annotations(),
            **({"ownerReferences": [_pod(name, pod_uid)]} if pod_uid else {}),
        },
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z",
        },
    }


def _pod(name: str, uid: str) -> dict[str, str]:
    return {"apiVersion": PODS.api_version, "kind": PODS.kind, "name": name, "uid": uid}


class ReplicaLease:
    """Held as long as the replica runs. Nothing waits for it: a failure is only a `problem`."""

    def __init__(
        self,
        api: Api,
        *,
        name: str,
        namespace: str,
        standing: Callable[[], Standing],
        clock: Callable[[], datetime],
        pod_uid: str = "",
    ) -> None:
        """Nothing is written before `run`.

        Args:
            api: the cluster.
            name: of this replica, which no other has.
            namespace: our own.
            standing: what is true now.
            clock: the time, aware, in UTC.
            pod_uid: of the Pod of this name, which the Lease belongs to; empty: to nobody.
        """
        self.problem = ""
        """Why it could not be written last time; empty where it could. Printable."""
        self._api = api
        self._name = name
        self._namespace = namespace
        self._standing = standing
        self._clock = clock
        self._pod_uid = pod_uid
        self._touched = asyncio.Event()

    def touch(self) -> None:
        """Something changed: write it at once."""
        self._touched.set()

    async def run(self) -> None:
        """Renew for ever."""
        while True:
            self._touched.clear()
            written = await self._write()
            await asyncio.sleep(_LEAST_SECONDS)
            try:
                async with asyncio.timeout(_RENEW_SECONDS if written else _RETRY_SECONDS):
                    await self._touched.wait()
            except TimeoutError:
                continue

    async def withdraw(self) -> None:
        """Delete it: the replica ends, and must not count any more."""
        path = LEASES.path(self._namespace, f"{PREFIX}{self._name}")
        try:
            async with asyncio.timeout(_WITHDRAW_SECONDS):
                await self._api.delete(path)
        except (ClusterError, TimeoutError) as error:
            if not (isinstance(error, ClusterError) and error.status == _NOT_FOUND):
                _log.warning("the replica's Lease was not deleted: %s", _said(error))

    async def _write(self) -> bool:
        """Write it once; tells whether that went well."""
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await self._replace_or_create()
        except (ClusterError, TimeoutError) as error:
            said = _said(error)
            if not self.problem:
                _log.warning("the replica's Lease was not renewed: %s", said)
            self.problem = said
            return False
        if self.problem:
            _log.info("the replica's Lease was renewed again")
            self.problem = ""
        return True

    async def _replace_or_create(self) -> None:
        """Patch what is there; create it where there is nothing.

        Not by server-side apply, which asks for `create` in RBAC and never shows it in the audit.
        """
        lease = lease_of(
            self._name, self._namespace, self._standing(), self._clock(), self._pod_uid
        )
        try:
            await self._api.merge(LEASES.path(self._namespace, f"{PREFIX}{self._name}"), lease)
        except ClusterError as error:
            if error.status != _NOT_FOUND:
                raise
            await self._api.create(LEASES.path(self._namespace), lease)


def _said(error: ClusterError | TimeoutError) -> str:
    if isinstance(error, TimeoutError):
        return "the API server did not answer in time"
    return printable(str(error), _MAX_PROBLEM)
