"""Keeps the Secret: the first certificate, its rotation, and what to do when the Secret is lost."""

from __future__ import annotations

import asyncio
import base64
import logging
from typing import TYPE_CHECKING, assert_never

from webhook.cluster.kinds import SECRETS, VALIDATING_WEBHOOKS
from webhook.cluster.lists import list_pages
from webhook.operator.authority import issue
from webhook.operator.configuration import Live
from webhook.operator.proofs import LONGEST_GAP, trusted
from webhook.operator.rotation import (
    Begin,
    Forget,
    Issue,
    Observed,
    Promote,
    Wait,
    changes,
    next_step,
)
from webhook.operator.rounds import Rounds
from webhook.operator.steady import Steady
from webhook.operator.stored import CERTIFICATE, KEY, read_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from webhook.cluster.api import Api
    from webhook.operator.proofs import Proofs
    from webhook.operator.rotation import Data
    from webhook.operator.scene import Scene

_FEW_DAYS = 5
"""Left to a certificate that should long have been renewed: time to wake somebody."""

_log = logging.getLogger(__name__)


class Certificates:
    """Decides by `rotation.next_step`, and does it by one write of the Secret."""

    def __init__(
        self, api: Api, scene: Scene, proofs: Proofs, clock: Callable[[], datetime]
    ) -> None:
        """Nothing is written before `run`."""
        self._api = api
        self._scene = scene
        self._proofs = proofs
        self._clock = clock
        self._published = Steady(LONGEST_GAP)
        self._rounds = Rounds("certificates", scene.ear(), self.step)

    def problems(self) -> list[str]:
        """What hinders it, for readiness and alerts."""
        found = [self._rounds.problem] if self._rounds.problem else []
        serving = self._scene.stored.serving
        if serving is not None and (serving.ends - self._clock()).days < _FEW_DAYS:
            found.append(f"the serving certificate ends at {serving.ends:%Y-%m-%d %H:%M} UTC")
        return found

    async def run(self) -> None:
        """Keep it for ever."""
        await self._scene.wait_synced()
        await self._rounds.run()

    async def step(self) -> str:
        """Look, and do at most one thing."""
        stored, observed = self._scene.stored, self.observed()
        now = self._clock()
        action = next_step(stored, observed, self._scene.options.terms, now)
        if isinstance(action, Wait):
            _log.debug("certificates: %s", action.why)
            return action.why if action.problem else ""
        if isinstance(action, Promote) and not await self._is_live(stored.bundle):
            return ""
        new = issue(self._scene.options.shape.endpoint.names, now)
        await self._write(changes(action, stored, observed, new))
        _log.info("certificates: %s", _told(action))
        return ""

    def observed(self) -> Observed:
        """What there is beside the Secret."""
        scene, census = self._scene, self._proofs.census
        bundle = scene.stored.bundle
        live = not scene.was_live or set(bundle) <= set(scene.live_bundle)
        seen = live and not scene.configurations.problem
        return Observed(
            live=scene.live_bundle,
            published=self._published.see(
                bundle if seen else None, asyncio.get_running_loop().time()
            ),
            proven=self._proofs.proven(trusted(scene.stored)),
            clock=census.clock,
            clock_known=census.clock_known,
        )

    async def _is_live(self, bundle: tuple[bytes, ...]) -> bool:
        """Read the configuration back: a watch may be silent because it is dead."""
        fields = f"metadata.name={self._scene.options.shape.name}"
        async for page in list_pages(self._api, VALIDATING_WEBHOOKS, Live, fields=fields):
            for live in page.items:
                if live.ours is not None:
                    return set(bundle) <= set(read_bundle(live.bundle))
        return True

    async def _write(self, data: Data) -> None:
        """Change these entries, if nobody else has changed the Secret meanwhile."""
        scene = self._scene
        namespace, name = scene.options.shape.endpoint.namespace, scene.options.secret
        encoded = {
            key: None if value is None else base64.b64encode(value).decode("ascii")
            for key, value in data.items()
        }
        if scene.held is not None:
            metadata = {"resourceVersion": scene.held.version}
            await self._api.merge(
                SECRETS.path(namespace, name), {"metadata": metadata, "data": encoded}
            )
            return
        present = {key: value for key, value in encoded.items() if value is not None}
        await self._api.create(
            SECRETS.path(namespace),
            {
                "apiVersion": SECRETS.api_version,
                "kind": SECRETS.kind,
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": {"app.kubernetes.io/name": "cocket"},
                },
                "type": "kubernetes.io/tls",
                # That type must have both; empty ones are no certificate for any replica.
                "data": {CERTIFICATE: "", KEY: ""} | present,
            },
        )


def _told(action: Issue | Begin | Promote | Forget) -> str:
    match action:
        case Issue(why):
            return f"{why}: a first one is issued"
        case Begin(why):
            return f"{why}: a new CA is published beside the old one"
        case Promote():
            return "the new CA is known everywhere: replicas get the new certificate"
        case Forget():
            return "every replica has proven the new certificate: the old CA is forgotten"
        case _:
            assert_never(action)
