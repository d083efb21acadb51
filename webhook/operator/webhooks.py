"""Keeps the ValidatingWebhookConfiguration: created last, changed in place only, repaired at once.

A configuration that was not there when we began is made when a replica has proven itself: an API
server must not ask where nobody answers. One that we saw and that is gone was deleted by somebody,
and comes back at once, answering replicas or not: with `Fail`, nothing gets through in either case,
and with `Ignore` nothing is lost. Who wants it gone stops the operator first.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.api import decode
from webhook.cluster.kinds import CRON_JOBS, CRON_JOBS_BETA, NAMESPACES, SECRETS, Kind
from webhook.cluster.kinds import VALIDATING_WEBHOOKS as KIND
from webhook.cluster.metadata import Labelled
from webhook.errors import ClusterError
from webhook.operator.configuration import (
    NAMESPACE_LABEL,
    Json,
    Live,
    configuration,
    drift,
    replacement,
    should_fail,
)
from webhook.operator.rotation import wanted_bundle
from webhook.operator.rounds import Rounds
from webhook.operator.scene import REMEMBERED

if TYPE_CHECKING:
    from webhook.cluster.api import Api
    from webhook.operator.certificates import Certificates
    from webhook.operator.proofs import Proofs
    from webhook.operator.scene import Scene

MANAGER = "cocket-operator"
"""Field manager of server-side apply."""

_LOOK_SECONDS = 300.0
"""Between two looks at what the server serves, and at namespaces."""
_SOON = 10.0
_NOT_FOUND, _INVALID = 404, 422

_log = logging.getLogger(__name__)


class _Resource(msgspec.Struct):
    name: str


class _Resources(msgspec.Struct):
    """meta/v1 APIResourceList."""

    resources: list[_Resource]


class _Namespace(msgspec.Struct):
    metadata: Labelled


class Surroundings(msgspec.Struct, frozen=True):
    """What a configuration must fit to."""

    cron_jobs: tuple[Kind, ...]
    """The kinds of CronJob that are served."""
    unlabelled: tuple[str, ...]
    """Namespaces that the selector does not leave out, as they lack the label."""


class Webhooks:
    """Decides what the configuration should say, and makes the live one say it.

    Attributes:
        repairs: how often it was mended after somebody else had changed it.
    """

    def __init__(self, api: Api, scene: Scene, proofs: Proofs, certificates: Certificates) -> None:
        """Nothing is written before `run`."""
        self.repairs = 0
        self._api = api
        self._scene = scene
        self._proofs = proofs
        self._certificates = certificates
        self._rounds = Rounds("webhook configuration", scene.ear(), self.step)
        self._surroundings = Surroundings((), ())
        self._look_again = 0.0
        self._failed = False
        self._written: Json | None = None

    def problems(self) -> list[str]:
        """What hinders it, for readiness and alerts."""
        found = [self._rounds.problem] if self._rounds.problem else []
        if self._surroundings.unlabelled:
            found.append(_unlabelled(self._surroundings.unlabelled))
        live = self._scene.live
        if live is not None and live.foreign:
            found.append(
                f"the webhook configuration {self._scene.options.shape.name} also holds webhooks"
                " that are not ours"
            )
        return found

    async def run(self) -> None:
        """Keep it for ever."""
        await self._scene.wait_synced()
        await self._rounds.run()

    async def step(self) -> str:
        """Look, and mend what is not as it should be."""
        scene, options = self._scene, self._scene.options
        live = scene.live
        await self._look()
        fail = await self._fail()
        bundle = b"".join(wanted_bundle(scene.stored, self._certificates.observed(), options.terms))
        if not bundle and not options.shape.inject_from:
            return "there is no certificate yet that API servers could trust"
        if live is None and not scene.was_live and not self._proofs.census.ready:
            return "no replica has proven itself yet: the webhook configuration is not made"
        wanted = configuration(
            options.shape, bundle=bundle, fail=fail, cron_jobs=self._surroundings.cron_jobs
        )
        if live is None:
            live = await self._create(wanted)
        differing = drift(live, wanted)
        if not differing:
            self._written = wanted
            return ""
        if self._written == wanted:
            self.repairs += 1
            _log.warning("webhook configuration: somebody changed %s", ", ".join(differing))
        else:
            _log.info("webhook configuration: writing %s", ", ".join(differing))
        left = drift(await self._apply(live, wanted), wanted)
        if left:
            return f"the API server does not take over {', '.join(left)}"
        self._written = wanted
        return ""

    async def _fail(self) -> bool:
        """Whether to fail; what is decided is first written down where it is remembered."""
        scene, options = self._scene, self._scene.options
        live, held = scene.live, scene.held
        here = live if live is not None and live.ours is not None else None
        census = self._proofs.census
        ready = (
            census.ready >= max(1, options.replicas)
            and not census.hindrances
            and not self._surroundings.unlabelled
        )
        remembered = self._failed or (held is not None and held.remembered)
        fail = should_fail(asked=options.fail, live=here, remembered=remembered, ready=ready)
        if fail and not remembered:
            _log.info("webhook configuration: failurePolicy is Fail from now on")
        known = here is not None or fail
        if held is not None and options.issue and known and held.remembered != fail:
            note = {REMEMBERED: "Fail" if fail else None}
            metadata = {"resourceVersion": held.version, "annotations": note}
            path = SECRETS.path(options.shape.endpoint.namespace, options.secret)
            await self._api.merge(path, {"metadata": metadata})
        self._failed = fail
        return fail

    async def _create(self, wanted: Json) -> Live:
        """Make an empty one: what is in it is then ours by the same apply as ever."""
        empty = {**wanted, "webhooks": []}
        path = KIND.path()
        query = {"fieldManager": MANAGER}
        return decode(await self._api.create(path, empty, query), Live, path)

    async def _apply(self, live: Live, wanted: Json) -> Live:
        """Write what is ours; if that is not enough, replace our webhook, still in place."""
        path = KIND.path(name=self._scene.options.shape.name)
        metadata = wanted["metadata"] | {"resourceVersion": live.metadata.resource_version}
        try:
            body = await self._api.apply(
                path, {**wanted, "metadata": metadata}, manager=MANAGER, force=True
            )
            live = decode(body, Live, path)
        except ClusterError as error:
            # What others added, and ours, can be a contradiction: a URL beside a Service.
            if error.status != _INVALID:
                raise
        if drift(live, wanted):
            body = await self._api.merge(path, replacement(live, wanted))
            live = decode(body, Live, path)
        return live

    async def _look(self) -> None:
        """Ask from time to time what the configuration must fit to."""
        at = asyncio.get_running_loop().time()
        if at < self._look_again:
            return
        excluded = self._scene.options.shape.all_excluded
        self._surroundings = Surroundings(
            cron_jobs=tuple(
                [kind for kind in (CRON_JOBS, CRON_JOBS_BETA) if await self._served(kind)]
            ),
            unlabelled=tuple([name for name in excluded if await self._lacks_label(name)]),
        )
        self._look_again = at + (_SOON if self._surroundings.unlabelled else _LOOK_SECONDS)

    async def _served(self, kind: Kind) -> bool:
        try:
            served = await self._api.get(kind.group_path, _Resources)
        except ClusterError as error:
            if error.status != _NOT_FOUND:
                raise
            return False
        return any(resource.name == kind.plural for resource in served.resources)

    async def _lacks_label(self, name: str) -> bool:
        """Whether the namespace is there without the label; API servers before 1.21 set none."""
        try:
            namespace = await self._api.get(NAMESPACES.path(name=name), _Namespace)
        except ClusterError as error:
            if error.status != _NOT_FOUND:
                raise
            return False
        return (namespace.metadata.labels or {}).get(NAMESPACE_LABEL) != name


def _unlabelled(names: tuple[str, ...]) -> str:
    first = names[0]
    return (
        f"namespaces that are to be left out lack the label {NAMESPACE_LABEL}: {', '.join(names)}."
        " This API server does not set it, so they are asked about like all others, and"
        " failurePolicy does not become Fail. Set it:"
        f" kubectl label namespace {first} {NAMESPACE_LABEL}={first}"
    )
