"""Every example is read by the readers of the product, and judged as its remarks say."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from tests.builders import NOW, image
from webhook.core.judge import judge
from webhook.core.objects import workload_of
from webhook.core.resources import Loaded, load_policies
from webhook.core.verdict import Outcome
from webhook.core.workload import Workload
from webhook.manifests import read_documents

EXAMPLES = Path(__file__).parents[1] / "examples"
REFUSED = {
    "good-pod.yaml": set(),
    "bad-deployment.yaml": {"digest", "registry", "init"},
    "cronjob.yaml": {"digest"},
    "shared-processes.yaml": set(),
    "list.json": {"digest", "registry", "init"},
}
"""Rules that fail, if every image carries labels and starts an init."""


def load(*names: str) -> Loaded:
    return load_policies(chain.from_iterable(read_documents(EXAMPLES / name) for name in names))


def workloads(name: str) -> list[Workload]:
    found = [workload_of(one.data) for one in read_documents(EXAMPLES / "objects" / name)]
    return [workload for workload in found if workload is not None]


def test_every_policy_can_be_used_with_the_registries() -> None:
    """The production policy brings its own."""
    for path in sorted((EXAMPLES / "policies").iterdir()):
        own = any(one.data["kind"] == "Registry" for one in read_documents(path))  # type: ignore[index]
        names = [] if own else ["registries.yaml"]

        loaded = load(*names, f"policies/{path.name}")

        assert loaded.policies.policies
        assert loaded.warnings == ()


def test_the_first_policy_refuses_nothing_and_the_other_one_does() -> None:
    assert not load("registries.yaml", "policies/audit-first.yaml").policies.enforces
    assert load("policies/production.yaml").policies.enforces


@pytest.mark.parametrize("name", REFUSED)
def test_an_object_is_judged_as_its_remarks_say(name: str) -> None:
    policies = load("policies/production.yaml").policies.policies
    (workload,) = workloads(name)
    images = {use.image: image(use.image) for use in workload.images}

    verdict = judge(workload, images, policies, NOW)

    failed = {one.rule for one in verdict.findings if one.outcome is Outcome.FAIL}
    assert failed == REFUSED[name]
    assert verdict.allowed is (not REFUSED[name])


def test_no_example_is_forgotten() -> None:
    assert {path.name for path in (EXAMPLES / "objects").iterdir()} == set(REFUSED)
