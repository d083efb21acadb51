"""Verdicts on Dockerfiles and Compose services: what is learned for them, and what is not."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST, NOW, config, facts
from tests.composefiles.test_services import service
from webhook.cli.part_reviews import review_part
from webhook.core.facts import ImageFacts, Need, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.policy import ActiveRule, Policy, PolicySet
from webhook.core.registries import Registries
from webhook.core.rules.digest import DigestRule
from webhook.core.rules.init import InitRule
from webhook.core.rules.protocol import Rule
from webhook.core.selector import Operator, Requirement, Selector
from webhook.core.verdict import Mode, Outcome
from webhook.core.workload import Workload
from webhook.dockerfiles.instructions import read_dockerfile
from webhook.dockerfiles.judged import workload_of_build
from webhook.dockerfiles.stages import Build, read_build

PLAIN = facts(config(entrypoint=(), cmd=("node", "server.js")))
PINNED = f"web@{DIGEST}"


class Asked:
    """A source that knows one answer, and who was asked about."""

    def __init__(self, answer: ImageFacts | Unknown = PLAIN, *, at_once: bool = False) -> None:
        self.answer = answer
        self.at_once = at_once
        self.learned: list[str] = []

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        del ref, needs
        return self.answer if self.at_once else None

    def in_use(self, ref: ImageRef) -> bool:
        del ref
        return False

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        del needs, workload
        self.learned.append(str(ref))
        return self.answer


def policies(*rules: Rule, namespaces: Selector | None = None) -> PolicySet:
    active = tuple(ActiveRule(rule, Mode.ENFORCE) for rule in rules)
    found = Policy(name="p", rules=active, namespaces=namespaces or Selector())
    return PolicySet(policies=(found,), registries=Registries())


def built(text: str) -> tuple[Build, Workload]:
    build = read_build(read_dockerfile(text, "Dockerfile"), "Dockerfile")
    return build, workload_of_build(build, "Dockerfile")


async def outcomes(text: str, source: Asked, *rules: Rule) -> dict[str, Outcome]:
    """Of a service."""
    part = service(text)
    verdict = await review_part(part, part.workload, policies(*rules), source, NOW)
    return {one.rule: one.outcome for one in verdict.findings}


async def test_the_image_of_a_service_is_looked_up_and_judged() -> None:
    source = Asked()

    assert await outcomes(f"{{image: {PINNED}}}", source, InitRule()) == {"init": Outcome.FAIL}
    assert source.learned == [str(ImageRef.parse(PINNED))]


async def test_what_is_known_is_not_asked_for() -> None:
    source = Asked(at_once=True)

    assert await outcomes(f"{{image: {PINNED}}}", source, InitRule()) == {"init": Outcome.FAIL}
    assert source.learned == []


async def test_a_digest_in_the_name_is_all_that_rule_digest_asks_for() -> None:
    source = Asked()

    assert await outcomes(f"{{image: {PINNED}}}", source, DigestRule()) == {"digest": Outcome.PASS}
    assert source.learned == []


async def test_what_could_not_be_learned_is_unknown() -> None:
    source = Asked(Unknown(Reason.UNREACHABLE, "no connection"))

    found = await outcomes(f"{{image: {PINNED}}}", source, InitRule())
    assert found == {"init": Outcome.UNKNOWN}


@pytest.mark.parametrize("text", ["{image: 'A b'}", "{image: '${TAG?}'}"])
async def test_a_name_that_is_none_fails_and_nobody_is_asked(text: str) -> None:
    source = Asked()

    assert set((await outcomes(text, source, DigestRule())).values()) <= {
        Outcome.FAIL,
        Outcome.UNKNOWN,
    }
    assert source.learned == []


async def test_the_base_of_a_build_is_looked_up_where_a_rule_needs_it() -> None:
    source = Asked()
    build, workload = built(f"FROM {PINNED}\n")
    verdict = await review_part(build, workload, policies(InitRule()), source, NOW)

    assert [one.outcome for one in verdict.findings if one.rule == "init"] == [Outcome.FAIL]
    assert source.learned == [str(ImageRef.parse(PINNED))]


async def test_every_policy_covers_what_lies_in_no_namespace() -> None:
    build, workload = built("FROM web:1\n")
    only = Selector((Requirement("env", Operator.IN, ("prod",)),))
    for namespaces in (Selector(), only):
        found = policies(DigestRule(), namespaces=namespaces)
        verdict = await review_part(build, workload, found, Asked(), NOW)

        assert not verdict.allowed
