"""Workloads are told what they run, on their own metadata, and nothing of ours believes it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.builders import DIGEST, LABELS, REVISION, config, facts, use
from tests.cluster.api_server import ApiServer, api_server
from tests.reports.audits import audit, audited, owner
from webhook.audit.objects import Controller
from webhook.audit.objects import Pod as PodObject
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.objects import pod_workload
from webhook.operator.annotations import AnnotationOptions, Annotator
from webhook.reports.audited import Audit, Audited, Owner, RunningImage
from webhook.reports.owner_annotations import BUILT, COMMIT, KEYS, OS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

DEPLOYMENTS = "/apis/apps/v1/deployments"
OTHER = "sha256:" + "cd" * 32
NEWER = "1" * 40
QUICK = AnnotationOptions(seconds=0.01, writes_per_second=1000.0)
WEBHOOK = Path(__file__).parents[2] / "webhook"


class World:
    """A Deployment, what was found of it, and what is recorded."""

    def __init__(self, server: ApiServer, api: Api) -> None:
        self.server = server
        self.latest: Audit | None = None
        self.recorded: dict[str, ImageFacts] = {DIGEST: facts()}
        self.annotator = Annotator(
            api,
            latest=lambda: self.latest,
            recorded=self.recorded.get,
            unasked=frozenset({"kube-system"}),
            options=QUICK,
        )

    def put(self, name: str = "web", namespace: str = "shop") -> Owner:
        spec: dict[str, Any] = {"template": {"metadata": {}, "spec": {}}}
        metadata = {"annotations": {"mine": "stays"}}
        made = self.server.put(DEPLOYMENTS, name, namespace, spec=spec, metadata=metadata)
        return owner(name, namespace, uid=made["metadata"]["uid"])

    async def bring(self, *found: Audited) -> None:
        self.latest = audit(*found)
        await self.annotator.bring(self.latest)

    def annotations(self, name: str = "web", namespace: str = "shop") -> dict[str, str]:
        found = self.server.get(DEPLOYMENTS, name, namespace)
        assert found is not None
        annotations: dict[str, str] = dict(found["metadata"]["annotations"])
        assert annotations.pop("mine") == "stays"
        return annotations


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with api_server() as (server, api):
        yield World(server, api)


def runs(of: Owner, *digests: str, named: str = DIGEST) -> Audited:
    image = RunningImage(
        use=use(), digest=named, facts=Unknown(Reason.NOT_FOUND), running=digests or (named,)
    )
    return msgspec.structs.replace(audited(of=of), images=(image,))


async def test_a_workload_says_what_it_runs_and_its_template_is_left_alone(world: World) -> None:
    web = world.put()
    before = world.server.get(DEPLOYMENTS, "web", "shop")
    assert before is not None

    await world.bring(runs(web))

    assert world.annotations() == {COMMIT: REVISION, BUILT: "2026-11-20T08:00:00Z"}
    after = world.server.get(DEPLOYMENTS, "web", "shop")
    assert after is not None
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    [write] = world.server.writes
    assert (write.method, set(write.body)) == ("PATCH", {"metadata"})
    assert set(write.body["metadata"]) == {"uid", "annotations"}


async def test_it_is_written_only_when_it_changes(world: World) -> None:
    web = world.put()
    await world.bring(runs(web))
    await world.bring(runs(web))
    assert len(world.server.writes) == 1

    labels = LABELS | {"org.opencontainers.image.revision": NEWER}
    world.recorded[OTHER] = facts(config(labels=labels), digest=OTHER)
    await world.bring(runs(web, OTHER))

    assert world.annotations()[COMMIT] == NEWER
    assert len(world.server.writes) == 2


async def test_what_is_not_known_any_more_is_taken_away(world: World) -> None:
    web = world.put()
    await world.bring(runs(web))
    await world.bring(runs(web, named=OTHER))

    assert world.annotations() == {}


async def test_another_object_of_that_name_is_not_touched(world: World) -> None:
    old = world.put()
    world.server.drop(DEPLOYMENTS, "web", "shop")
    world.put()

    await world.bring(runs(old))
    await world.bring(runs(owner("gone", uid="uid-gone")))

    assert world.annotations() == {}
    assert world.annotator.problem == ""


@pytest.mark.parametrize("kind", ["Pod", "ReplicaSet", "Job", "Rollout"])
async def test_only_what_people_write_is_annotated(world: World, kind: str) -> None:
    await world.bring(runs(msgspec.structs.replace(world.put(), kind=kind)))

    assert world.server.writes == []


async def test_where_admission_is_never_asked_nothing_is_written(world: World) -> None:
    await world.bring(runs(world.put("dns", "kube-system")))

    assert world.server.writes == []


async def test_a_refusal_is_said_once_and_tried_again(world: World) -> None:
    web = world.put()
    world.server.refuse("PATCH", "/deployments/", 403, "Forbidden")
    await world.bring(runs(web))
    assert world.annotator.problem.startswith("workloads are not annotated: ")

    world.server.agree()
    await world.bring(runs(web))

    assert world.annotator.problem == ""
    assert world.annotations()[COMMIT] == REVISION


async def test_what_was_found_meanwhile_comes_first(world: World) -> None:
    found = audit(runs(world.put()))
    world.latest = audit()

    await world.annotator.bring(found)

    assert world.server.writes == []


async def test_it_goes_on_for_ever(world: World) -> None:
    running = asyncio.create_task(world.annotator.run())
    try:
        await asyncio.sleep(0.03)
        world.latest = audit(runs(world.put()))
        async with asyncio.timeout(5):
            while not world.annotations():  # noqa: ASYNC110 - of the API server
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert world.annotations()[COMMIT] == REVISION


def test_nothing_of_ours_reads_them() -> None:
    told = [
        path.relative_to(WEBHOOK).as_posix()
        for path in WEBHOOK.rglob("*.py")
        if re.search("|".join(map(re.escape, KEYS)), path.read_text("utf-8"))
    ]
    users = [
        path.relative_to(WEBHOOK).as_posix()
        for path in WEBHOOK.rglob("*.py")
        if "owner_annotations import" in path.read_text("utf-8")
    ]

    assert told == ["reports/owner_annotations.py"]
    assert users == ["operator/annotations.py"]


def test_a_forged_annotation_changes_no_workload_that_is_judged() -> None:
    forged = {"annotations": dict.fromkeys(KEYS, "forged")}
    spec: dict[str, Any] = {"containers": [{"name": "app", "image": "web:1"}]}
    documents = [{"metadata": {"name": "web"} | more, "spec": spec} for more in ({}, forged)]

    plain, lying = [pod_workload(msgspec.convert(one, PodObject)) for one in documents]

    assert plain == lying
    assert OS not in str(msgspec.to_builtins(msgspec.convert(documents[1], Controller)))
