"""Everything that the leader keeps, put together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.credentials import cluster_login
from webhook.cluster.secrets import docker_configs
from webhook.cluster.state import ClusterState
from webhook.core.document import Document
from webhook.core.reading import Loaded
from webhook.operator.audit import AuditKeeper, AuditOptions
from webhook.operator.audit_scan import AuditScanner
from webhook.operator.bell import Bell
from webhook.operator.desk import KINDS, Desk
from webhook.operator.facts import FactsKeeper
from webhook.operator.facts_steps import FactsOptions
from webhook.operator.handlers import watch
from webhook.operator.keepers import Keeper, Troubles, keep
from webhook.operator.keeping import Keeping
from webhook.operator.registries import ProbeOptions, Prober
from webhook.operator.scene import Options as WebhookOptions
from webhook.operator.served import until_served
from webhook.registry.client import open_client
from webhook.registry.cloud.logins import CloudLogins
from webhook.registry.cloud.place import CloudPlace
from webhook.registry.counting import Requests
from webhook.registry.forbidden import Forbidden
from webhook.registry.limits import Limits
from webhook.registry.promotions import Promotions
from webhook.registry.questions import Questions

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.cluster.api import Api

_AUDIT_IMAGE_SECONDS = 60.0
"""For one image, with the wait for its turn; so long a tag is believed, too."""
_AUDIT_ABSENT_SECONDS = 600.0
"""So that what one look has no time for is there for the next: a first policy that asks for
promotion may find thousands of images that were not."""
_SECRETS_SECONDS = 10.0
"""That image facts wait for the logins: without them they would begin with refusals."""


class OperatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator is asked to keep, and how."""

    namespace: str
    """Our own, where the Secrets with logins are."""
    gather: Callable[[Iterable[Document]], Loaded]
    """Makes policies of all documents; pure, sets aside what it cannot use."""
    webhook: WebhookOptions | None
    """None: certificates and webhook configuration are left alone."""
    probe: ProbeOptions
    facts: FactsOptions
    limits: Limits
    place: CloudPlace = CloudPlace()
    """Where we run, for Registries that name a provider."""
    forbidden: Forbidden = Forbidden()
    """Where no registry may lead."""
    audit: AuditOptions | None = None
    """None: nothing is audited."""


class Operator:
    """One for each time that we lead."""

    def __init__(self, api: Api, options: OperatorOptions, clock: Callable[[], datetime]) -> None:
        """Put it together, inside the event loop; nothing is asked before `run`."""
        self._api = api
        self._bell = Bell()
        self._troubles = Troubles()
        self._logins = docker_configs(api, options.namespace)
        self._namespace = options.namespace
        self.requests = Requests()
        """What registries were asked since we lead."""
        cloud = CloudLogins(options.place, clock)
        self._client = open_client(
            limits=options.limits,
            secrets=self._login,
            cloud=cloud,
            requests=self.requests,
            forbidden=options.forbidden,
        )
        self._ending = AsyncExitStack()
        """What is closed in the end, the last one first."""
        self._ending.push_async_callback(self._client.close)
        self.audit = None if options.audit is None else self._audit(options, options.audit, clock)
        self.desk = Desk(api, gather=options.gather, clock=clock, bell=self._bell)
        self.prober = Prober(
            api,
            self.desk,
            secrets=self._login,
            secrets_read=lambda: self._logins.synced,
            cloud=cloud,
            clock=clock,
            options=options.probe,
            forbidden=options.forbidden,
        )
        promotions = Promotions(
            self._client, rules=lambda: self.desk.promotion_rules, monotonic=time.monotonic
        )
        self._ending.push_async_callback(promotions.close)
        self.facts = FactsKeeper(
            api,
            registries=lambda: self.desk.registries,
            client=self._client,
            clock=clock,
            options=options.facts,
            news=None if self.audit is None else self.audit.news.hear,
            promotions=promotions,
            keys=lambda: self.desk.build_keys,
        )
        self.keeping = None if options.webhook is None else Keeping(api, options.webhook, clock)
        self.desk.changed = self._registries_changed
        self.prober.changed = self.facts.registries_changed

    async def run(self) -> None:
        """Keep everything for ever.

        Raises:
            Exception: what the first keeper died of.
        """
        async with self._ending:
            await keep(self._keepers(), self._troubles)

    def problems(self) -> dict[str, str]:
        """What is not in order, by keeper; printable."""
        found = dict(self._troubles.by_name)
        if self.desk.problem:
            found.setdefault("documents", self.desk.problem)
        if self._logins.problem:
            found.setdefault("logins", self._logins.problem)
        if self.keeping is not None and (problems := self.keeping.problems()):
            found.setdefault("webhook", "; ".join(problems))
        if self.audit is not None and (problems := self.audit.problems()):
            found.setdefault("audit", "; ".join(problems))
        return found

    def _keepers(self) -> list[Keeper]:
        keepers = [
            Keeper("kopf", self._watch),
            Keeper("documents", self.desk.run),
            Keeper("logins", self._logins.run),
            Keeper("registries", self.prober.run),
            Keeper("image facts", self._learn),
        ]
        if self.keeping is not None:
            keepers.append(Keeper("webhook", self.keeping.run))
        if self.audit is not None:
            keepers.append(Keeper("audit", self.audit.run))
        return keepers

    def _audit(
        self, options: OperatorOptions, audit: AuditOptions, clock: Callable[[], datetime]
    ) -> AuditKeeper:
        limits = msgspec.structs.replace(
            options.limits,
            image_seconds=_AUDIT_IMAGE_SECONDS,
            tag_seconds=_AUDIT_IMAGE_SECONDS,
            absent_seconds=_AUDIT_ABSENT_SECONDS,
            requests_per_second=audit.requests_per_second,
        )
        client = open_client(
            limits=limits,
            secrets=self._login,
            cloud=CloudLogins(options.place, clock),
            requests=self.requests,
            forbidden=options.forbidden,
        )
        questions = Questions(client)
        self._ending.push_async_callback(client.close)
        self._ending.push_async_callback(questions.close)
        # What admission follows is followed once more: what decides is then read the same way.
        state = ClusterState(self._api, namespace=options.namespace, gather=options.gather)
        scanner = AuditScanner(
            self._api,
            state,
            questions,
            clock,
            unasked=audit.unasked,
            version=audit.version,
        )
        return AuditKeeper(
            self._api,
            state=state,
            scanner=scanner,
            namespace=options.namespace,
            clock=clock,
            options=audit,
        )

    async def _watch(self) -> None:
        await until_served(self._api, KINDS)
        await watch(KINDS, lambda: cluster_login(self._api), self._bell.ring)

    async def _learn(self) -> None:
        await self.desk.read.wait()
        try:
            async with asyncio.timeout(_SECRETS_SECONDS):
                await self._logins.wait_synced()
        except TimeoutError:
            pass  # registries without a login can be asked all the same
        await self.facts.run()

    def _registries_changed(self) -> None:
        self.prober.bell.ring()
        self.facts.registries_changed()

    def _login(self, name: str) -> bytes | None:
        return self._logins.held.get((self._namespace, name))
