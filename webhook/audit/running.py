"""What runs, and what is recorded of it: no policy is asked, and no registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from webhook.audit.records import read_records
from webhook.audit.scan import scan
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.policy import PolicySet
from webhook.core.registries import Registries
from webhook.engine import Engine
from webhook.reports.audited import Audit, Audited, RunningImage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from webhook.audit.scan import Scope, Told
    from webhook.audit.wanted import Wanted
    from webhook.cluster.api import Api
    from webhook.core.facts import Need
    from webhook.core.image import ImageRef
    from webhook.core.workload import Workload

_NOBODY = PolicySet((), Registries([]))
_NOT_SAID = Unknown(
    Reason.NOT_FOUND, "not recorded: a tag names it, and no node says yet which digest it runs"
)
_SILENT = Unknown(Reason.OFFLINE)


class Silent:
    """A source that knows nothing and asks nobody."""

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> Unknown:  # noqa: ARG002
        """See `webhook.engine.Source`."""
        return _SILENT

    def in_use(self, ref: ImageRef) -> bool:  # noqa: ARG002
        """See `webhook.engine.Source`."""
        return False

    async def learn(self, ref: ImageRef, needs: frozenset[Need], workload: Workload) -> Unknown:  # noqa: ARG002
        """See `webhook.engine.Source`."""
        return _SILENT


async def running(
    api: Api,
    scope: Scope,
    *,
    taken: datetime,
    wanted: Wanted | None = None,
    told: Told | None = None,
    cluster: str = "",
) -> Audit:
    """Look once: who owns what runs, which digest each container runs, and what is recorded of it.

    What would start next is left out: nothing of it runs.

    Args:
        api: the cluster.
        scope: what to look at.
        taken: now, aware.
        wanted: only this workload; None: all.
        told: hears how far it is.
        cluster: for people.

    Returns:
        Verdicts are empty. A place whose nodes run several digests is there once for each.

    Raises:
        ClusterError: Pods cannot be listed, or the API server does not say what it serves.
    """
    found = await _look(api, scope, wanted, taken, told)
    owners = found.audited
    digests = {digest for one in owners for image in one.images for digest in _digests(image)}
    records = await read_records(api, digests - {""})
    missing = found.missing
    if records.gap is not None:
        missing = (*missing, f"ImageFacts could not be listed: {records.gap}")
    return replace(
        found,
        audited=tuple(replace(one, images=tuple(really_running(one, records))) for one in owners),
        missing=missing,
        cluster=cluster,
    )


async def _look(
    api: Api, scope: Scope, wanted: Wanted | None, taken: datetime, told: Told | None
) -> Audit:
    scope = replace(scope, templates=False)
    if wanted is None:
        return await _scan(api, scope, taken, told)
    if not wanted.is_pod:
        found = await _scan(api, scope, taken, told)
        mine = tuple(one for one in found.audited if wanted.means(one.owner))
        if mine or wanted.kind:
            return replace(found, audited=mine)
    return await _scan(api, replace(scope, pod=wanted.name), taken, told)


async def _scan(api: Api, scope: Scope, taken: datetime, told: Told | None) -> Audit:
    engine = Engine(
        policies=lambda: _NOBODY,
        source=Silent(),
        namespaces=lambda _: {},
        clock=lambda: taken,
    )
    return await scan(api, engine, taken=taken, scope=scope, told=told)


class Recording(Protocol):
    """What is known by digest."""

    def facts(self, digest: str) -> ImageFacts | Unknown:
        """The facts about a digest, or why there are none."""


def really_running(one: Audited, records: Recording) -> Iterator[RunningImage]:
    """Its images as nodes run them: each digest by itself, with what is recorded of it.

    Where no node says anything yet it is the digest that is named, and of a tag none.
    """
    for image in one.images:
        if not image.digest and not image.running:
            named = isinstance(image.facts, Unknown) and image.facts is not _SILENT
            yield replace(image, facts=image.facts if named else _NOT_SAID)
        for digest in _runs(image, records):
            yield replace(image, digest=digest, facts=records.facts(digest))


def _digests(image: RunningImage) -> tuple[str, ...]:
    """Every digest that may have a record: the one that is named, and those that nodes run."""
    return tuple(dict.fromkeys((image.digest, *image.running)))


def _runs(image: RunningImage, records: Recording) -> Iterator[str]:
    """The digests that really run, each by the name under which it is recorded."""
    named = image.digest
    said = records.facts(named) if named else None
    covered = {named}
    if isinstance(said, ImageFacts):
        covered |= {platform.digest for platform in said.platforms}
    others = [digest for digest in image.running if digest not in covered]
    if isinstance(said, Unknown):
        # It may be a platform of what is named: only its own record would tell more.
        others = [one for one in others if isinstance(records.facts(one), ImageFacts)]
    if named and (len(others) < len(image.running) or not others):
        yield named
    yield from others
