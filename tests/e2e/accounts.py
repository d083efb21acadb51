"""The chart's own ServiceAccounts and their rights, for every process of ours that a test starts.

Any number of namespaces may have them: what is cluster-wide carries the namespace in its name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from tests.charts.rendering import objects
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.e2e.server import ApiServer

_PLURALS = {
    "ServiceAccount": "/api/v1/{}serviceaccounts",
    "Role": "/apis/rbac.authorization.k8s.io/v1/{}roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/{}rolebindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/{}clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/{}clusterrolebindings",
}
_VALUES: dict[str, Any] = {"crds": {"install": False}, "policy": {"create": False}}
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


class Accounts(msgspec.Struct, frozen=True):
    """User names."""

    webhook: str
    operator: str


def install(server: ApiServer, namespace: str, values: Mapping[str, Any] | None = None) -> Accounts:
    """Create them as the chart does, or change what is there; returns when they have effect.

    Args:
        server: the cluster, which has the namespace.
        namespace: of the release.
        values: of the chart, as far as RBAC depends on them.
    """
    rendered = objects(_VALUES | dict(values or {}), namespace)
    rights = [one for one in rendered if one["kind"] in _PLURALS]
    for one in rights:
        _put(server, one)
    roles = {_key(one, one["metadata"]): one["rules"] for one in rights if "rules" in one}
    users: dict[str, str] = {}
    for one in rights:
        if "roleRef" in one:
            [subject] = one["subjects"]
            user = f"system:serviceaccount:{subject['namespace']}:{subject['name']}"
            users[one["metadata"]["labels"]["app.kubernetes.io/component"]] = user
            place = one["metadata"].get("namespace", "")
            _wait_granted(server, user, place, roles[_key(one["roleRef"], one["roleRef"])])
    return Accounts(webhook=users["webhook"], operator=users["operator"])


def install_without(server: ApiServer, namespace: str, resource: str) -> str:
    """A stranger with an operator's cluster-wide rights, but for one resource and its likes.

    It does not carry the chart's labels: what it is forbidden is no fault of the chart.
    """
    name = f"without-{resource}"
    user = server.create_account(namespace, name)
    everything = next(
        one["rules"]
        for one in objects(_VALUES, namespace)
        if one["kind"] == "ClusterRole" and one["metadata"]["name"].endswith("-operator")
    )
    rules = [rule for rule in everything if resource not in rule["resources"]]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole"}
    role |= {"name": f"{namespace}-{name}"}
    metadata = {"name": role["name"]}
    subject = {"kind": "ServiceAccount", "namespace": namespace, "name": name}
    _put(server, {"kind": "ClusterRole", "metadata": metadata, "rules": rules})
    binding = {"metadata": metadata, "roleRef": role, "subjects": [subject]}
    _put(server, {"kind": "ClusterRoleBinding", **binding})
    _wait_granted(server, user, "", rules)
    return user


def _key(kind: Mapping[str, Any], name: Mapping[str, Any]) -> tuple[str, str]:
    return kind["kind"], name["name"]


def _put(server: ApiServer, document: dict[str, Any]) -> None:
    metadata = document["metadata"]
    namespace = metadata.get("namespace")
    path = _PLURALS[document["kind"]].format(f"namespaces/{namespace}/" if namespace else "")
    status, text = server.ask("POST", path, document)
    if status == 409:
        status, text = server.ask("PUT", f"{path}/{metadata['name']}", document)
    assert status in {200, 201}, text


def _wait_granted(
    server: ApiServer, user: str, namespace: str, rules: Iterable[dict[str, Any]]
) -> None:
    """An API server sees a new role a moment after it has stored it."""
    for rule in rules:
        resource, _, subresource = rule["resources"][-1].partition("/")
        asked = {
            "namespace": namespace,
            "verb": rule["verbs"][-1],
            "group": rule["apiGroups"][-1],
            "resource": resource,
            "subresource": subresource,
            "name": rule.get("resourceNames", [""])[-1],
        }
        wait_until(partial(_may, server, user, asked), f"{user} may {asked}")


def _may(server: ApiServer, user: str, asked: dict[str, str]) -> bool:
    body = {"spec": {"user": user, "resourceAttributes": asked}}
    return bool(server.create(_REVIEWS, body)["status"]["allowed"])
