"""The report's port, its Service, its rights and who may reach it, as the values say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.rendering import arguments, notes, objects, of_kind

REVIEWS = {"tokenreviews", "subjectaccessreviews"}


def rights(values: dict[str, Any]) -> set[str]:
    """What the operator may ask of who somebody is."""
    roles = [one for one in of_kind("ClusterRole", values) if "operator" in one["metadata"]["name"]]
    granted = {name for one in roles for rule in one["rules"] for name in rule["resources"]}
    return granted & REVIEWS


def ports(values: dict[str, Any]) -> set[str]:
    """Of the operator's container."""
    [operator] = [
        one for one in of_kind("Deployment", values) if "operator" in one["metadata"]["name"]
    ]
    [container] = operator["spec"]["template"]["spec"]["containers"]
    return {one["name"] for one in container["ports"]}


def services(values: dict[str, Any]) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in of_kind("Service", values)}


def test_by_default_the_report_is_served_to_users() -> None:
    service = services({})["cocket-report"]

    assert service["spec"]["ports"] == [
        {"name": "report", "port": 443, "targetPort": "report", "protocol": "TCP"}
    ]
    assert service["spec"]["selector"]["app.kubernetes.io/component"] == "operator"
    assert ports({}) == {"probes", "report"}
    assert rights({}) == REVIEWS
    operator = arguments("cocket-operator", {})
    assert [one for one in operator if "report-" in one] == ["--report-port=8444"]


@pytest.mark.parametrize("values", [{"report": {"enabled": False}}, {"audit": {"enabled": False}}])
def test_without_it_there_is_no_port_no_service_and_no_right(values: dict[str, Any]) -> None:
    assert "cocket-report" not in services(values)
    assert ports(values) == {"probes"}
    assert rights(values) == set()
    assert not [one for one in arguments("cocket-operator", values) if "report-" in one]
    assert "--open" not in notes(values)


def test_who_shows_it_to_everybody_asks_nobody() -> None:
    values = {"report": {"anonymous": True}}

    assert rights(values) == set()
    assert "--report-anonymous" in arguments("cocket-operator", values)


def test_a_certificate_of_ones_own_is_mounted_and_named() -> None:
    values = {"report": {"tlsSecret": "report-tls"}}

    operator = arguments("cocket-operator", values)
    assert "--report-tls-cert=/report-tls/tls.crt" in operator
    assert "--report-tls-key=/report-tls/tls.key" in operator
    [deployment] = [
        one for one in of_kind("Deployment", values) if "operator" in one["metadata"]["name"]
    ]
    pod = deployment["spec"]["template"]["spec"]
    assert {"name": "report-tls", "secret": {"secretName": "report-tls"}} in pod["volumes"]
    mounts = pod["containers"][0]["volumeMounts"]
    assert {"name": "report-tls", "mountPath": "/report-tls", "readOnly": True} in mounts


@pytest.mark.parametrize(
    ("policy", "peers"),
    [
        ({}, None),
        ({"apiServerCIDRs": ["10.0.0.0/28"]}, [{"ipBlock": {"cidr": "10.0.0.0/28"}}]),
        (
            {"apiServerCIDRs": ["10.0.0.0/28"], "reportFrom": [{"podSelector": {}}]},
            [{"ipBlock": {"cidr": "10.0.0.0/28"}}, {"podSelector": {}}],
        ),
    ],
)
def test_it_can_be_reached_from_where_the_values_say(
    policy: dict[str, Any], peers: list[Any] | None
) -> None:
    [operator] = [
        one
        for one in of_kind("NetworkPolicy", {"networkPolicy": policy})
        if "operator" in one["metadata"]["name"]
    ]

    [rule] = [one for one in operator["spec"]["ingress"] if one["ports"][0]["port"] == "report"]
    assert rule.get("from") == peers


def test_the_notes_say_how_to_open_it() -> None:
    assert "cocket audit --open --system-namespace cocket-system\n" in notes({})
    short = notes({"fullnameOverride": "short"})
    assert "--open --system-namespace cocket-system --report-service short-report\n" in short
    assert len(objects({})) > 10
