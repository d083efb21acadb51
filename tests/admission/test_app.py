import asyncio
import copy
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.admission.serving import (
    LIMITS,
    REVIEWS,
    Facts,
    Slow,
    policy_set,
    real_review,
    serving,
)
from tests.builders import NOW, facts
from webhook.core.exception import ImageException, ImagePattern
from webhook.core.policy import Broken
from webhook.core.rules.digest import DigestRule
from webhook.core.verdict import Mode

UID = "2f88bb43-27c4-47e1-a438-d28b96216c07"
WARNING_ONLY = policy_set(mode=Mode.WARN)
BAD_OBJECT = real_review("pod-create")
BAD_OBJECT["request"]["object"]["spec"]["containers"] = "nginx"
SMALL = msgspec.structs.replace(LIMITS, body_bytes=100_000, buffered_bytes=100_000)


def tagged(name: str = "pod-create") -> dict[str, Any]:
    """A review whose first container is named by a tag."""
    review = real_review(name)
    review["request"]["object"]["spec"]["containers"][0]["image"] = "nginx:1.25"
    return review


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    assert not [r for r in caplog.records if r.levelname == "ERROR" and r.name == "uvicorn.error"]


# ------------------------------------------------------------------------------------------------
# What is asked, and what is answered.


@pytest.mark.parametrize("name", sorted(path.stem for path in REVIEWS.glob("*.json")))
async def test_a_real_review_gets_an_answer_with_its_uid(name: str) -> None:
    review = real_review(name)
    async with serving() as server:
        response = await server.ask(review)

    assert response["uid"] == review["request"]["uid"]


async def test_an_exception_lets_a_pod_in_with_a_warning_and_is_counted() -> None:
    excused = ImageException(
        name="security/nginx",
        rules=frozenset({"digest"}),
        namespaces=frozenset({real_review("pod-create")["request"]["namespace"]}),
        image=ImagePattern(host="docker.io", segments=("library", "nginx")),
        reason="soon",
        expires=NOW + timedelta(days=1),
    )
    policies = msgspec.structs.replace(policy_set(DigestRule()), exceptions=(excused,))
    async with serving(policies) as server:
        response = await server.ask(tagged())
        metrics = await server.scrape()

    assert response["allowed"] is True
    assert "let through by exception security/nginx until 2026-11-24" in response["warnings"][0]
    assert response["auditAnnotations"]["exceptions"] == "security/nginx"
    assert 'cocket_exceptions_used_total{exception="security/nginx"} 1.0' in metrics


async def test_a_policy_that_cannot_be_used_is_named_in_a_warning() -> None:
    broken = Broken("ClusterImagePolicy", "", "strict", "spec.rules: unknown field")
    policies = msgspec.structs.replace(policy_set(), broken=(broken,))
    async with serving(policies) as server:
        response = await server.ask(real_review("pod-create"))

    assert response["allowed"] is True
    assert response["warnings"] == [
        "cocket: ClusterImagePolicy strict is broken and not in force: spec.rules: unknown field"
    ]


async def test_a_good_pod_is_admitted_without_a_word() -> None:
    async with serving() as server:
        assert await server.ask(real_review("pod-create")) == {
            "uid": UID,
            "allowed": True,
            "auditAnnotations": {"decision": "allowed"},
        }
        assert server.metrics.decisions == {"allowed": 1}


async def test_a_tag_is_refused_and_the_digest_named() -> None:
    async with serving(policy_set(DigestRule())) as server:
        response = await server.ask(tagged())

    assert response["allowed"] is False
    message = response["status"]["message"]
    assert message.startswith('cocket refused Pod default/web:\n  container "app": nginx:1.25 is')
    assert f"use nginx:1.25@{facts().digest}" in message


async def test_what_must_be_learned_is_learned() -> None:
    source = Facts()
    source.in_memory = False
    async with serving(source=source) as server:
        assert (await server.ask(real_review("pod-create")))["allowed"] is True

    assert len(source.learned) == 3


async def test_an_answer_comes_before_the_api_server_gives_up() -> None:
    policies = policy_set(mode=Mode.WARN)
    async with serving(policies, Slow()) as server:
        loop = asyncio.get_running_loop()
        began = loop.time()
        response = await server.ask(real_review("pod-create"), "?timeout=2s")

        assert loop.time() - began < 2
    assert response["allowed"] is True
    assert "timed-out" in response["auditAnnotations"]["unknown"]


async def test_reviews_beyond_the_bound_wait_no_longer_than_their_time() -> None:
    limits = msgspec.structs.replace(LIMITS, learning=1)
    source = Slow()
    async with serving(source=source, limits=limits) as server:
        responses = await asyncio.gather(
            *(server.ask(real_review("pod-create"), "?timeout=500ms") for _ in range(3))
        )

    assert ["timed-out" in r["auditAnnotations"]["unknown"] for r in responses] == [True] * 3


