"""Audits ask registries after everybody else."""

from __future__ import annotations

import asyncio

from tests.builders import facts, pod
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.workload import Workload
from webhook.operator.audit_scan import PacedSource

NEEDS = frozenset({Need.CONFIG})


class Source:
    """Remembers when it was asked for what."""

    def __init__(self, *answers: ImageFacts | Unknown) -> None:
        self.answers = list(answers)
        self.asked: list[float] = []
        self.held: dict[ImageRef, ImageFacts] = {}

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | None:
        del needs
        return self.held.get(ref)

    def in_use(self, ref: ImageRef) -> bool:
        return ref in self.held

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        del needs, workload
        self.asked.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if self.answers else facts()
        if isinstance(answer, ImageFacts):
            self.held[ref] = answer
        return answer


def ref(tag: str) -> ImageRef:
    return ImageRef.parse(f"registry.example.com/web:{tag}")


async def test_look_ups_begin_one_after_the_other_at_a_steady_pace() -> None:
    source = Source()
    paced = PacedSource(source, per_second=50)

    await asyncio.gather(*(paced.learn(ref(str(one)), NEEDS, pod()) for one in range(11)))

    assert source.asked[-1] - source.asked[0] >= 10 / 50 * 0.9


async def test_what_somebody_learned_meanwhile_is_not_asked_for_again() -> None:
    source = Source()
    paced = PacedSource(source, per_second=1000)

    found = await asyncio.gather(*(paced.learn(ref("1"), NEEDS, pod()) for _ in range(5)))

    assert found == [facts()] * 5
    assert len(source.asked) == 1
    assert paced.known(ref("1"), NEEDS) == facts()
    assert paced.in_use(ref("1"))


async def test_after_a_429_nothing_is_asked_for_a_while() -> None:
    source = Source(Unknown(Reason.RATE_LIMITED))
    paced = PacedSource(source, per_second=1000)

    await paced.learn(ref("1"), NEEDS, pod())
    next_one = asyncio.create_task(paced.learn(ref("2"), NEEDS, pod()))
    await asyncio.sleep(0.2)

    assert not next_one.done()
    assert len(source.asked) == 1
    next_one.cancel()
