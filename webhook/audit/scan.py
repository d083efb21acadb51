"""One look at a cluster: list, fold, judge what differs once, and put it together by owner."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Protocol

import msgspec

from webhook.audit.folding import Folding
from webhook.audit.objects import Bare, Controller, CronJob, Owned, Pod
from webhook.audit.owners import Owners, link
from webhook.audit.picture import Picture
from webhook.audit.templates import LISTED, Templates
from webhook.cluster.kinds import CRON_JOBS, CRON_JOBS_BETA, PODS
from webhook.cluster.lists import list_pages
from webhook.cluster.served_kinds import chosen, served_kinds
from webhook.core.objects import pod_workload
from webhook.core.verdict import Verdict
from webhook.engine import review_all
from webhook.errors import ClusterError
from webhook.reports.audited import Audit

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from datetime import datetime

    from webhook.audit.owners import Claim, Link
    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind
    from webhook.core.workload import Workload
    from webhook.engine import Engine

_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"
"""Field selector: Pods that came to their end run nothing."""
_AT_ONCE = 50
"""Pods and reviews between two looks at what else is to be done: some milliseconds."""
_FORBIDDEN = 403
_ATTEMPTS = 3
_MAX_MISSING = 20
_NOTHING = Verdict()


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at."""

    namespace: str = ""
    """Only there; empty: everywhere."""
    labels: str = ""
    """Label selector, of Pods, and of workloads of which no Pod runs."""
    pod: str = ""
    """Only the Pod of this name; empty: all."""
    templates: bool = True
    """Whether what would start next is looked at, too."""
    unasked: frozenset[str] = frozenset()
    """Namespaces in which API servers ask no webhook of ours: what runs there is looked at, and no
    policy covers it."""


class Told(Protocol):
    """Hears how far a scan is."""

    def listed(self, pods: int) -> None:
        """So many Pods were read until now."""

    def asking(self, images: int) -> None:
        """So many names of images must be looked up now."""


class Quiet:
    """Tells nobody."""

    def listed(self, pods: int) -> None:
        """See `Told`."""

    def asking(self, images: int) -> None:
        """See `Told`."""


async def scan(
    api: Api,
    engine: Engine,
    *,
    taken: datetime,
    scope: Scope | None = None,
    patience: float = 60.0,
    told: Told | None = None,
    cluster: str = "",
    version: str = "",
) -> Audit:
    """Look at all that runs, and at what would start next.

    Pods that came to their end are left out. Ended or not, nothing is written.

    Args:
        api: the cluster.
        engine: judges; give it one set of policies and one moment, so that equal objects get equal
            verdicts, and let it keep passes and skips (`everything`). Its source bounds how many
            questions registries are asked.
        taken: now, aware.
        scope: what to look at; everything if absent.
        patience: seconds for the look-ups of one object; what is not learned by then is unknown.
        told: hears how far it is.
        cluster: for people.
        version: of Cocket.

    Raises:
        ClusterError: Pods cannot be listed, or the API server does not say what it serves.
    """
    (found,) = await scans(
        api,
        (engine,),
        taken=taken,
        scope=scope,
        patience=patience,
        told=told,
        cluster=cluster,
        version=version,
    )
    return found


async def scans(
    api: Api,
    engines: Sequence[Engine],
    *,
    taken: datetime,
    scope: Scope | None = None,
    patience: float = 60.0,
    told: Told | None = None,
    cluster: str = "",
    version: str = "",
) -> tuple[Audit, ...]:
    """The same look, judged by each of several engines: the owners are the same, and in one order.

    Args and errors are those of `scan`.
    """
    told = told or Quiet()
    scope = scope or Scope()
    for attempt in range(1, _ATTEMPTS + 1):
        look = _Look(api, engines, scope, told)
        try:
            await look.list_all()
        except ClusterError as error:
            # It took longer than the API server remembers: begin anew.
            if error.reason != "Expired" or attempt == _ATTEMPTS:
                raise
        else:
            break
    found: list[Audit] = []
    for engine in engines:
        verdicts = await _judge(engine, look.folding.asked, scope, patience, told)
        picture = Picture(engine, look.folding, verdicts)
        found.append(
            Audit(
                taken=taken,
                audited=await picture.audited(),
                cluster=cluster,
                version=version,
                missing=tuple(look.missing)[:_MAX_MISSING],
            )
        )
    return tuple(found)