async def test_a_dry_run_gets_the_same_answer() -> None:
    dry = tagged()
    dry["request"]["dryRun"] = True
    async with serving() as server:
        assert await server.ask(dry) == await server.ask(tagged())


# ------------------------------------------------------------------------------------------------
# UPDATE: nobody is locked out by a new policy.


def update(old: dict[str, Any], new: dict[str, Any], **request: object) -> dict[str, Any]:
    """A review of an UPDATE of one object to another."""
    review = real_review("pod-create")
    review["request"] |= {"operation": "UPDATE", "object": new, "oldObject": old, **request}
    return review


def bad_pod() -> dict[str, Any]:
    """A Pod that a new policy would refuse."""
    pod: dict[str, Any] = tagged()["request"]["object"]
    pod["metadata"]["finalizers"] = ["example.com/wait"]
    return pod


def test_the_pod_of_these_tests_is_refused_on_create() -> None:
    async def ask() -> bool:
        async with serving() as server:
            return bool((await server.ask(tagged()))["allowed"])

    assert asyncio.run(ask()) is False


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda pod: pod["metadata"].pop("finalizers"), id="finalizer removed"),
        pytest.param(lambda pod: pod["metadata"]["labels"].update(a="b"), id="label patched"),
        pytest.param(
            lambda pod: pod["metadata"]["annotations"].update({"revision": "2"}),
            id="annotation patched",
        ),
        pytest.param(
            lambda pod: pod["metadata"].update(
                deletionTimestamp="2026-11-23T17:10:46Z", finalizers=[]
            ),
            id="finalizer removed while it is deleted",
        ),
    ],
)
async def test_an_update_of_something_else_passes_with_a_warning(change: Any) -> None:
    new = bad_pod()
    change(new)
    async with serving() as server:
        response = await server.ask(update(bad_pod(), new))

    assert response["allowed"] is True
    assert "nginx:1.25 is a tag" in response["warnings"][0]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda pod: pod["spec"]["containers"][0].update(image="nginx:1.26"), id="image"
        ),
        pytest.param(
            lambda pod: pod["spec"].update(ephemeralContainers=[{"name": "d", "image": "busybox"}]),
            id="ephemeral container added",
        ),
        pytest.param(lambda pod: pod["spec"]["containers"][0].pop("args"), id="args dropped"),
        pytest.param(
            lambda pod: (
                pod["metadata"].update(deletionTimestamp="2026-11-23T17:10:46Z"),
                pod["spec"]["containers"][0].update(image="nginx:1.26"),
            ),
            id="image while it is deleted",
        ),
    ],
)
async def test_an_update_of_what_runs_is_judged_as_on_create(change: Any) -> None:
    new = bad_pod()
    change(new)
    async with serving() as server:
        response = await server.ask(update(bad_pod(), new))

    assert response["allowed"] is False


async def test_a_deployment_is_scaled_and_annotated_under_a_new_policy() -> None:
    review = real_review("deployment-create")
    old = review["request"]["object"]
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = 5
    new["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "2"}
    async with serving() as server:
        assert (await server.ask(review))["allowed"] is False
        changed = update(old, new, kind=review["request"]["kind"])
        assert (await server.ask(changed))["allowed"] is True


async def test_an_ephemeral_container_is_judged_and_the_old_ones_are_not() -> None:
    async with serving() as server:
        message = (await server.ask(real_review("pod-ephemeralcontainers-update")))["status"][
            "message"
        ]

    assert message.splitlines()[0] == "cocket refused Pod default/web:"
    assert [line.partition(":")[0] for line in message.splitlines()[1:]] == [
        '  ephemeral container "dbg"'
    ]


async def test_a_delete_is_nobodys_business() -> None:
    review = tagged()
    review["request"] |= {"operation": "DELETE", "oldObject": review["request"]["object"]}
    review["request"]["object"] = None
    async with serving() as server:
        assert (await server.ask(review))["allowed"] is True


async def test_more_than_64_images_fail_every_rule_whatever_on_unknown_says() -> None:
    review = real_review("pod-create")
    review["request"]["object"]["spec"]["containers"] = [
        {"name": f"c{number}", "image": f"r{number}.example.com/a@{facts().digest}"}
        for number in range(65)
    ]
    source = Slow()
    async with serving(source=source) as server:
        response = await server.ask(review)

    assert response["allowed"] is False
    assert "it names 66 different images" in response["status"]["message"]
    assert not source.learned
