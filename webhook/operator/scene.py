"""What is looked at: the Secret, the live configuration and the Leases, each by a watch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from webhook.cluster.kinds import LEASES, SECRETS, VALIDATING_WEBHOOKS
from webhook.cluster.metadata import Labelled
from webhook.cluster.mirror import HasMetadata, Mirror
from webhook.cluster.replica_lease import LABELS
from webhook.operator.configuration import Live, Shape
from webhook.operator.replicas import LeaseItem, announced
from webhook.operator.rotation import Terms
from webhook.operator.stored import Stored, read_bundle, read_stored

if TYPE_CHECKING:
    from webhook.cluster.api import Api

REMEMBERED = "cocket.dev/failure-policy"
"""Annotation of the Secret: `Fail` once it was reached, so that a deleted configuration comes back
as it was."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator is asked to keep."""

    shape: Shape
    secret: str
    """Name, in our own namespace."""
    fail: bool = False
    """Set `failurePolicy: Fail` once all replicas have been ready."""
    replicas: int = 2
    """How many that are."""
    issue: bool = True
    """False: somebody else (cert-manager) writes the Secret; we only read its `ca.crt`."""
    publish_seconds: float = 60.0
    """As in `rotation.Terms`."""
    settle_seconds: float = 60.0
    """As in `rotation.Terms`."""

    @property
    def terms(self) -> Terms:
        """For the rotation."""
        return Terms(
            names=self.shape.endpoint.names,
            publish_seconds=self.publish_seconds,
            settle_seconds=self.settle_seconds,
        )


class Held(msgspec.Struct, frozen=True):
    """The Secret."""

    version: str
    stored: Stored
    remembered: bool
    """`failurePolicy` was `Fail`."""


class _SecretItem(HasMetadata, kw_only=True):
    metadata: Labelled
    data: dict[str, bytes] | None = None


class Scene:
    """Everything that decisions are made on, as it was last seen."""

    def __init__(self, api: Api, options: Options) -> None:
        """Nothing is asked before `run`."""
        self.options = options
        namespace = options.shape.endpoint.namespace
        self.secrets = Mirror(
            api,
            SECRETS,
            _SecretItem,
            _held,
            namespace=namespace,
            # Who may read one object by its name may list and watch by this, and nothing else.
            fields=f"metadata.name={options.secret}",
            changed=self._ring,
        )
        self.configurations = Mirror(
            api,
            VALIDATING_WEBHOOKS,
            Live,
            self._seen,
            fields=f"metadata.name={options.shape.name}",
            changed=self._ring,
        )
        self.leases = Mirror(
            api,
            LEASES,
            LeaseItem,
            announced,
            namespace=namespace,
            labels=",".join(f"{key}={value}" for key, value in LABELS.items()),
            changed=self._ring,
        )
        self.was_live = False
        """Whether we ever saw our webhook in the configuration: then it must not be missing."""
        self.live_bundle: tuple[bytes, ...] = ()
        """CAs in the live configuration, or in the last one if somebody deleted it."""
        self._ears: list[asyncio.Event] = []

    @property
    def mirrors(self) -> tuple[Mirror[Any], ...]:
        """All of them."""
        return (self.secrets, self.configurations, self.leases)

    @property
    def held(self) -> Held | None:
        """The Secret; None where there is none."""
        return next(iter(self.secrets.held.values()), None)

    @property
    def stored(self) -> Stored:
        """What can be used of the Secret."""
        return self.held.stored if self.held else Stored()

    @property
    def live(self) -> Live | None:
        """The configuration; None where there is none."""
        return next(iter(self.configurations.held.values()), None)

    def ear(self) -> asyncio.Event:
        """An event that is set with every change from now on; whoever waits for it clears it."""
        event = asyncio.Event()
        self._ears.append(event)
        return event

    async def wait_synced(self) -> None:
        """Return once everything was seen."""
        for mirror in self.mirrors:
            await mirror.wait_synced()

    async def run(self) -> None:
        """Follow for ever."""
        async with asyncio.TaskGroup() as group:
            for mirror in self.mirrors:
                group.create_task(mirror.run())

    def _ring(self, *_: object) -> None:
        for ear in self._ears:
            ear.set()

    def _seen(self, live: Live) -> Live:
        if live.ours is not None:
            self.was_live = True
            self.live_bundle = read_bundle(live.bundle)
        return live


def _held(secret: _SecretItem) -> Held:
    return Held(
        version=secret.metadata.resource_version,
        stored=read_stored(secret.data or {}),
        remembered=(secret.metadata.annotations or {}).get(REMEMBERED) == "Fail",
    )
