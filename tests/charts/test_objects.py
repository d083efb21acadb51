"""What the chart renders is what Kubernetes, and our own readers, accept."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.charts.rendering import CHART, FULL, ROOT, SETTINGS, objects, of_kind
from webhook.core.document import Document
from webhook.core.resources import load_policies

FOREIGN = {"cocket.dev", "cert-manager.io", "monitoring.coreos.com"}
"""Kinds of which Kubernetes has no schema."""


def shown(one: dict[str, Any]) -> str:
    return f"{one['kind']}/{one['metadata']['name']}"


@pytest.mark.parametrize("kubernetes", ["1.25", "1.30", "1.36", "1.37"])
@pytest.mark.parametrize("name", SETTINGS)
def test_kubernetes_knows_every_field(name: str, kubernetes: str) -> None:
    for one in objects(SETTINGS[name]):
        if one["apiVersion"].partition("/")[0] not in FOREIGN:
            kubernetes_validate.validate(one, kubernetes, strict=True)


@pytest.mark.parametrize("name", SETTINGS)
def test_no_two_objects_have_one_name(name: str) -> None:
    names = [shown(one) for one in objects(SETTINGS[name])]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", SETTINGS)
def test_every_object_says_whose_it_is(name: str) -> None:
    for one in objects(SETTINGS[name]):
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "cocket", shown(one)
        assert labels["app.kubernetes.io/managed-by"] == "Helm", shown(one)
        if name == "full":
            assert labels["team"] == "platform", shown(one)


def test_our_own_kinds_fit_their_definitions() -> None:
    definitions = {one["spec"]["names"]["kind"]: one for one in of_kind("CustomResourceDefinition")}
    ours = [one for one in objects(FULL) if one["apiVersion"] == "cocket.dev/v1alpha1"]

    for one in ours:
        (version,) = definitions[one["kind"]]["spec"]["versions"]
        jsonschema.validate(one, version["schema"]["openAPIV3Schema"])
    assert sorted(map(shown, ours)) == [
        "ClusterImagePolicy/default",
        "Registry/dev",
        "Registry/prod",
    ]


def test_the_definitions_stay_when_the_release_goes() -> None:
    files = {path.name for path in (CHART / "files" / "crds").iterdir()}
    definitions = of_kind("CustomResourceDefinition")

    assert len(definitions) == len(files) == 6
    for one in definitions:
        assert one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_the_template_changes_nothing_in_a_definition() -> None:
    rendered = {one["metadata"]["name"]: one for one in of_kind("CustomResourceDefinition")}

    for path in (CHART / "files" / "crds").iterdir():
        written = yaml.safe_load(path.read_text())
        assert rendered[written["metadata"]["name"]]["spec"] == written["spec"]


def test_a_policy_and_registries_stay_when_the_release_goes() -> None:
    """A rollback to the first revision, which made them by a hook, would take them away."""
    for one in objects(FULL):
        if one["apiVersion"] == "cocket.dev/v1alpha1":
            assert one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_nothing_is_refused_by_default() -> None:
    (policy,) = of_kind("ClusterImagePolicy")

    assert policy["spec"]["mode"] == "audit"
    assert "namespaceSelector" not in policy["spec"]


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({}, 1),
        ({"webhook": {"replicas": 1}}, 0),
        ({"webhook": {"podDisruptionBudget": {"enabled": False}}}, 0),
    ],
)
def test_a_disruption_budget_needs_a_second_replica(values: dict[str, Any], count: int) -> None:
    assert len(of_kind("PodDisruptionBudget", values)) == count


def test_the_certificate_of_cert_manager_is_for_the_name_that_api_servers_use() -> None:
    leaf = next(
        one for one in of_kind("Certificate", FULL) if one["metadata"]["name"] == "cocket-webhook"
    )

    assert "cocket-webhook.cocket-system.svc" in leaf["spec"]["dnsNames"]
    assert leaf["spec"]["secretName"] == "cocket-tls"
    assert leaf["spec"]["issuerRef"] == {"name": "cocket-ca", "kind": "Issuer"}


def test_our_own_issuer_is_made_only_where_none_is_given() -> None:
    issuer = {"name": "company", "kind": "ClusterIssuer"}
    values = {"certificates": {"provider": "cert-manager", "issuerRef": issuer}}

    (leaf,) = of_kind("Certificate", values)

    assert leaf["spec"]["issuerRef"] == issuer
    assert of_kind("Issuer", values) == []


def test_every_alert_asks_for_a_metric_that_operations_describes() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    (rule,) = of_kind("PrometheusRule", FULL)

    for alert in rule["spec"]["groups"][0]["rules"]:
        for metric in re.findall(r"cocket_\w+?(?=_bucket|\b)", alert["expr"]):
            assert f"`{metric}`" in page, alert["alert"]


def test_documents_of_the_chart_are_read_by_our_own_reader() -> None:
    ours = [one for one in objects(FULL) if one["apiVersion"] == "cocket.dev/v1alpha1"]

    loaded = load_policies([Document("chart", 1, one) for one in ours])

    assert [one.name for one in loaded.policies.policies] == ["default"]
    assert not loaded.policies.enforces
