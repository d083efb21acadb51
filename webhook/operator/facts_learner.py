"""Learns what digests in use are, each once, and records it."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import is_digest
from webhook.core.printable import printable
from webhook.core.recorded import spec_of
from webhook.errors import ClusterError, RegistryError
from webhook.operator.conditions import Found, Truth
from webhook.operator.facts_steps import Step, Trouble, questions, step_of, token, trouble_after
from webhook.operator.recorded_facts import LEARNED
from webhook.operator.registry_gate import RegistryGate
from webhook.registry.cache import question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
_AGAIN_SECONDS = 5.0
"""After a write that failed; the writes' own pace keeps a longer rest."""
_SOON_SECONDS = 1.0
_REFUSED_SECONDS = 60.0
"""After one that the API server refused: nothing changes soon."""
_RACES = frozenset({"AlreadyExists", "Conflict", "NotFound"})
"""Somebody was faster: the watch brings what is there now."""
_CHANGED = Found(
    LEARNED, Truth.FALSE, "Changed", "somebody changed what its registry said; it is asked again"
)
_LOOKED: dict[str, object] = {"inside": None, "os": None}
"""What a record says of layers, taken away: it is written only when somebody looked."""
_TOO_LARGE = "what its registry says is too large to be recorded; whoever judges it asks again"

_log = logging.getLogger(__name__)


