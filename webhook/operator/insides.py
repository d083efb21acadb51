"""Looks into the images in use, one layer at a time, and remembers what is to be recorded."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.contents import contents_of
from webhook.core.facts import ImageConfig, ImageFacts, Need, Reason
from webhook.errors import ClusterError, RegistryError
from webhook.layers.cache import LayerCache
from webhook.layers.limits import Limits
from webhook.layers.reader import Reader
from webhook.operator.bases import Bases
from webhook.operator.contents import ContentsWriter
from webhook.operator.facts_steps import questions
from webhook.operator.one_image import OneImage, Seen, UnreadLayersError
from webhook.operator.pace import Pace
from webhook.operator.recorded_facts import digest_of
from webhook.operator.work_queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.cluster.api import Api
    from webhook.core.facts import PlatformImage
    from webhook.core.keys import PublicKey
    from webhook.core.registries import Registries
    from webhook.operator.facts_steps import Ask, FactsOptions
    from webhook.operator.facts_view import FactsView
    from webhook.operator.recorded_facts import Recorded
    from webhook.operator.usage import Usage
    from webhook.registry.client import RegistryClient

_CONFIG = frozenset({Need.CONFIG})
_MOST_KEPT = 4096
"""Platforms whose inside is at hand, so that a record that is written again keeps it."""
_NO_CONFIG = ImageConfig()
_AGAIN_SECONDS = 3600.0
"""What does not change by itself, such as hostile layers; a whole read of them may be gigabytes."""
_SOON_SECONDS = 300.0
"""A registry that did not answer."""
_REST_SECONDS = 60.0
_COUNT_SECONDS = 30.0

_log = logging.getLogger(__name__)


class Insides:
    """One per cluster. Admission never waits for it, and judges from what it recorded."""

    def __init__(
        self,
        api: Api,
        *,
        view: FactsView,
        usage: Usage,
        client: RegistryClient,
        registries: Callable[[], Registries],
        options: FactsOptions,
        ready: Callable[[str], None],
        keys: Callable[[], tuple[PublicKey, ...]] = tuple,
    ) -> None:
        """Put the parts together, inside the event loop.

        Args:
            api: the cluster.
            view: the facts that are recorded.
            usage: which digests are in use.
            client: asks registries.
            registries: those configured now.
            options: what to look into, and how much of it.
            ready: is called with a digest whose record is to be written again.
            keys: what attestations are verified with, now.
        """
        self._view = view
        self._usage = usage
        self._client = client
        self._registries = registries
        self._options = options
        self._ready = ready
        self._queue = WorkQueue()
        limits = Limits(packed=options.layer_bytes, seconds=options.layer_seconds)
        self._bases = Bases(api)
        self._one = OneImage(
            client=client,
            reader=Reader(
                limits=limits,
                cache=LayerCache(options.layer_cache_bytes),
                threads=options.looks_at_once,
            ),
            registries=registries,
            keys=keys,
            bases=self._bases,
        )
        self._writer = ContentsWriter(
            api,
            Pace(options.writes_per_second),
            most_bytes=options.contents_bytes,
            rank=self._rank,
        )
        self._found: OrderedDict[tuple[str, str], PlatformImage] = OrderedDict()
        self._unwritten: set[str] = set()
        self._rests: dict[str, float] = {}
        """Until when a digest is not looked into again, whatever becomes of its Pods."""
        self._time = asyncio.get_running_loop().time

    def look_at(self, digest: str) -> None:
        """Look into a digest when its turn comes; what waits is bounded by what is recorded."""
        if self._options.looks_at_once:
            self._queue.add(digest)

    def waits(self, digest: str) -> bool:
        """Whether something was found that is not recorded yet; asks once."""
        if digest in self._unwritten:
            self._unwritten.discard(digest)
            return True
        return False

    def known(self, facts: ImageFacts) -> ImageFacts:
        """The facts with what was found inside, where it is at hand."""
        return replace(facts, platforms=tuple(map(self._known, facts.platforms)))

    def _known(self, one: PlatformImage) -> PlatformImage:
        found = self._found.get((one.digest, one.platform))
        if found is None:
            return replace(one, inside=None)
        return replace(
            one, inside=found.inside, build=found.build, base=found.base, chain=found.chain
        )

    def recorded(self, digest: str, recorded: Recorded) -> None:
        """What is recorded of a digest: other images may stand on it."""
        self._bases.learn(digest, recorded.stacks)

    async def run(self) -> None:
        """Look for ever; nothing at all where it is switched off."""
        if not self._options.looks_at_once:
            return
        # Counted before anything is written, which would be counted twice or not at all.
        counted = await self._counted()
        while not counted:
            await asyncio.sleep(_COUNT_SECONDS)
            counted = await self._counted()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._queue.work(self._look, self._options.looks_at_once))
            group.create_task(self._sweep())

    async def _counted(self) -> bool:
        try:
            await self._writer.count()
        except ClusterError as error:
            _log.warning("package lists cannot be counted: %s", error)
            return False
        return True

    async def _sweep(self) -> None:
        """Let go of the lists of digests that are no longer recorded."""
        while True:
            await asyncio.sleep(self._options.sweep_seconds)
            now = self._time()
            self._rests = {one: end for one, end in self._rests.items() if end > now}
            try:
                await self._writer.tidy(lambda name: self._view.latest(digest_of(name)) is None)
            except ClusterError as error:
                _log.warning("package lists: %s", error)

    async def _look(self, digest: str) -> None:
        recorded = self._view.latest(digest)
        if recorded is None or not recorded.learned or not recorded.ours:
            return
        if recorded.looked or not self._usage.is_used(digest):
            return
        rest = self._rests.get(digest, float("-inf")) - self._time()
        if rest > 0:
            # What was found is being recorded; if nothing comes of it, it is looked at again.
            self._queue.add(digest, rest)
            return
        asks = questions(self._usage.names(digest), None, self._registries())
        if not asks:
            return
        try:
            await self._try(digest, asks[0])
        except ClusterError as error:
            _log.warning("package list of %s: %s", digest, error)
            self._put_off(digest, _AGAIN_SECONDS)

    async def _try(self, digest: str, ask: Ask) -> None:
        try:
            await self._look_into(digest, ask)
        except RegistryError as error:
            _log.info("image %s: not looked into: %s: %s", digest, error.reason, error)
            bad = error.reason is Reason.BAD_CONTENT
            self._put_off(digest, _AGAIN_SECONDS if bad else _SOON_SECONDS)
            if not isinstance(error, UnreadLayersError):  # Else the SBOM's packages are written.
                await self._write(digest, ask, None, str(error))

    def _put_off(self, digest: str, seconds: float) -> None:
        # Else every Pod that comes or goes would have gigabytes read again.
        self._rests[digest] = self._time() + seconds
        self._queue.add(digest, seconds)

    async def _look_into(self, digest: str, ask: Ask) -> None:
        facts = await self._client.facts(ask.ref, _CONFIG, ask.registry)
        chosen = [one for one in facts.platforms if one.platform in self._options.platforms]
        found: list[Seen] = []
        for one in chosen or facts.platforms[:1]:
            try:
                seen = await self._one.look(ask, facts, one)
            except UnreadLayersError as error:
                await self._write(digest, ask, Seen(one, error.told), str(error))
                raise
            self._keep(seen.platform)
            found.append(seen)
        # What judging needs comes first: it is recorded whatever becomes of the list.
        self._rests[digest] = self._time() + _REST_SECONDS
        self._unwritten.add(digest)
        self._ready(digest)
        await self._write(digest, ask, found[0], found[0].looked.problem)

    def _keep(self, one: PlatformImage) -> None:
        # Without the config, which may be long and is nobody's question here.
        self._found[one.digest, one.platform] = replace(one, config=_NO_CONFIG)
        while len(self._found) > _MOST_KEPT:
            self._found.popitem(last=False)

    async def _write(self, digest: str, ask: Ask, found: Seen | None, problem: str) -> None:
        if found is None:
            spec = contents_of(digest, (), image=ask.ref.name, problem=problem)
        else:
            looked, voucher = found.looked, found.looked.inside.voucher
            spec = contents_of(
                digest,
                looked.packages,
                image=ask.ref.name,
                platform=found.platform.platform,
                os=looked.inside.system.name,
                kind=looked.kind,
                source=looked.inside.source,
                voucher="" if voucher is None else str(voucher),
                problem=problem,
            )
        await self._writer.write(digest, spec)

    def _rank(self, name: str) -> float:
        """What is unused for longest goes first, then what is in use by nobody we know of."""
        digest = digest_of(name)
        recorded = self._view.latest(digest)
        if recorded is None:
            return float("inf")
        if recorded.unused_since is not None:
            return -recorded.unused_since.timestamp() + 1e12
        return 0.0 if self._usage.is_used(digest) else 1.0
