"""What runs, by owner, with what is recorded of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.world import (
    DEPLOYMENTS,
    GOOD,
    PODS,
    REPLICA_SETS,
    TAG,
    World,
    pod_spec,
    statuses,
    template,
)
from tests.audit.world import world as audit_world
from tests.builders import DIGEST, NOW, config
from webhook.audit.running import running
from webhook.audit.scan import Scope
from webhook.audit.wanted import read_wanted
from webhook.core.facts import ImageFacts, PlatformImage, Unknown
from webhook.core.recorded import name_of, spec_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.reports.audited import Audit, RunningImage

FACTS = "/apis/cocket.dev/v1alpha1/imagefacts"
PLATFORM = "sha256:" + "b2" * 32
OTHER = "sha256:" + "c3" * 32
NAME = "registry.example.com/prod/web"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with audit_world() as found:
        yield found


def record(world: World, digest: str = DIGEST, platform: str = PLATFORM) -> None:
    facts = ImageFacts(digest=digest, platforms=(PlatformImage("linux/amd64", platform, config()),))
    world.server.put(FACTS, name_of(digest), spec=spec_of(facts, image=NAME, registries=["prod"]))


async def look(world: World, wanted: str = "", **scope: Any) -> Audit:
    return await running(
        world.api,
        Scope(**scope),
        taken=NOW,
        wanted=read_wanted(wanted) if wanted else None,
        cluster="test",
    )


async def images(world: World) -> list[RunningImage]:
    return [image for one in (await look(world)).audited for image in one.images]


def names(found: Audit) -> dict[str, int]:
    return {f"{one.owner.kind}/{one.owner.name}": one.pods for one in found.audited}


def shop(world: World) -> None:
    owner = world.put(DEPLOYMENTS, "web", spec=template(GOOD))
    made = world.put(REPLICA_SETS, "web-a", owner=owner, spec=template(GOOD))
    for number in range(2):
        world.put(PODS, f"web-a-{number}", owner=made, spec=pod_spec(GOOD))
    world.put(PODS, "web", spec=pod_spec(GOOD), namespace="bank")
    world.put(DEPLOYMENTS, "asleep", spec=template(GOOD, replicas=0))


async def test_pods_are_folded_and_what_does_not_run_is_left_out(world: World) -> None:
    shop(world)

    found = await look(world)

    assert names(found) == {"Pod/web": 1, "Deployment/web": 2}
    assert found.cluster == "test"
    assert all(not one.verdict.findings for one in found.audited)


@pytest.mark.parametrize(
    ("wanted", "scope", "expected"),
    [
        ("deploy/web", {}, {"Deployment/web": 2}),
        ("web", {}, {"Pod/web": 1, "Deployment/web": 2}),
        ("web", {"namespace": "shop"}, {"Deployment/web": 2}),
        ("pod/web-a-1", {}, {"Deployment/web": 1}),
        ("web-a-1", {}, {"Deployment/web": 1}),
        ("sts/web", {}, {}),
        ("asleep", {}, {}),
        ("pod/gone", {}, {}),
    ],
)
async def test_a_workload_or_a_pod_can_be_named(
    world: World, wanted: str, scope: dict[str, Any], expected: dict[str, int]
) -> None:
    shop(world)

    assert names(await look(world, wanted, **scope)) == expected


async def test_what_is_recorded_is_shown(world: World) -> None:
    record(world)
    world.put(PODS, "web", spec=pod_spec(GOOD))

    [image] = await images(world)

    assert image.digest == DIGEST
    assert isinstance(image.facts, ImageFacts)


@pytest.mark.parametrize(
    ("spec", "said", "expected"),
    [
        (GOOD, f"{NAME}@{DIGEST}", {DIGEST: True}),
        (GOOD, f"{NAME}@{PLATFORM}", {DIGEST: True}),
        (GOOD, f"{NAME}@{OTHER}", {OTHER: False}),
        (GOOD, DIGEST, {DIGEST: True}),
        (TAG, f"{NAME}@{DIGEST}", {DIGEST: True}),
        (TAG, f"{NAME}@{OTHER}", {OTHER: False}),
        (TAG, "", {"": False}),
        ("UPPER", f"{NAME}@{DIGEST}", {DIGEST: True}),
    ],
)
async def test_the_facts_are_those_of_what_the_node_runs(
    world: World, spec: str, said: str, expected: dict[str, bool]
) -> None:
    record(world)
    world.put(PODS, "web", spec=pod_spec(spec), status=statuses(said))

    found = await images(world)

    assert {one.digest: isinstance(one.facts, ImageFacts) for one in found} == expected


async def test_a_tag_that_means_two_images_is_two_lines(world: World) -> None:
    record(world)
    record(world, OTHER, OTHER)
    owner = world.put(DEPLOYMENTS, "web", spec=template(TAG))
    for number, digest in enumerate((DIGEST, OTHER)):
        status = statuses(f"{NAME}@{digest}")
        world.put(PODS, f"web-{number}", owner=owner, spec=pod_spec(TAG), status=status)

    found = await images(world)

    assert {one.digest for one in found} == {DIGEST, OTHER}


@pytest.mark.parametrize(("recorded", "digest"), [(False, DIGEST), (True, OTHER)])
async def test_of_a_name_without_a_record_what_runs_counts_if_it_has_one(
    world: World, digest: str, *, recorded: bool
) -> None:
    if recorded:
        record(world, OTHER)
    world.put(PODS, "web", spec=pod_spec(GOOD), status=statuses(f"{NAME}@{OTHER}"))

    [image] = await images(world)

    assert image.digest == digest


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (TAG, "a tag names it, and no node says yet which digest it runs"),
        (GOOD, "not recorded yet"),
        ("UPPER", "no name of an image"),
    ],
)
async def test_an_image_without_facts_says_why(world: World, spec: str, words: str) -> None:
    world.put(PODS, "web", spec=pod_spec(spec))

    [image] = await images(world)

    assert isinstance(image.facts, Unknown)
    assert words in image.facts.detail


async def test_records_that_cannot_be_read_are_said(world: World) -> None:
    world.put(PODS, "web", spec=pod_spec(GOOD))
    world.server.refuse("GET", "/imagefacts", 403, "Forbidden")

    [why] = (await look(world)).missing

    assert why.startswith("ImageFacts could not be listed: ")
