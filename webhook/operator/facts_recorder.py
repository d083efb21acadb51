"""Writes what was learned about digests, what was not, and what stands there and should not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import is_digest
from webhook.core.promotion import together
from webhook.core.recorded import spec_of
from webhook.operator.conditions import Found, Truth
from webhook.operator.facts_steps import questions
from webhook.operator.recorded_facts import LEARNED
from webhook.registry.cache import question

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.registries import Registries
    from webhook.operator.facts_steps import Ask, FactsOptions
    from webhook.operator.facts_view import FactsView
    from webhook.operator.facts_writer import FactsWriter
    from webhook.operator.insides import Insides
    from webhook.operator.recorded_facts import Recorded
    from webhook.operator.usage import Usage
    from webhook.operator.users import Users
    from webhook.operator.work_queue import WorkQueue
    from webhook.registry.client import RegistryClient

_CONFIG = frozenset({Need.CONFIG})
_CHANGED = Found(
    LEARNED, Truth.FALSE, "Changed", "somebody changed what its registry said; it is asked again"
)
_LOOKED: dict[str, object] = {"inside": None, "os": None, "made": None}
"""What a record says of layers, taken away: it is written only when somebody looked."""
_TOO_LARGE = "what its registry says is too large to be recorded; whoever judges it asks again"

_log = logging.getLogger(__name__)


class FactsRecorder:
    """Makes records of facts; each write is looked at once more afterwards."""

    def __init__(
        self,
        *,
        view: FactsView,
        usage: Usage,
        users: Users,
        writer: FactsWriter,
        client: RegistryClient,
        registries: Callable[[], Registries],
        queue: WorkQueue,
        written: Callable[[str], None],
        options: FactsOptions,
        insides: Insides,
    ) -> None:
        """See `FactsLearner`; the client is asked for what it remembers only."""
        self._view = view
        self._usage = usage
        self._users = users
        self._writer = writer
        self._client = client
        self._registries = registries
        self._queue = queue
        self._written = written
        self._options = options
        self._insides = insides
        self._full = False

    async def learned(
        self, digest: str, recorded: Recorded | None, ask: Ask, facts: ImageFacts
    ) -> None:
        """Write what a registry said.

        Raises:
            ClusterError: it was not written.
        """
        known = recorded if recorded is not None and recorded.learned and recorded.ours else None
        before = known.promotion if known is not None else None
        spec = spec_of(
            replace(self._insides.known(facts), promotion=together(before, facts.promotion)),
            image=known.image if known is not None else ask.ref.name,
            registries=[*(known.registries if known is not None else ()), ask.registry.name],
        )
        found = (
            Found(LEARNED, Truth.TRUE, "Learned", f"Registry {ask.registry.name} told")
            if spec["platforms"]
            else Found(LEARNED, Truth.FALSE, "TooLarge", _TOO_LARGE)
        )
        await self._write(digest, spec, found, recorded)

    async def inside(self, digest: str, recorded: Recorded) -> None:
        """Write what was found in the layers, or see to it that somebody looks."""
        if self._insides.waits(digest):
            await self._record_known(digest, recorded)
        elif not recorded.looked:
            self._insides.look_at(digest)

    async def unknown(self, digest: str, recorded: Recorded | None, unknown: Unknown) -> None:
        """Write why it was not learned."""
        found = Found(LEARNED, Truth.FALSE, unknown.reason.token, unknown.detail)
        await self._write(digest, self._unlearned(digest), found, recorded)

    async def repair(self, digest: str, recorded: Recorded) -> None:
        """Put right what somebody else wrote: nothing stays that a registry did not say."""
        _log.warning("image facts of %s are not as they were written; putting them right", digest)
        if await self._record_known(digest, recorded):
            return
        if is_digest(digest) and (self._usage.in_pods(digest) or self._users.missing):
            await self._write(digest, self._unlearned(digest, recorded.image), _CHANGED, recorded)
        else:
            await self._writer.delete(digest, recorded.version)

    async def _record_known(self, digest: str, recorded: Recorded) -> bool:
        """Write what memory holds of a digest; whether it holds anything."""
        for ask in questions(self._usage.names(digest), None, self._registries()):
            facts = self._client.known(question(ask.ref, ask.registry), _CONFIG)
            if isinstance(facts, ImageFacts) and facts.complete:
                await self.learned(digest, recorded, ask, facts)
                return True
        return False

    async def _write(
        self, digest: str, spec: dict[str, object], found: Found, before: Recorded | None
    ) -> None:
        if before is None and len(self._view) >= self._options.most_objects:
            if not self._full:
                _log.error("%d image facts are recorded, and no more will be", len(self._view))
            self._full = True
            return
        self._full = False
        if before is not None and not before.ours:
            # Nobody knows who wrote what stands there.
            spec = _LOOKED | spec
        used_by = self._usage.used_by(digest) if self._users.settled else None
        recorded = await self._writer.record(digest, spec, found, before=before, used_by=used_by)
        self._view.wrote(digest, recorded)
        if used_by is not None:
            self._written(digest)
        # What was true a moment ago is looked at once more: another registry, another user.
        self._queue.add(digest)

    def _unlearned(self, digest: str, image: str = "") -> dict[str, object]:
        names = self._usage.names(digest)
        shown = names[0].name if names else image
        return spec_of(ImageFacts(digest=digest), image=shown, registries=())
