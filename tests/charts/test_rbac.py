"""Who may do what: the whole of it as one table, so that a change of it is seen."""

from __future__ import annotations

from typing import Any

import helm_python
import pytest

from tests.charts.rendering import FULL, NAMESPACE, of_kind

VALUES = FULL | {"certificates": {"provider": "operator"}}

WORKLOADS = {
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "apps/daemonsets",
    "apps/deployments",
    "apps/replicasets",
    "apps/statefulsets",
    "batch/cronjobs",
    "batch/jobs",
}
NEVER_OWNERS = {"pods", "podtemplates"}
OWN_KINDS = {
    f"cocket.dev/{name}"
    for name in ("registries", "clusterimagepolicies", "imagepolicies", "imageexceptions")
}
CONFIGURATIONS = "admissionregistration.k8s.io/validatingwebhookconfigurations"

GRANTED: dict[str, dict[str, set[str]]] = {
    "ClusterRole/cocket-system-cocket-webhook": {
        **{name: {"list", "watch"} for name in OWN_KINDS},
        "cocket.dev/imagefacts": {"list", "watch"},
        "namespaces": {"list", "watch"},
        "serviceaccounts": {"get"},
        "secrets[regcred][pull]": {"get"},
    },
    "Role/cocket-webhook": {
        "secrets": {"list", "watch"},
        "coordination.k8s.io/leases": {"create", "patch", "delete"},
    },
    "ClusterRole/cocket-system-cocket-operator": {
        **{name: {"list", "watch"} for name in NEVER_OWNERS | OWN_KINDS},
        **{name: {"list", "watch", "get"} for name in WORKLOADS - NEVER_OWNERS},
        **{f"{name}/status": {"patch"} for name in OWN_KINDS},
        "cocket.dev/imagefacts/status": {"patch"},
        "cocket.dev/imagefacts": {"list", "watch", "create", "patch", "delete"},
        "cocket.dev/imagecontents": {"list", "create", "delete"},
        CONFIGURATIONS: {"create"},
        f"{CONFIGURATIONS}[cocket]": {"list", "watch", "patch", "delete"},
        "namespaces[cocket-system][kube-system][legacy][vendor]": {"get"},
        "namespaces": {"list", "watch"},
        "wgpolicyk8s.io/policyreports": {"list", "watch", "create", "patch", "delete"},
        "openreports.io/reports": {"list", "watch", "create", "patch", "delete"},
        "events.k8s.io/events": {"create"},
        "authentication.k8s.io/tokenreviews": {"create"},
        "authorization.k8s.io/subjectaccessreviews": {"create"},
    },
    "Role/cocket-operator": {
        "coordination.k8s.io/leases": {"get", "list", "watch", "create", "update"},
        "secrets": {"list", "watch", "create"},
        "secrets[cocket-tls]": {"patch"},
        "configmaps": {"create"},
        "configmaps[cocket-trend]": {"get", "patch"},
    },
}


def roles() -> list[dict[str, Any]]:
    return [*of_kind("ClusterRole", VALUES), *of_kind("Role", VALUES)]


