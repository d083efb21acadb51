"""The engine learns first, all at once and within its deadline, and then judges."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from tests.builders import DIGEST, NOW, facts, pod, use
from webhook.core.changes import Reads
from webhook.core.exception import ImageException, NamedWorkload
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.judge import MAX_IMAGES
from webhook.core.policy import ActiveRule, OnUnknown, Policy, PolicySet
from webhook.core.registries import Registries
from webhook.core.selector import Operator, Requirement, Selector
from webhook.core.verdict import Answer, Mode, Outcome
from webhook.engine import Engine
from webhook.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from webhook.core.image import ImageRef
    from webhook.core.rules.protocol import Image, Rule
    from webhook.core.workload import ImageUse, Workload


def learned(needed: frozenset[Need] = frozenset({Need.CONFIG})) -> Rule:
    """A rule that passes what was learned, and is unknown for what was not."""

    class Learned(msgspec.Struct, frozen=True):
        name: ClassVar[str] = "learned"
        reads: ClassVar[Reads] = Reads.EVERYTHING
        needs: ClassVar[frozenset[Need]] = needed

        def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
            del use, workload, now
            if isinstance(image.facts, Unknown):
                return Answer(Outcome.UNKNOWN, image.facts.detail, reason=image.facts.reason)
            return Answer(Outcome.PASS, image.facts.source)

    return Learned()


class Library:
    """A source with a memory, a world outside of it, and a count of who was asked."""

    def __init__(self, *, memory: tuple[str, ...] = (), seconds: float = 0.0) -> None:
        """`seconds` is how long the world takes to answer."""
        self.memory = memory
        self.seconds = seconds
        self.asked: list[str] = []

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        """What is in memory."""
        del needs
        return facts() if str(ref) in self.memory else None

    def in_use(self, ref: ImageRef) -> bool:
        """Whatever lies in a folder `used`."""
        return ref.repository.startswith("used/")

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        """Ask the world, which does not know everything."""
        del needs, workload
        self.asked.append(str(ref))
        await asyncio.sleep(self.seconds)
        if "missing" in ref.repository:
            raise UnavailableError(Reason.NOT_FOUND, "no such image")
        return facts()


def engine(
    source: Library,
    rule: Rule | None = None,
    namespaces: Selector = Selector(),
    labels: Mapping[str, str] | None = None,
) -> Engine:
    """An engine with one policy of one rule."""
    policy = Policy(
        name="p", rules=(ActiveRule(rule or learned(), Mode.ENFORCE),), namespaces=namespaces
    )
    policies = PolicySet((policy,), Registries())
    return Engine(
        policies=lambda: policies,
        source=source,
        namespaces=lambda _: labels,
        clock=lambda: NOW,
    )


async def test_each_image_is_asked_for_once_however_often_it_is_named() -> None:
    source = Library()

    verdict = await engine(source).review(
        pod(use("a.example/x:1"), use("a.example/x:1", container="again")), 1
    )

    assert source.asked == ["a.example/x:1"]
    assert [finding.outcome for finding in verdict.findings] == [Outcome.PASS, Outcome.PASS]


async def test_what_is_not_learned_in_time_is_unknown_and_the_rest_is_judged() -> None:
    source = Library(memory=("a.example/fast:1",), seconds=30)
    started = time.monotonic()

    verdict = await engine(source).review(
        pod(use("a.example/fast:1"), use("a.example/slow:1", container="b")), 0.05
    )

    assert time.monotonic() - started < 5
    assert [finding.reason for finding in verdict.findings] == [None, Reason.TIMED_OUT]


async def test_images_are_learned_all_at_once() -> None:
    source = Library(seconds=0.2)
    started = time.monotonic()

    await engine(source).review(
        pod(*(use(f"a.example/i{n}:1", container=f"c{n}") for n in range(20))), 5
    )

    assert time.monotonic() - started < 2


async def test_an_error_of_the_registry_is_an_unknown_with_its_reason() -> None:
    verdict = await engine(Library()).review(pod(use("a.example/missing:1")), 1)

    assert verdict.findings[0].reason is Reason.NOT_FOUND
    assert verdict.findings[0].message == "no such image"


async def test_a_text_that_is_no_image_is_never_looked_up() -> None:
    source = Library()

    verdict = await engine(source).review(pod(use("registry.example.com@evil.example/x")), 1)

    assert source.asked == []
    assert verdict.findings[0].outcome is Outcome.FAIL


async def test_a_crowd_of_images_is_never_looked_up() -> None:
    source = Library()
    crowd = pod(*(use(f"r{n}.example/x", container=f"c{n}") for n in range(MAX_IMAGES + 1)))

    assert not (await engine(source).review(crowd, 1)).allowed
    assert source.asked == []


@pytest.mark.parametrize(
    ("needs", "text", "asked"),
    [
        (frozenset[Need](), "a.example/x:1", 0),
        (frozenset({Need.DIGEST}), "a.example/x:1", 1),
        (frozenset({Need.DIGEST}), f"a.example/x@{DIGEST}", 0),
        (frozenset({Need.CONFIG}), f"a.example/x@{DIGEST}", 1),
    ],
)
async def test_only_what_a_rule_needs_is_looked_up(
    needs: frozenset[Need], text: str, asked: int
) -> None:
    source = Library()

    await engine(source, learned(needs)).review(pod(use(text)), 1)

    assert len(source.asked) == asked


async def test_what_is_in_memory_is_judged_without_waiting() -> None:
    source = Library(memory=("a.example/x:1",))

    verdict = engine(source).review_known(pod(use("a.example/x:1")))

    assert verdict is not None
    assert verdict == await engine(source).review(pod(use("a.example/x:1")), 1)
    assert engine(source).review_known(pod(use("a.example/y:1"))) is None


@pytest.mark.parametrize(
    ("labels", "findings"),
    [({"env": "prod"}, 1), ({"env": "dev"}, 0), ({}, 0), (None, 1)],
)
async def test_unknown_namespace_labels_are_covered_by_every_policy(
    labels: dict[str, str] | None, findings: int
) -> None:
    prod = Selector((Requirement("env", Operator.IN, ("prod",)),))

    verdict = await engine(Library(), namespaces=prod, labels=labels).review(pod(), 1)

    assert len(verdict.findings) == findings


def excused(name: str, *, needed: frozenset[Need], namespace: str = "shop") -> Engine:
    """An engine with an exception for one Pod, whose policy asks for `needed`."""
    there = ImageException(
        name="security/x",
        rules=frozenset({"learned"}),
        namespaces=frozenset({namespace}),
        workload=NamedWorkload("Pod", name),
        reason="soon",
        expires=NOW + timedelta(days=1),
    )
    policy = Policy(name="p", rules=(ActiveRule(learned(needed), Mode.ENFORCE),))
    policies = PolicySet((policy,), Registries(), (there,))
    return Engine(
        policies=lambda: policies, source=Library(), namespaces=lambda _: {}, clock=lambda: NOW
    )


@pytest.mark.parametrize(
    ("name", "namespace", "allowed"),
    [("web", "shop", True), ("db", "shop", False), ("web", "bank", False)],
)
async def test_exceptions_are_those_of_the_policies_and_of_the_namespace(
    name: str,
    namespace: str,
    allowed: bool,  # noqa: FBT001 - a column
) -> None:
    reviewing = excused(name, needed=frozenset({Need.CONFIG}), namespace=namespace)
    verdict = await reviewing.review(pod(use("a.example/missing:1")), 1)

    assert verdict.allowed is allowed


@pytest.mark.parametrize(
    ("text", "on_unknown", "allowed"),
    [
        (f"a.example/used/missing@{DIGEST}", OnUnknown.ALLOW_KNOWN, True),
        (f"a.example/missing@{DIGEST}", OnUnknown.ALLOW_KNOWN, False),
        ("a.example/used/missing:1", OnUnknown.ALLOW_KNOWN, False),
        (f"a.example/used/missing@{DIGEST}", OnUnknown.DENY, False),
        ("::", OnUnknown.ALLOW_KNOWN, False),
    ],
)
async def test_whether_a_digest_is_in_use_is_asked_of_the_source(
    text: str,
    on_unknown: OnUnknown,
    allowed: bool,  # noqa: FBT001 - a column
) -> None:
    rule = ActiveRule(learned(), Mode.ENFORCE)
    policies = PolicySet((Policy(name="p", rules=(rule,), on_unknown=on_unknown),), Registries())
    reviewing = Engine(
        policies=lambda: policies, source=Library(), namespaces=lambda _: {}, clock=lambda: NOW
    )

    assert (await reviewing.review(pod(use(text)), 1)).allowed is allowed


async def test_a_policy_of_another_namespace_is_not_asked() -> None:
    here, there = (
        Policy(name=name, namespace=name, rules=(ActiveRule(learned(), Mode.ENFORCE),))
        for name in ("shop", "bank")
    )
    policies = PolicySet((here, there), Registries())
    reviewing = Engine(
        policies=lambda: policies, source=Library(), namespaces=lambda _: None, clock=lambda: NOW
    )

    verdict = await reviewing.review(pod(use("a.example/x:1")), 1)

    assert [finding.policy for finding in verdict.findings] == ["shop"]
