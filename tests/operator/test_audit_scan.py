"""What an audit asks registries, and for how long."""

from __future__ import annotations

import asyncio

from tests.builders import facts, pod
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.workload import Workload
from webhook.operator.audit_scan import BoundedSource

NEEDS = frozenset({Need.CONFIG})


class Source:
    """Counts how often it was asked."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.asked = 0
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
        self.asked += 1
        await asyncio.sleep(self.seconds)
        return self.held.setdefault(ref, facts())


def ref(tag: str) -> ImageRef:
    return ImageRef.parse(f"registry.example.com/web:{tag}")


async def test_what_somebody_learned_meanwhile_is_not_asked_for_again() -> None:
    source = Source()
    bounded = BoundedSource(source, asyncio.get_running_loop().time() + 10)

    found = [await bounded.learn(ref("1"), NEEDS, pod()) for _ in range(3)]

    assert found == [facts()] * 3
    assert source.asked == 1
    assert bounded.known(ref("1"), NEEDS) == facts()
    assert bounded.in_use(ref("1"))


async def test_who_hangs_is_waited_for_until_the_time_is_over_and_asked_no_more() -> None:
    source = Source(seconds=60)
    bounded = BoundedSource(source, asyncio.get_running_loop().time() + 0.1)

    async with asyncio.timeout(5):
        found = [await bounded.learn(ref(tag), NEEDS, pod()) for tag in ("1", "2")]

    assert [one.reason for one in found if isinstance(one, Unknown)] == [Reason.TIMED_OUT] * 2
    assert bounded.known(ref("1"), NEEDS) is None
