"""Learns what digests in use are, each once, and records it."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import is_digest
from webhook.errors import ClusterError, RegistryError
from webhook.operator.facts_promotion import PromotionLooks
from webhook.operator.facts_recorder import FactsRecorder
from webhook.operator.facts_steps import (
    Step,
    Trouble,
    not_configured,
    questions,
    step_of,
    trouble_after,
)
from webhook.operator.registry_gate import RegistryGate

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
    from webhook.registry.promotions import Promotions

_CONFIG = frozenset({Need.CONFIG})
_AGAIN_SECONDS = 5.0
"""After a write that failed; the writes' own pace keeps a longer rest."""
_SOON_SECONDS = 1.0
_REFUSED_SECONDS = 60.0
"""After one that the API server refused: nothing changes soon."""
_RACES = frozenset({"AlreadyExists", "Conflict", "NotFound"})
"""Somebody was faster: the watch brings what is there now."""
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
        promotions: Promotions | None = None,
    ) -> None:
        """Put the parts together; `written` is told that `status.usedBy` was."""
        self._view = view
        self._usage = usage
        self._users = users
        self._client = client
        self._registries = registries
        self._queue = queue
        self._options = options
        self._recorder = FactsRecorder(
            view=view,
            usage=usage,
            users=users,
            writer=writer,
            client=client,
            registries=registries,
            queue=queue,
            written=written,
            options=options,
            insides=insides,
        )
        self._promotions = PromotionLooks(promotions, registries)
        self._time = asyncio.get_running_loop().time
        self._gates: dict[str, RegistryGate] = {}
        self.troubles: dict[str, Trouble] = {}
        """By digest, what could not be learned."""

    def forgive(self) -> None:
        """A Registry or a policy changed: ask again for everything that could not be learned."""
        self._promotions.forgive()
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
            self.troubles[digest] = Trouble(not_configured(self._usage.names(digest)))
        trouble = self.troubles.get(digest)
        now = self._time()
        rests = trouble is not None and bool(asks) and now < trouble.until
        step = self._step(digest, recorded, may_ask=bool(asks) and not rests, trouble=trouble)
        match step:
            case Step.LEARN:
                await self._learn(digest, recorded, asks)
            case Step.RECORD if trouble is not None:
                await self._recorder.unknown(digest, recorded, trouble.unknown)
            case Step.REPAIR if recorded is not None:
                if self._users.settled or not is_digest(digest):
                    await self._recorder.repair(digest, recorded)
                else:
                    self._later(digest, _SOON_SECONDS)
            case _ if used and recorded is not None and recorded.learned:
                await self._recorder.inside(digest, recorded)
                if step is Step.NOTHING:
                    await self._look_for_promotion(digest, self._view.latest(digest) or recorded)
        if rests and trouble is not None and trouble.until < float("inf"):
            self._queue.add(digest, trouble.until - now)

    async def _look_for_promotion(self, digest: str, recorded: Recorded) -> None:
        """Learn of its way what a policy asks and is not recorded."""
        looks = self._promotions
        asks = questions(self._usage.names(digest), None, self._registries())
        ask = looks.missing(asks, recorded.promotion)
        if ask is None:
            looks.forget(digest)
            return
        now = self._time()
        known = recorded.promotion
        if not looks.due(digest, now) and (promotion := await looks.look(digest, ask, known, now)):
            facts = await self._ask(ask)
            if isinstance(facts, ImageFacts):
                await self._recorder.learned(
                    digest, recorded, ask, replace(facts, promotion=promotion)
                )
                return
        self._later(digest, max(looks.due(digest, now), _REFUSED_SECONDS))

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
                await self._recorder.unknown(digest, recorded, closed)
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
                await self._recorder.learned(digest, recorded, ask, answer)
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
            await self._recorder.unknown(digest, recorded, answer)

    def _later(self, digest: str, seconds: float) -> None:
        self._queue.add(digest, seconds * (1.0 + 0.25 * _chance()))


def _chance() -> float:
    return random.random()  # noqa: S311 - so that not all come back at one moment
