"""One question, the same everywhere: may this workload run? Learn first, then judge."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.judge import InvalidImage, crowded, judge
from webhook.core.passed import Passed
from webhook.core.policy import OnUnknown
from webhook.core.rules.protocol import Image
from webhook.errors import InvalidImageError, RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from datetime import datetime

    from webhook.core.policy import Policy, PolicySet
    from webhook.core.verdict import Verdict
    from webhook.core.workload import Workload

_DIGEST_ONLY = frozenset({Need.DIGEST})
_CONFIG_ONLY = frozenset({Need.CONFIG})
_NOBODY_ASKED = Unknown(Reason.OFFLINE, "not looked up: no policy asks about it")
_REVIEWS_AT_ONCE = 64
"""Objects that wait for their images at a time; the source bounds the names in flight."""


class Source(Protocol):
    """Where facts come from."""

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What is in memory, at once; None where somebody must be asked."""

    def in_use(self, ref: ImageRef) -> bool:
        """Whether the digest in the name is recorded as in use in this cluster."""

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """Ask whoever knows.

        Raises:
            RegistryError: they did not say; the engine makes it an `Unknown`.
        """


class Engine:
    """Reviews workloads under the policies of the moment."""

    def __init__(
        self,
        *,
        policies: Callable[[], PolicySet],
        source: Source,
        namespaces: Callable[[str], Mapping[str, str] | None],
        clock: Callable[[], datetime],
        everything: bool = True,
    ) -> None:
        """Everything is asked anew for each review.

        Args:
            policies: what decides now, as one value.
            source: where facts about images come from.
            namespaces: the labels of a namespace, or None where they are not known.
            clock: the time, aware.
            everything: whether verdicts hold passes and skips too, which decide nothing.
        """
        self.policies = policies
        self.source = source
        self.namespaces = namespaces
        self.clock = clock
        self.everything = everything
        self._passed = None if everything else Passed()

    async def review(self, workload: Workload, patience: float) -> Verdict:
        """Learn what the policies ask about the workload, and let them judge.

        Args:
            workload: what is to run.
            patience: seconds; what was not learned by then is unknown, reason `timed-out`.
        """
        labels = self.namespaces(workload.namespace)
        current = self.policies()
        policies = _covering(current, workload, labels)
        images, missing, needs = self._recall(workload, policies)
        if missing:
            images |= await self._learn(workload, missing, needs, patience)
        return self._judge(workload, images, policies, labels, current)

    def review_known(self, workload: Workload) -> Verdict | None:
        """The same verdict without waiting; None where something must be learned first."""
        labels = self.namespaces(workload.namespace)
        current = self.policies()
        policies = _covering(current, workload, labels)
        images, missing, _ = self._recall(workload, policies)
        if missing:
            return None
        return self._judge(workload, images, policies, labels, current)

    def remembered(self, workload: Workload) -> Mapping[str, Image | InvalidImage]:
        """What is known of the images of a workload, by their text; nobody is asked.

        For people, also where no policy asks. Holds nothing of an object that names too many.
        """
        policies = _covering(self.policies(), workload, self.namespaces(workload.namespace))
        images, missing, _ = self._recall(workload, policies)
        for text, ref in missing.items():
            images[text] = Image(ref, self.source.known(ref, _CONFIG_ONLY) or _NOBODY_ASKED)
        for text, image in images.items():
            facts = getattr(image, "facts", None)
            if isinstance(image, Image) and isinstance(facts, ImageFacts) and not facts.complete:
                known = self.source.known(image.ref, _CONFIG_ONLY)
                images[text] = replace(image, facts=known or _NOBODY_ASKED)
        return images

    def question(self, workload: Workload) -> Hashable:
        """All that the verdict on a CREATE depends on, but for time and facts: ask equal ones once.

        A thousand Pods of one template, in however many namespaces with the same policies, are one.
        """
        namespace = workload.namespace
        labels = self.namespaces(namespace)
        current = self.policies()
        return (
            _covering(current, workload, labels),
            namespace if labels is None else None,  # the findings say it then
            tuple(
                [
                    one
                    for one in current.exceptions_in(namespace)
                    if one.workload is None or one.workload.means(workload)
                ]
            ),
            (workload.template, workload.mirror),
            workload.around,
            workload.images,
        )

    def _judge(
        self,
        workload: Workload,
        images: Mapping[str, Image | InvalidImage],
        policies: tuple[Policy, ...],
        labels: Mapping[str, str] | None,
        current: PolicySet,
    ) -> Verdict:
        if _asks_for_use(policies):
            images = {text: self._with_use(image) for text, image in images.items()}
        return judge(
            workload,
            images,
            policies,
            self.clock(),
            namespace_labels_known=labels is not None,
            everything=self.everything,
            exceptions=current.exceptions_in(workload.namespace),
            passed=self._passed,
        )

    def _with_use(self, image: Image | InvalidImage) -> Image | InvalidImage:
        """The image with what is recorded of its use; what a tag points to is never recorded."""
        if isinstance(image, InvalidImage) or not image.ref.pinned:
            return image
        return replace(image, in_use=self.source.in_use(image.ref))

    def _recall(
        self, workload: Workload, policies: tuple[Policy, ...]
    ) -> tuple[dict[str, Image | InvalidImage], dict[str, ImageRef], frozenset[Need]]:
        """What memory holds of the images, what must be learned, and what is asked of it."""
        images: dict[str, Image | InvalidImage] = {}
        missing: dict[str, ImageRef] = {}
        needs = _needs(policies)
        if crowded(workload):
            return images, missing, needs
        for use in workload.images:
            text = use.image
            if text in images or text in missing:
                continue
            try:
                ref = ImageRef.parse(text)
            except InvalidImageError as error:
                images[text] = InvalidImage(str(error))
                continue
            if not needs or (needs == _DIGEST_ONLY and ref.pinned):
                images[text] = Image(ref, ImageFacts(digest=ref.digest or ""))
            elif (facts := self.source.known(ref, needs)) is not None:
                images[text] = Image(ref, facts)
            else:
                missing[text] = ref
        return images, missing, needs

    async def _learn(
        self,
        workload: Workload,
        missing: Mapping[str, ImageRef],
        needs: frozenset[Need],
        patience: float,
    ) -> dict[str, Image | InvalidImage]:
        """Learn all at once, within one deadline; each image fails or succeeds by itself."""
        flights = {
            text: asyncio.ensure_future(self._ask(ref, needs, workload))
            for text, ref in missing.items()
        }
        try:
            await asyncio.wait(flights.values(), timeout=max(patience, 0.0))
        finally:
            for flight in flights.values():
                flight.cancel()
        late = Unknown(Reason.TIMED_OUT, f"no answer within {patience:.1f} s")
        return {
            text: Image(missing[text], flight.result() if _landed(flight) else late)
            for text, flight in flights.items()
        }

    async def _ask(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        try:
            return await self.source.learn(ref, needs, workload)
        except RegistryError as error:
            return Unknown(error.reason, str(error))


async def review_all(
    engine: Engine, workloads: Mapping[int, Workload], patience: float
) -> Mapping[int, Verdict]:
    """Review all workloads; the keys are theirs to choose and come back.

    Args:
        engine: whose source bounds how much is asked at a time, and how long in all.
        workloads: what is to run.
        patience: seconds for one workload.
    """
    waiting = iter(workloads.items())
    verdicts: dict[int, Verdict] = {}

    async def work() -> None:
        # One iterator for all workers: each takes the next object that nobody has.
        for key, workload in waiting:
            verdicts[key] = await engine.review(workload, patience)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_REVIEWS_AT_ONCE, len(workloads))):
            group.create_task(work())
    return verdicts


def _covering(
    current: PolicySet, workload: Workload, labels: Mapping[str, str] | None
) -> tuple[Policy, ...]:
    near = current.near(workload.namespace)
    return tuple([policy for policy in near if policy.covers(workload, labels)])


@lru_cache(maxsize=256)
def _asks_for_use(policies: tuple[Policy, ...]) -> bool:
    return any(policy.on_unknown is OnUnknown.ALLOW_KNOWN for policy in policies)


@lru_cache(maxsize=256)
def _needs(policies: tuple[Policy, ...]) -> frozenset[Need]:
    """What the rules of some policies want to know, all together."""
    return frozenset(
        need for policy in policies for active in policy.rules for need in active.rule.needs
    )


def _landed(flight: asyncio.Future[ImageFacts | Unknown]) -> bool:
    return flight.done() and not flight.cancelled()