class FactsLearner:
    """Looks at one digest after the other; the queue sees to it that none is looked at twice."""

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
        """Put the parts together; `written` is told that `status.usedBy` was."""
        self._insides = insides
        self._view = view
        self._usage = usage
        self._users = users
        self._writer = writer
        self._client = client
        self._registries = registries
        self._queue = queue
        self._written = written
        self._options = options
        self._time = asyncio.get_running_loop().time
        self._gates: dict[str, RegistryGate] = {}
        self._full = False
        self.troubles: dict[str, Trouble] = {}
        """By digest, what could not be learned."""

    def forgive(self) -> None:
        """A Registry changed: ask again for everything that could not be learned."""
        for digest in self.troubles:
            self._queue.add(digest)
        self.troubles.clear()
        self._gates.clear()

    async def look(self, digest: str) -> None:
        """Do what has to be done about a digest."""
        try:
            await self._look(digest)
        except ClusterError as error:
            refused = 400 <= error.status < 500 and error.reason not in _RACES  # noqa: PLR2004 - the client errors of RFC 9110
            if refused:
                _log.warning("image facts of %s: %s", digest, error)
            self._later(digest, _REFUSED_SECONDS if refused else _AGAIN_SECONDS)

    async def _look(self, digest: str) -> None:
        recorded = self._view.latest(digest)
        asks = questions(self._usage.names(digest), recorded, self._registries())
        used = self._usage.is_used(digest)
        if not used or (not asks and recorded is not None and recorded.learned):
            self.troubles.pop(digest, None)
        elif not asks:
            self.troubles[digest] = Trouble(_not_configured(self._usage, digest))
        trouble = self.troubles.get(digest)
        now = self._time()
        rests = trouble is not None and bool(asks) and now < trouble.until
        step = self._step(digest, recorded, may_ask=bool(asks) and not rests, trouble=trouble)
        match step:
            case Step.LEARN:
                await self._learn(digest, recorded, asks)
            case Step.RECORD if trouble is not None:
                await self._record_unknown(digest, recorded, trouble.unknown)
            case Step.REPAIR if recorded is not None:
                await self._repair(digest, recorded)
            case _ if used and recorded is not None and recorded.learned:
                await self._record_inside(digest, recorded)
            case _:
                pass
        if rests and trouble is not None and trouble.until < float("inf"):
            self._queue.add(digest, trouble.until - now)

    def _step(
        self, digest: str, recorded: Recorded | None, *, may_ask: bool, trouble: Trouble | None
    ) -> Step:
        return step_of(
            recorded,
            used=self._usage.is_used(digest),
            in_pods=self._usage.in_pods(digest),
            may_ask=may_ask,
            unknown=trouble.unknown if trouble is not None else None,
        )

    async def _learn(self, digest: str, recorded: Recorded | None, asks: Sequence[Ask]) -> None:
        before = self.troubles.get(digest)
        # Another registry each time: the first may be the one that has it no more.
        ask = asks[(before.failures if before is not None else 0) % len(asks)]
        gate = self._gates.setdefault(
            ask.registry.name, RegistryGate(self._options.asks_per_registry)
        )
        now = self._time()
        wait = gate.enter(digest, now)
        if wait is None:
            return
        if wait:
            self._later(digest, wait)
            closed = gate.closed(now)
            # Why is written once it was asked itself; that it is in use is written now.
            if recorded is None and closed is not None and self._usage.in_pods(digest):
                await self._record_unknown(digest, recorded, closed)
            return
        answer: ImageFacts | Unknown | None = None
        try:
            answer = await self._ask(ask)
        finally:
            unknown = answer if isinstance(answer, Unknown) else None
            for other in gate.leave(unknown, self._time(), _chance()):
                self._queue.add(other)
        await self._answered(digest, recorded, ask, answer)

    async def _ask(self, ask: Ask) -> ImageFacts | Unknown:
        try:
            facts = await self._client.facts(ask.ref, _CONFIG, ask.registry)
        except RegistryError as error:
            return Unknown(error.reason, str(error))
        if not facts.complete:
            return Unknown(Reason.BAD_CONTENT, "it has no platform that could run")
        return facts

    async def _answered(
        self, digest: str, recorded: Recorded | None, ask: Ask, answer: ImageFacts | Unknown
    ) -> None:
        if isinstance(answer, ImageFacts):
            try:
                await self._record(digest, recorded, ask, answer)
            except ClusterError as error:
                if error.reason != "Invalid":
                    raise
                # No schema foresees all that strangers put into an image.
                answer = Unknown(Reason.BAD_CONTENT, f"it cannot be recorded: {error}")
            else:
                self.troubles.pop(digest, None)
                return
        trouble = trouble_after(
            self.troubles.get(digest), answer, self._time(), _chance(), self._options
        )
        self.troubles[digest] = trouble
        self._queue.add(digest, trouble.until - self._time())
        _log.info("image facts of %s: not learned: %s: %s", digest, answer.reason, answer.detail)
        if self._step(digest, recorded, may_ask=False, trouble=trouble) is Step.RECORD:
            await self._record_unknown(digest, recorded, answer)

    async def _record(
        self, digest: str, recorded: Recorded | None, ask: Ask, facts: ImageFacts
    ) -> None:
        known = recorded if recorded is not None and recorded.learned and recorded.ours else None
        spec = spec_of(
            self._insides.known(facts),
            image=known.image if known is not None else ask.ref.name,
            registries=[*(known.registries if known is not None else ()), ask.registry.name],
        )
        found = (
            Found(LEARNED, Truth.TRUE, "Learned", f"Registry {ask.registry.name} told")
            if spec["platforms"]
            else Found(LEARNED, Truth.FALSE, "TooLarge", _TOO_LARGE)
        )
        await self._write(digest, spec, found, recorded)

    async def _record_inside(self, digest: str, recorded: Recorded) -> None:
        """Write what was found in the layers, or see to it that somebody looks."""
        if not self._insides.waits(digest):
            if not recorded.looked:
                self._insides.look_at(digest)
            return
        for ask in questions(self._usage.names(digest), None, self._registries()):
            facts = self._client.known(question(ask.ref, ask.registry), _CONFIG)
            if isinstance(facts, ImageFacts) and facts.complete:
                await self._record(digest, recorded, ask, facts)
                return

    async def _record_unknown(
        self, digest: str, recorded: Recorded | None, unknown: Unknown
    ) -> None:
        found = Found(LEARNED, Truth.FALSE, token(unknown.reason), unknown.detail)
        await self._write(digest, self._unlearned(digest), found, recorded)

    async def _repair(self, digest: str, recorded: Recorded) -> None:
        """Put right what somebody else wrote: nothing stays that a registry did not say."""
        if not self._users.settled and is_digest(digest):
            self._later(digest, _SOON_SECONDS)
            return
        _log.warning("image facts of %s are not as they were written; putting them right", digest)
        for ask in questions(self._usage.names(digest), None, self._registries()):
            facts = self._client.known(question(ask.ref, ask.registry), _CONFIG)
            if isinstance(facts, ImageFacts) and facts.complete:
                await self._record(digest, recorded, ask, facts)
                return
        if is_digest(digest) and (self._usage.in_pods(digest) or self._users.missing):
            await self._write(digest, self._unlearned(digest, recorded.image), _CHANGED, recorded)
        else:
            await self._writer.delete(digest, recorded.version)

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

    def _later(self, digest: str, seconds: float) -> None:
        self._queue.add(digest, seconds * (1.0 + 0.25 * _chance()))


def _not_configured(usage: Usage, digest: str) -> Unknown:
    names = usage.names(digest)
    shown = printable(names[0].name, 200) if names else "it"
    return Unknown(Reason.NOT_CONFIGURED, f"no Registry that can be asked serves {shown}")


def _chance() -> float:
    return random.random()  # noqa: S311 - so that not all come back at one moment
