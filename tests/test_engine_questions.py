"""Which workloads get the same verdict, and what is known of their images without asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.audit.world import BAD, GOOD, TAG, engine, policies
from tests.builders import DIGEST, pod, use
from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.judge import InvalidImage
from webhook.core.rules.protocol import Image

if TYPE_CHECKING:
    from tests.cluster.api_server import Json
    from webhook.core.workload import Workload

API = "cocket.dev/v1alpha1"
NAMESPACES = {"shop": {"env": "prod"}, "mall": {"env": "prod"}, "bank": {"env": "test"}}


def document(kind: str, name: str, namespace: str = "", **spec: object) -> Json:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


POLICIES = policies(
    document("ClusterImagePolicy", "all", rules={"digest": {}}),
    document(
        "ClusterImagePolicy",
        "prod",
        namespaceSelector={"matchLabels": {"env": "prod"}},
        rules={"init": {}},
    ),
    document(
        "ImageException",
        "one",
        "shop",
        rules=["digest"],
        namespaces=["mall"],
        workload={"kind": "Pod", "name": "excused"},
        reason="it is to be replaced",
        expires="2026-12-24T00:00:00Z",
    ),
)
ONE = pod(use(TAG))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(ONE, name="another", uid="u"), id="another name"),
        pytest.param(replace(ONE, namespace="mall"), id="a namespace with the same policies"),
        pytest.param(replace(ONE, labels={"a": "b"}), id="other labels"),
    ],
)
def test_what_makes_no_difference_is_the_same_question(other: Workload) -> None:
    asked = engine(POLICIES, NAMESPACES)
    assert asked.question(ONE) == asked.question(other)
    assert hash(asked.question(ONE)) == hash(asked.question(other))
    assert asked.review_known(ONE) == asked.review_known(other)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(ONE, namespace="bank"), id="a namespace with other policies"),
        pytest.param(replace(ONE, namespace="lost"), id="a namespace without known labels"),
        pytest.param(replace(ONE, template=True), id="a template"),
        pytest.param(replace(ONE, mirror=True), id="a static Pod"),
        pytest.param(replace(ONE, host_pid=True), id="other processes"),
        pytest.param(replace(ONE, os="windows"), id="another system"),
        pytest.param(replace(ONE, grace_seconds=0), id="another grace period"),
        pytest.param(pod(use(GOOD)), id="another image"),
        pytest.param(pod(use(TAG, command=("sh",))), id="another command"),
        pytest.param(replace(ONE, namespace="mall", name="excused"), id="an exception"),
    ],
)
def test_what_may_make_a_difference_is_another_question(other: Workload) -> None:
    asked = engine(POLICIES, NAMESPACES)
    assert asked.question(ONE) != asked.question(other)


def facts_of(image: Image | InvalidImage) -> ImageFacts | Unknown:
    assert isinstance(image, Image)
    return image.facts


def test_what_is_known_is_told_whether_or_not_a_policy_asks() -> None:
    workload = pod(use(GOOD), use("other.example.com/x:1", container="b"), use("NO", container="c"))
    for asked in (engine(), engine(POLICIES, NAMESPACES)):
        known = asked.remembered(workload)
        facts = facts_of(known[GOOD])
        assert isinstance(facts, ImageFacts)
        assert facts.complete
        assert facts_of(known["other.example.com/x:1"]).__class__ is Unknown
        assert isinstance(known["NO"], InvalidImage)


def test_who_was_never_asked_is_no_failure_of_a_registry() -> None:
    asked = engine(policies(document("ClusterImagePolicy", "all", rules={"digest": {}})))
    name = f"registry.example.com/prod/other@{DIGEST}"
    facts = facts_of(asked.remembered(pod(use(name)))[name])
    assert isinstance(facts, Unknown)
    assert facts.reason in {Reason.OFFLINE, Reason.NOT_CONFIGURED}
    assert BAD not in asked.remembered(pod(use(name)))