class _Look:
    """Reads the cluster once."""

    def __init__(self, api: Api, engines: Sequence[Engine], scope: Scope, told: Told) -> None:
        self.folding = Folding(partial(_question, engines, scope))
        self.missing: dict[str, None] = {}
        self._api = api
        self._scope = scope
        self._told = told
        self._owners = Owners(api)
        self._templates = Templates(self._owners)
        self._selected: set[str] | None = None
        self._live: set[str] = set()

    async def list_all(self) -> None:
        """List what makes Pods, then the Pods, and see what would start next."""
        served = chosen(await served_kinds(self._api))
        for together in LISTED:
            kinds = [kind for kind in served if kind in together]
            await asyncio.gather(*map(self._list_owners, kinds))
        await self._list_pods()
        if self._scope.templates:
            await self._see_next()
        self.missing |= self._owners.problems

    async def _see_next(self) -> None:
        await self._owners.learn(self._templates.claims())
        running = {one.owner.uid for one in self.folding.owners.values()}
        for template in self._templates.next(self._live, running):
            if self._selected is None or template.owner.uid in self._selected:
                self.folding.template(template.owner, template.pod)

    async def _list_owners(self, kind: Kind) -> None:
        item: type[Controller | CronJob] = (
            CronJob if kind in {CRON_JOBS, CRON_JOBS_BETA} else Controller
        )
        namespace = self._scope.namespace
        try:
            async for page in list_pages(self._api, kind, item, namespace=namespace):
                for number, found in enumerate(page.items):
                    if number % _AT_ONCE == 0:
                        await asyncio.sleep(0)
                    if found.metadata is not None:
                        self._templates.take(link(kind, found.metadata), found)
            if self._scope.labels:
                await self._select(kind)
        except ClusterError as error:
            if error.status != _FORBIDDEN:
                raise
            why = (
                f"{kind.plural} could not be listed, so what they own is listed by itself: {error}"
            )
            self.missing[why] = None
            self._owners.block(kind)

    async def _select(self, kind: Kind) -> None:
        """Learn which objects the label selector means: only the API server knows its grammar."""
        scope = self._scope
        self._selected = self._selected or set()
        async for page in list_pages(
            self._api, kind, Bare, namespace=scope.namespace, labels=scope.labels
        ):
            self._selected |= {one.metadata.uid or "" for one in page.items if one.metadata}

    async def _list_pods(self) -> None:
        scope = self._scope
        async for page in list_pages(
            self._api,
            PODS,
            Pod,
            namespace=scope.namespace,
            fields=f"{_RUNNING},metadata.name={scope.pod}" if scope.pod else _RUNNING,
            labels=scope.labels,
        ):
            links = [link(PODS, pod.metadata or Owned()) for pod in page.items]
            await self._owners.learn([claim for one in links if (claim := _claim(one))])
            for number, (pod, one) in enumerate(zip(page.items, links, strict=True)):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                self._take(pod, one)
            self._told.listed(self.folding.pods)

    def _take(self, pod: Pod, one: Link) -> None:
        claim = _claim(one)
        owner = None if claim is None else self._owners.root(claim)
        if owner is not None and one.controller is not None:
            self._live.add(one.controller.uid)
        workload = pod_workload(pod)
        if pod.mirror:
            workload = msgspec.structs.replace(workload, mirror=True)
        running = () if pod.status is None else pod.status.running()
        self.folding.pod(one, owner, workload, running)


def _question(engines: Sequence[Engine], scope: Scope, workload: Workload) -> Hashable:
    if workload.namespace in scope.unasked:
        return workload.images
    return tuple([engine.question(workload) for engine in engines])


async def _judge(
    engine: Engine, asked: list[Workload], scope: Scope, patience: float, told: Told
) -> Mapping[int, Verdict]:
    """The verdict on each question; what memory cannot answer waits for the registries."""
    verdicts: dict[int, Verdict] = {}
    waiting: dict[int, Workload] = {}
    for number, workload in enumerate(asked):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        unasked = workload.namespace in scope.unasked
        verdict = _NOTHING if unasked else engine.review_known(workload)
        if verdict is None:
            waiting[number] = workload
        else:
            verdicts[number] = verdict
    if waiting:
        told.asking(len({use.image for one in waiting.values() for use in one.images}))
        verdicts.update(await review_all(engine, waiting, patience))
    return verdicts


def _claim(one: Link) -> Claim | None:
    return None if one.controller is None else (one.namespace, one.controller)
