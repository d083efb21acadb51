"""Who could switch us off, by RBAC: tables of roles and bindings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doctor import pictures as made
from webhook.doctor.picture import Rights
from webhook.reports.diagnoses import Diagnosis, State

GROUP = "admissionregistration.k8s.io"
HOOKS = "validatingwebhookconfigurations"


def rule(verbs: str, resources: str, group: str = "", names: str = "") -> dict[str, list[str]]:
    found = {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}
    return found | ({"resourceNames": names.split()} if names else {})


def told(
    *rules: dict[str, list[str]],
    to: tuple[str, str] = ("User", "alice"),
    local: bool = False,
    local_role: bool = False,
) -> list[Diagnosis]:
    """What is said where one subject has these rules, beside what is as it should be."""
    role = made.role("r", *rules)
    bound = made.binding("b", "r", to, kind="Role" if local_role else "ClusterRole")
    rights = Rights(
        cluster_roles=[made.ADMIN, *([] if local_role else [role])],
        cluster_bindings=[] if local else [bound],
        roles=[role] if local_role else [],
        bindings=[bound] if local else [],
    )
    return [one for one in made.found(rights=rights) if one.state is not State.OK]


@pytest.mark.parametrize(
    ("rules", "power"),
    [
        (rule("delete", HOOKS, GROUP), "switch all checks off"),
        (rule("patch", HOOKS, GROUP, "cocket other"), "switch all checks off"),
        (rule("update", "*", "*"), "switch all checks off"),
        (
            rule("deletecollection", "customresourcedefinitions", "apiextensions.k8s.io"),
            "delete all",
        ),
        (rule("create", "imagefacts", "cocket.dev"), "change what is checked"),
        (rule("patch", "clusterimagepolicies", "cocket.dev"), "change what is checked"),
        (rule("patch", "namespaces"), "take namespaces out of policies"),
        (rule("patch", "deployments/scale", "apps"), "stop or replace us, by the Deployments"),
        (rule("create", "pods/exec"), "stop or replace us, by Pods"),
        (rule("get", "secrets"), "read our key and logins"),
        (rule("escalate", "clusterroles", "rbac.authorization.k8s.io"), "grant themselves"),
    ],
)
def test_a_power_is_a_risk_that_is_said_with_its_binding(
    rules: dict[str, list[str]], power: str
) -> None:
    said = told(rules)

    assert any(f"User alice may {power}" in one.message for one in said), said
    assert {one.state for one in said} == {State.RISK}
    assert {one.fix for one in said} == {"kubectl describe clusterrolebinding b"}


@pytest.mark.parametrize(
    "rules",
    [
        rule("get list watch", HOOKS, GROUP),
        rule("create", HOOKS, GROUP),
        rule("delete", HOOKS, GROUP, "other"),
        rule("delete", HOOKS, "apps"),
        rule("delete", "mutatingwebhookconfigurations", GROUP),
        rule("create", "namespaces"),
        rule("patch", "imagefacts/status", "cocket.dev"),
        rule("get", "clusterroles", "rbac.authorization.k8s.io"),
        {},
    ],
)
def test_what_is_harmless_is_no_power(rules: dict[str, list[str]]) -> None:
    assert told(rules) == []


@pytest.mark.parametrize(
    "to",
    [
        ("Group", "system:masters"),
        ("User", "system:kube-controller-manager"),
        ("ServiceAccount", "kube-system/namespace-controller"),
        ("ServiceAccount", f"{made.NAMESPACE}/cocket-operator"),
    ],
)
def test_kubernetes_and_we_may(to: tuple[str, str]) -> None:
    assert told(rule("*", "*", "*"), to=to) == []


@pytest.mark.parametrize(
    "to",
    [
        ("Group", "system:authenticated"),
        ("Group", "system:unauthenticated"),
        ("Group", "system:serviceaccounts"),
    ],
)
def test_a_power_of_everybody_is_wrong(to: tuple[str, str]) -> None:
    [one] = told(rule("delete", HOOKS, GROUP), to=to)

    assert one.state is State.WRONG
    assert one.message.startswith(f"{to[1]}, which is everybody, may switch all checks off")
    assert one.fix == "kubectl edit clusterrolebinding b"


@pytest.mark.parametrize("local_role", [True, False])
def test_in_our_namespace_a_role_there_is_enough(local_role: bool) -> None:  # noqa: FBT001
    said = told(
        rule("delete", "deployments", "apps"),
        rule("delete", HOOKS, GROUP),
        to=("ServiceAccount", "ci/deployer"),
        local=True,
        local_role=local_role,
    )

    assert [(one.message, one.fix) for one in said] == [
        (
            "ServiceAccount ci/deployer may stop or replace us, by the Deployments",
            f"kubectl describe rolebinding b -n {made.NAMESPACE}",
        )
    ]


def test_a_group_of_the_workloads_of_one_namespace_is_told_of() -> None:
    [one] = told(rule("delete", HOOKS, GROUP), to=("Group", "system:serviceaccounts:ci"))

    assert "Group system:serviceaccounts:ci may switch all checks off" in one.message


def test_many_are_counted() -> None:
    subjects: list[Any] = [("User", f"u{number:02}") for number in range(40)]
    rights = Rights(
        cluster_roles=[made.role("r", rule("delete", HOOKS, GROUP))],
        cluster_bindings=[made.binding("b", "r", *subjects), made.binding("none", "gone")],
        roles=[],
        bindings=[],
    )
    [one] = made.found(State.RISK, rights=rights)

    assert one.message.startswith("User u00, User u01")
    assert one.message.endswith(
        " and 30 more may switch all checks off, by the webhook configuration"
    )