def granted(role: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in role["rules"]:
        names = "".join(f"[{name}]" for name in rule.get("resourceNames", []))
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                key = f"{group}/{resource}{names}".removeprefix("/")
                found.setdefault(key, set()).update(rule["verbs"])
    return found


@pytest.mark.parametrize("name", GRANTED)
def test_a_role_grants_what_the_table_says(name: str) -> None:
    (role,) = (one for one in roles() if f"{one['kind']}/{one['metadata']['name']}" == name)

    assert granted(role) == GRANTED[name]


def test_there_is_no_other_role() -> None:
    assert {f"{one['kind']}/{one['metadata']['name']}" for one in roles()} == GRANTED.keys()


def test_a_certificate_of_others_is_never_written() -> None:
    (role,) = (one for one in of_kind("Role", FULL) if one["metadata"]["name"] == "cocket-operator")

    assert granted(role)["secrets"] == {"list", "watch"}


@pytest.mark.parametrize(
    ("audit", "gone"),
    [
        ({"reports": "policyreport"}, {"openreports.io/reports"}),
        ({"reports": "openreports"}, {"wgpolicyk8s.io/policyreports"}),
        ({"reports": "none"}, {"openreports.io/reports", "wgpolicyk8s.io/policyreports"}),
        ({"events": False}, {"events.k8s.io/events"}),
        (
            {"enabled": False},
            {
                "namespaces",
                "openreports.io/reports",
                "wgpolicyk8s.io/policyreports",
                "events.k8s.io/events",
                "configmaps",
                "configmaps[cocket-trend]",
                "authentication.k8s.io/tokenreviews",
                "authorization.k8s.io/subjectaccessreviews",
            },
        ),
    ],
)
def test_what_the_audit_does_not_do_is_not_granted(audit: dict[str, Any], gone: set[str]) -> None:
    def rights(values: dict[str, Any]) -> set[str]:
        every = [*of_kind("ClusterRole", values), *of_kind("Role", values)]
        return {
            key for one in every if "operator" in one["metadata"]["name"] for key in granted(one)
        }

    assert rights(VALUES) - rights(VALUES | {"audit": audit}) == gone


def test_workloads_are_written_to_only_where_somebody_asked_for_annotations() -> None:
    values = VALUES | {"operator": {"annotateWorkloads": True}}
    name = "cocket-system-cocket-operator"
    (role,) = (one for one in of_kind("ClusterRole", values) if one["metadata"]["name"] == name)

    found, usual = granted(role), GRANTED[f"ClusterRole/{name}"]
    more = {what: verbs - usual.get(what, set()) for what, verbs in found.items()}

    assert {what: verbs for what, verbs in more.items() if verbs} == {
        "apps/daemonsets": {"patch"},
        "apps/deployments": {"patch"},
        "apps/statefulsets": {"patch"},
        "batch/cronjobs": {"patch"},
    }


def test_annotations_without_an_audit_are_an_error_that_names_both_values() -> None:
    values = {"operator": {"annotateWorkloads": True}, "audit": {"enabled": False}}

    with pytest.raises(
        helm_python.HelmError, match=r"operator\.annotateWorkloads .* audit\.enabled"
    ):
        of_kind("ClusterRole", values)


def test_no_rule_says_everything() -> None:
    for role in roles():
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert "nonResourceURLs" not in rule


@pytest.mark.parametrize(
    ("pull_secrets", "rights"),
    [
        ({}, {}),
        ({"read": "off"}, {}),
        ({"read": False}, {}),  # `off` without quotes, as YAML 1.1 reads it
        (
            {"read": "named", "names": ["regcred"]},
            {"secrets[regcred]": {"get"}, "serviceaccounts": {"get"}},
        ),
        ({"read": "all"}, {"secrets": {"get"}, "serviceaccounts": {"get"}}),
    ],
)
def test_secrets_of_other_namespaces_are_read_as_far_as_the_values_say(
    pull_secrets: dict[str, Any], rights: dict[str, set[str]]
) -> None:
    values = FULL | {"pullSecrets": pull_secrets}
    if not pull_secrets:
        del values["pullSecrets"]
    found = {
        role["metadata"]["name"]: {
            what: verbs
            for what, verbs in granted(role).items()
            if what.startswith(("secrets", "serviceaccounts"))
        }
        for role in of_kind("ClusterRole", values)
    }

    assert found == {"cocket-system-cocket-webhook": rights, "cocket-system-cocket-operator": {}}


def test_only_the_operator_writes_what_a_registry_said() -> None:
    writing = {"create", "update", "patch", "delete", "deletecollection"}
    writers = {
        role["metadata"]["name"]
        for role in roles()
        if granted(role).get("cocket.dev/imagefacts", set()) & writing
    }

    assert writers == {"cocket-system-cocket-operator"}


@pytest.mark.parametrize("kind", ["ClusterRoleBinding", "RoleBinding"])
def test_a_role_is_bound_to_its_own_account_only(kind: str) -> None:
    accounts = {one["metadata"]["name"] for one in of_kind("ServiceAccount", FULL)}

    bindings = of_kind(kind, FULL)

    assert len(bindings) == 2
    for one in bindings:
        (subject,) = one["subjects"]
        assert subject["namespace"] == NAMESPACE
        assert subject["name"] in accounts
        assert one["roleRef"]["name"].removeprefix(f"{NAMESPACE}-") == subject["name"]
