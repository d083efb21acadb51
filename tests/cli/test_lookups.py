"""One answer for each name in one run, so many questions at a time, within one budget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import ClassVar

from tests.builders import DIGEST, NOW, facts, pod, use
from webhook.cli.lookups import AT_ONCE, Snapshot, names_in
from webhook.core.changes import Reads
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.policy import ActiveRule, Policy, PolicySet
from webhook.core.registries import Registries
from webhook.core.rules.protocol import Image
from webhook.core.verdict import Answer, Mode, Outcome
from webhook.core.workload import ImageUse, Workload
from webhook.engine import Engine, review_all
from webhook.errors import UnavailableError

NEEDS = frozenset({Need.CONFIG})
WEB = ImageRef.parse(f"registry.example.com/prod/web@{DIGEST}")


class Source:
    """A source that counts, and answers as it is told."""

    def __init__(self, answer: Callable[[ImageRef], Awaitable[ImageFacts | Unknown]]) -> None:
        self.answer = answer
        self.asked: list[ImageRef] = []
        self.now = self.most = 0

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        assert needs
        return facts() if ref.repository == "given" else None

    def in_use(self, ref: ImageRef) -> bool:
        return ref.repository == "given"

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        assert needs
        assert workload.images
        self.asked.append(ref)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self.answer(ref)
        finally:
            self.now -= 1


class Told:
    """A rule that answers what was learned."""

    name: ClassVar[str] = "told"
    reads: ClassVar[Reads] = Reads.EVERYTHING
    needs: ClassVar[frozenset[Need]] = NEEDS

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
        assert use in workload.images
        assert now == NOW
        match image.facts:
            case Unknown(reason, detail):
                return Answer(Outcome.UNKNOWN, detail, reason=reason)
            case _:
                return Answer(Outcome.PASS, "good")


def engine(source: Snapshot) -> Engine:
    policy = Policy(name="p", rules=(ActiveRule(Told(), Mode.ENFORCE),))
    policies = PolicySet((policy,), Registries())
    return Engine(
        policies=lambda: policies, source=source, namespaces=lambda _: None, clock=lambda: NOW
    )


async def at_once(_ref: ImageRef) -> ImageFacts | Unknown:
    await asyncio.sleep(0)
    return facts()


async def never(_ref: ImageRef) -> ImageFacts | Unknown:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def broken(_ref: ImageRef) -> ImageFacts | Unknown:
    await asyncio.sleep(0)
    raise UnavailableError(Reason.UNREACHABLE, "no route")


async def test_a_name_is_asked_once_however_many_want_it() -> None:
    count = 0

    def answered() -> None:
        nonlocal count
        count += 1

    source = Source(at_once)
    snapshot = Snapshot(source)
    snapshot.answered = answered
    answers = await asyncio.gather(*(snapshot.learn(WEB, NEEDS, pod()) for _ in range(50)))

    assert answers == [facts()] * 50
    assert source.asked == [WEB]
    assert count == 1
    assert snapshot.known(WEB, NEEDS) == facts()


async def test_what_the_source_has_at_hand_is_not_asked_for() -> None:
    source = Source(at_once)
    snapshot = Snapshot(source)

    assert snapshot.known(ImageRef("a", "given"), NEEDS) == facts()
    assert snapshot.known(WEB, NEEDS) is None
    assert source.asked == []


async def test_a_failure_is_an_unknown_and_is_not_asked_again() -> None:
    source = Source(broken)
    snapshot = Snapshot(source)

    assert await snapshot.learn(WEB, NEEDS, pod()) == Unknown(Reason.UNREACHABLE, "no route")
    assert await snapshot.learn(WEB, NEEDS, pod()) == Unknown(Reason.UNREACHABLE, "no route")
    assert len(source.asked) == 1


async def test_who_stops_waiting_does_not_stop_the_question() -> None:
    gate = asyncio.Event()

    async def later(_ref: ImageRef) -> ImageFacts | Unknown:
        await gate.wait()
        return facts()

    snapshot = Snapshot(Source(later))
    impatient = asyncio.create_task(snapshot.learn(WEB, NEEDS, pod()))
    patient = asyncio.create_task(snapshot.learn(WEB, NEEDS, pod()))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    gate.set()

    assert await patient == facts()


async def test_no_more_than_so_many_are_asked_at_a_time() -> None:
    source = Source(at_once)
    snapshot = Snapshot(source)
    refs = [ImageRef("a", f"r{number}") for number in range(AT_ONCE * 5)]
    await asyncio.gather(*(snapshot.learn(ref, NEEDS, pod()) for ref in refs))

    assert len(source.asked) == AT_ONCE * 5
    assert source.most == AT_ONCE


async def test_close_stops_what_is_under_way() -> None:
    source = Source(never)
    snapshot = Snapshot(source)
    waiting = asyncio.create_task(snapshot.learn(WEB, NEEDS, pod()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await snapshot.close()

    assert source.now == 0
    assert (await asyncio.gather(waiting, return_exceptions=True))[0].__class__ is (
        asyncio.CancelledError
    )


async def test_all_workloads_are_reviewed_under_their_keys() -> None:
    source = Source(at_once)
    snapshot = Snapshot(source)
    workloads = {number: pod(use(f"a.example/r{number % 7}")) for number in range(200)}
    verdicts = await review_all(engine(snapshot), workloads, 10)

    assert verdicts.keys() == workloads.keys()
    assert all(
        verdicts[key].findings[0].image == workloads[key].images[0].image for key in workloads
    )
    assert len(source.asked) == 7


async def test_when_the_budget_is_spent_the_rest_is_unknown() -> None:
    source = Source(never)
    snapshot = Snapshot(source, 0.05)
    workloads = {number: pod(use(f"a.example/r{number}")) for number in range(300)}
    verdicts = await asyncio.wait_for(review_all(engine(snapshot), workloads, 10), 10)
    await snapshot.close()

    findings = [verdict.findings[0] for verdict in verdicts.values()]
    assert len(findings) == 300
    assert {one.reason for one in findings} == {Reason.TIMED_OUT}
    assert {one.message for one in findings} == {"not looked up within 0.05 s"}


def test_names_are_counted_once() -> None:
    assert names_in([pod(use("a"), use("b")), pod(use("a"))]) == 2
