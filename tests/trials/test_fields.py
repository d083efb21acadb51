"""The fields of a `PolicyTest`: what is read, and how somebody is told what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.builders import DIGEST, refusal
from tests.trials.policy_tests import IMAGE, data, from_text, problem, read, spec, trial
from webhook.core.facts import Reason
from webhook.core.verdict import Mode, Outcome
from webhook.trials.expected import Decision, Expected, Sought
from webhook.trials.fields import Which, is_policy_test

WHOLE = """\
# a remark
apiVersion: cocket.dev/v1alpha1
kind: PolicyTest
metadata: {name: main}
spec:
  policies: [policy.yaml, more]
  facts: [facts.jsonl]
  now: 2026-11-23T12:00:00Z
  namespaces:
    shop: {env: prod}
  tests:
    - name: one
      files: [objects]
      select: {kind: Pod, namespace: shop, name: web}
      expect:
        verdict: refused
        fails: [digest]
        unknown: []
        findings:
          - rule: init
            outcome: unknown
            mode: warn
            reason: script
            policy: main
            container: app
            image: nginx
            exception: security/one
            message: tini
    - name: two
      object:
        kind: Pod
      expect: {verdict: uncovered}
"""
POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod"}


def test_every_field_is_read() -> None:
    test = from_text(WHOLE)
    one, two = test.trials

    assert (test.name, test.policies, test.facts) == (
        "main",
        ("policy.yaml", "more"),
        ("facts.jsonl",),
    )
    assert test.now == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert test.namespaces == {"shop": {"env": "prod", "kubernetes.io/metadata.name": "shop"}}
    assert (one.name, one.line, one.files, one.given) == ("one", 12, ("objects",), None)
    assert one.which == Which("Pod", "shop", "web")
    assert one.expected == Expected(
        decision=Decision.REFUSED,
        fails=frozenset({"digest"}),
        unknown=frozenset(),
        findings=(
            Sought(
                rule="init",
                outcome=Outcome.UNKNOWN,
                mode=Mode.WARN,
                reason=Reason.SCRIPT,
                policy="main",
                container="app",
                image="nginx",
                exception="security/one",
                message="tini",
            ),
        ),
    )
    assert (two.line, two.files, two.given, two.given_line) == (29, (), {"kind": "Pod"}, 30)


def test_without_a_time_the_run_decides() -> None:
    assert read(spec()).now is None


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        (spec(policies=None), "spec: policies is missing"),
        (spec(policies=[]), "spec.policies: the list is empty: write at least one entry"),
        (spec(polices=["x"]), "spec.polices: unknown field; did you mean policies?"),
        (spec(tests=[]), "spec.tests: there are no tests, so nothing would be tested"),
        (spec(tests=None), "spec.tests: there are no tests, so nothing would be tested"),
        (spec(now="yesterday"), "spec.now: expected a moment such as 2026-11-23T12:00:00Z"),
        (spec(namespaces={"Shop": {}}), "spec.namespaces.Shop: expected small letters"),
        (spec(namespaces={"shop": {"env": 1}}), "spec.namespaces.shop.env: expected a string"),
        (spec(trial(name=None)), "spec.tests[0]: name is missing"),
        (spec(trial(), trial()), "spec.tests[1].name: there are two tests of this name"),
        (spec(trial(files=None)), "spec.tests[0]: write either files: [PATH] or object: {…}"),
        (spec(trial(object=POD)), "spec.tests[0]: write either files: [PATH] or object: {…}"),
        (spec(trial(files=None, object="x")), "spec.tests[0].object: expected a mapping"),
        (
            spec(trial(files=None, object=POD, select={"kind": "Pod"})),
            "spec.tests[0].select: there is only one object to choose from",
        ),
        (spec(trial(select={"knid": "Pod"})), "spec.tests[0].select.knid: unknown field; did you"),
        (spec(trial(expects={})), "spec.tests[0].expects: unknown field; did you mean expect?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(inner: object, said: str) -> None:
    assert problem(inner).startswith(f"t.yaml:1: PolicyTest main: {said}")


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({}, ": it expects nothing, so the test would always pass; known: verdict, fails"),
        ({"findings": []}, ": it expects nothing, so the test would always pass"),
        ({"verdict": "denied"}, ".verdict: expected one of allowed, warned, refused, uncovered"),
        ({"fails": ["digset"]}, ".fails[0]: there is no such rule; known: digest, registry"),
        ({"unknown": "init"}, ".unknown: expected a list"),
        ({"findings": [{"rule": "digest"}]}, ".findings[0]: outcome is missing"),
        (
            {"findings": [{"rule": "tags", "outcome": "fail"}]},
            ".findings[0].rule: there is no such rule",
        ),
        (
            {"findings": [{"rule": "init", "outcome": "fail", "reason": "script"}]},
            ".findings[0].reason: only what is unknown has a reason",
        ),
        (
            {"findings": [{"rule": "init", "outcome": "fail", "text": "x"}]},
            ".findings[0].text: unknown field",
        ),
        (
            {"verdict": "uncovered", "fails": []},
            ".verdict: what no policy covers has no findings: write nothing else",
        ),
    ],
)
def test_a_test_expects_something_that_can_be(expect: object, said: str) -> None:
    assert f"spec.tests[0].expect{said}" in problem(spec(trial(expect=expect)))


def test_a_test_without_expectation_is_no_test() -> None:
    assert "expect is missing, so the test would always pass" in problem(spec(trial(expect=None)))


def test_that_nothing_fails_is_an_expectation() -> None:
    (one,) = read(spec(trial(expect={"fails": []}))).trials

    assert one.expected == Expected(fails=frozenset())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "PolicyTests"}, "t.yaml:1: kind: expected PolicyTest, got PolicyTests"),
        ({"apiVersion": "v1"}, "t.yaml:1: apiVersion: expected cocket.dev/v1alpha1, got v1"),
        ({"metadata": {"name": "A b"}}, "t.yaml:1: metadata.name: expected small letters"),
        ({"metadata": {"name": "a", "uid": "x"}}, "t.yaml:1: metadata.uid: unknown field"),
        ({"status": {}}, "t.yaml:1: PolicyTest main: status: unknown field"),
    ],
)
def test_the_outer_shape_is_that_of_a_policy_test(change: dict[str, Any], said: str) -> None:
    assert problem(spec(), **change).startswith(said)


def test_a_document_without_a_spec_says_nothing() -> None:
    whole = data(spec())
    del whole["spec"]

    assert problem(None, spec={}).endswith("spec: policies is missing")
    assert "spec is missing" in refusal(lambda: from_text("\n".join(WHOLE.splitlines()[:4])))


def test_images_are_read_too() -> None:
    (one,) = read(spec(images=[{"image": IMAGE}])).images

    assert one.digest == DIGEST
    assert "spec.images[0].image: " in problem(spec(images=[{"image": "UPPER"}]))


def test_a_document_says_of_itself_what_it_is() -> None:
    assert is_policy_test(data({}))
    assert not is_policy_test({"kind": "Pod"})
    assert not is_policy_test([])
