"""Who could switch us off, by RBAC: tables of roles and bindings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doctor import pictures as made
from webhook.doctor.picture import Rights, Unseen
from webhook.reports.diagnoses import Diagnosis, State

GROUP = "admissionregistration.k8s.io"
RBAC = "rbac.authorization.k8s.io"
HOOKS = "validatingwebhookconfigurations"


ALICE = ("User", "alice")


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
        cluster_bindings=[*made.BINDINGS, *([] if local else [bound])],
        roles=[role] if local_role else [],
        bindings=[bound] if local else [],
    )
    registries = [made.document("prod", secret="prod-login"), made.document("public")]
    found = made.found(rights=rights, registries=registries)
    return [one for one in found if one.state is not State.OK]


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
        (rule("get", "secrets", "", "other cocket-tls"), "read our key and logins"),
        (rule("get", "secrets", "", "prod-login"), "read our key and logins"),
        (rule("create", "imagecontents", "cocket.dev"), "change what is checked"),
        (
            rule(
                "patch",
                "customresourcedefinitions",
                "apiextensions.k8s.io",
                "imagefacts.cocket.dev",
            ),
            "delete all",
        ),
        (rule("delete", "pods", "", "cocket-webhook-7d9f-x2x"), "stop or replace us, by Pods"),
        (rule("patch", "*/scale", "apps"), "stop or replace us, by the Deployments"),
        (rule("create", "leases", "coordination.k8s.io"), "take the lead or pose as a replica"),
        (
            rule("update", "leases", "coordination.k8s.io", "cocket-operator"),
            "take the lead or pose as a replica",
        ),
        (
            rule("delete", "leases", "coordination.k8s.io", "cocket-webhook-a"),
            "take the lead or pose as a replica",
        ),
        (rule("escalate", "clusterroles", RBAC), "grant themselves all of this, by roles"),
        (rule("escalate", "clusterroles", RBAC, "view"), "grant themselves all of this, by roles"),
        (rule("bind", "clusterroles", RBAC), "grant themselves all of this, by bindings"),
        (rule("bind", "clusterroles", RBAC, "cluster-admin"), "grant themselves all of this, by b"),
        (rule("impersonate", "users groups"), "act as whoever may do this, by impersonation"),
        (rule("impersonate", "groups", "", "system:masters"), "act as whoever may do this"),
        (rule("impersonate", "serviceaccounts", "", "cocket-operator"), "act as whoever may"),
        (rule("create", "serviceaccounts/token"), "act as us, by tokens of our ServiceAccounts"),
        (rule("create", "*/token", "", "cocket-operator"), "act as us, by tokens"),
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
        rule("get", "clusterroles", RBAC),
        rule("patch", "customresourcedefinitions", "apiextensions.k8s.io", "widgets.example.com"),
        rule("delete", "pods", "", "theirs cocket-webhooks"),
        rule("get", "secrets", "", "theirs"),
        rule("update", "leases", "coordination.k8s.io", "theirs cert-manager"),
        rule("get list", "leases", "coordination.k8s.io"),
        rule("bind", "clusterroles", RBAC, "view"),
        rule("impersonate", "users", "", "bob"),
        rule("create", "serviceaccounts/token", "", "theirs"),
        rule("create", "serviceaccounts"),
        rule("create", "pods/token"),
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


def test_whoever_may_act_as_somebody_strong_is_strong() -> None:
    roles = [
        made.role("off", rule("delete", HOOKS, GROUP)),
        made.role("as-bob", rule("impersonate", "users", "", "bob")),
    ]
    bindings = [made.binding("b", "off", ("User", "bob")), made.binding("c", "as-bob", ALICE)]
    rights = Rights(cluster_roles=roles, cluster_bindings=bindings, roles=[], bindings=[])

    said = made.found(State.RISK, rights=rights)

    assert [one.message for one in said] == [
        "User bob may switch all checks off, by the webhook configuration",
        "User alice may act as whoever may do this, by impersonation",
    ]


def test_a_strong_role_is_strong_although_a_weak_one_has_its_name() -> None:
    strong = made.role("app", rule("get", "secrets"))
    weak = made.role("app", rule("get", "services"))
    binder = made.role("binder", rule("bind", "roles", RBAC, "app"))
    rights = Rights(
        cluster_roles=[weak, binder],
        cluster_bindings=[made.binding("b", "binder", ALICE)],
        roles=[strong],
        bindings=[],
    )

    [one] = made.found(State.RISK, rights=rights)

    assert one.message == "User alice may grant themselves all of this, by bindings"


@pytest.mark.parametrize("unseen", ["deployments", "registries"])
def test_where_our_names_are_not_seen_every_name_counts(unseen: str) -> None:
    roles = [made.role("r", rule("get delete", "pods secrets", "", "theirs"))]
    rights = Rights(
        cluster_roles=roles, cluster_bindings=[made.binding("b", "r", ALICE)], roles=[], bindings=[]
    )

    said = made.found(State.RISK, rights=rights, **{unseen: Unseen("it is forbidden")})

    assert [one.message.partition(" by ")[2] for one in said] == [
        {"deployments": "Pods", "registries": "Secrets"}[unseen]
    ]


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
