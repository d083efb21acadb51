"""A registry that falls silent, from the first review to what kubectl, log and metrics show."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.admission.serving import Facts, Serving, policy_set, serving
from tests.builders import LABELS
from tests.registry.asking import client, configured
from webhook.core.facts import ImageFacts, Need, Unknown
from webhook.core.image import ImageRef
from webhook.core.registries import Registries
from webhook.core.rules.init import InitRule
from webhook.core.workload import Workload
from webhook.demo.faults import Fault
from webhook.demo.images import image
from webhook.demo.registry import DemoRegistry
from webhook.demo.reviews import admission_review, pod
from webhook.registry.given import GivenFacts
from webhook.registry.limits import Limits
from webhook.registry.source import RegistrySource

GOOD = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels=LABELS)
PATH = "/v2/prod/web/manifests/1.0"


class FromRegistry(Facts):
    """What a real client learns; nothing is believed for longer than a question."""

    def __init__(self, source: RegistrySource) -> None:
        super().__init__()
        self.source = source

    def known(self, ref: ImageRef, needs: frozenset[Need]) -> ImageFacts | Unknown | None:
        return self.source.known(ref, needs)

    async def learn(
        self, ref: ImageRef, needs: frozenset[Need], workload: Workload
    ) -> ImageFacts | Unknown:
        return await self.source.learn(ref, needs, workload)


@asynccontextmanager
async def world(log: Path, stale: float) -> AsyncIterator[tuple[DemoRegistry, Serving]]:
    limits = Limits(tag_seconds=0, failure_seconds=0, stale_tag_seconds=stale, breaking=False)
    if stale:
        limits = Limits(tag_seconds=0, stale_tag_seconds=stale, breaking=False)
    async with DemoRegistry() as registry, client(limits=limits) as asked:
        registry.add("prod/web", GOOD, tag="1.0")
        known = Registries([configured(registry.host)])
        source = RegistrySource(registries=lambda: known, client=asked, given=GivenFacts())
        served = serving(policy_set(InitRule()), FromRegistry(source), log=log)
        async with served as server:
            yield registry, server


async def create(server: Serving, registry: DemoRegistry) -> dict[str, Any]:
    review = admission_review(pod("web", registry.name("prod/web", "1.0")))
    return await server.ask(review, "?timeout=10s")


async def test_it_is_admitted_by_what_the_tag_was_with_a_warning_of_its_age(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with world(log, stale=60) as (registry, server):
        before = await create(server, registry)
        registry.fault(PATH, Fault(status=503), times=99)
        after = [await create(server, registry) for _ in range(2)]
        metrics = await server.scrape()

    assert before["allowed"]
    assert "warnings" not in before
    said = f"s ago: {registry.name('prod/web', '1.0')} is judged as {GOOD.digest[:19]}…, because "
    for answer in after:
        assert answer["allowed"]
        [warning] = answer["warnings"]
        assert warning.startswith("cocket: tag of ")
        assert said in warning
        assert answer["auditAnnotations"]["decision"] == "warned"
        assert f"{said}its registry is silent: " in answer["auditAnnotations"]["old-tags"]
    first, *rest = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert "oldTags" not in first
    assert [said in line["oldTags"][0] for line in rest] == [True, True]
    assert "cocket_old_tags_total 2.0" in metrics


@pytest.mark.parametrize(
    ("stale", "fault", "reason"),
    [
        (0, Fault(status=503), "unreachable"),
        (60, Fault(status=404), "not-found"),
        (60, Fault(status=401), "unauthorized"),
        (60, Fault(status=429), "rate-limited"),
    ],
)
async def test_without_leave_and_where_it_answered_the_image_is_unknown(
    tmp_path: Path, stale: float, fault: Fault, reason: str
) -> None:
    async with world(tmp_path / "log", stale) as (registry, server):
        assert (await create(server, registry))["allowed"]
        registry.fault(PATH, fault, times=99)
        answer = await create(server, registry)

    assert not answer["allowed"]
    assert f"({reason})" in answer["status"]["message"]
    assert "warnings" not in answer
