"""Each check in a table: what is seen, how it is, and the words with which it is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.builders import NOW
from tests.doctor import pictures as made
from webhook.doctor import objects
from webhook.doctor.picture import Rights, Unseen
from webhook.operator.authority import issue
from webhook.reports.diagnoses import State

AWAY = Unseen("GET /x: you may not")
OLD = issue(made.ENDPOINT.names, NOW - timedelta(days=31))
SOON = issue(made.ENDPOINT.names, NOW - timedelta(days=28))
LATER = issue(made.ENDPOINT.names, NOW + timedelta(days=2))
OTHER = issue({"other.example.com"}, NOW)


def test_where_all_is_well_nothing_else_is_said() -> None:
    said = made.found()

    assert {one.state for one in said} == {State.OK}
    assert [one for one in said if one.fix] == []
    assert {one.check for one in said} == {
        *("server", "clock", "definitions", "deployments", "versions", "replicas", "operator"),
        *("configuration", "certificate", "namespaces", "registries", "policies", "exceptions"),
        "access",
    }


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"server": objects.Version("v1.19.2", "1", "19")}, "Kubernetes v1.19.2 is older", "Upgrade"),
    ({"configuration": None}, "there is no webhook configuration of this name", "rollout restart"),
    (
        {"configuration": made.live(rules=[])},
        "somebody changed rules, so some objects may not be checked",
        "rollout restart deployment/cocket-operator",
    ),
    (
        {"configuration": made.live(objectSelector={"matchLabels": {"skip": "no"}})},
        "somebody changed objectSelector",
        "rollout restart",
    ),
    (
        {"configuration": made.live(namespaceSelector={"matchLabels": {"team": "a"}})},
        "somebody changed namespaceSelector",
        "rollout restart",
    ),
    (
        {"configuration": made.live(bundle=OLD.ca), "secret": made.secret(OLD)},
        "the certificate has expired on 2026-11-22",
        "delete secret cocket-tls",
    ),
    (
        {"configuration": made.live(bundle=SOON.ca), "secret": made.secret(SOON)},
        "the certificate expires on 2026-11-25 12:00 UTC, and nobody has renewed it",
        "delete secret",
    ),
    (
        {"configuration": made.live(bundle=LATER.ca), "secret": made.secret(LATER)},
        "the certificate is not valid before",
        "delete secret",
    ),
    ({"secret": None}, "cocket-tls does not exist", "logs deployment/cocket-operator"),
    (
        {"secret": made.secret(key=OTHER.key)},
        "holds no certificate that fits its key and its CA",
        "delete secret",
    ),
    ({"secret": objects.Secret({"tls.crt": "%"})}, "holds no certificate that fits", "delete"),
    (
        {"configuration": made.live(bundle=OTHER.ca)},
        "signed by a CA that is not in caBundle",
        "rollout restart",
    ),
    (
        {"configuration": made.live(bundle=OTHER.ca), "secret": made.secret(OTHER)},
        "is not for cocket-webhook.cocket-system.svc, the name that API servers ask for",
        "rollout restart",
    ),
    ({"leases": [made.leader()]}, "no replica of the webhook is ready; 0 are alive", "get pods"),
    (
        {"leases": [made.replica("a", seconds=31), made.replica("b", seconds=90), made.leader()]},
        "no replica of the webhook is ready; 0 are alive",
        "get pods",
    ),
    (
        {"leases": [made.replica(n, ready=n != "c") for n in "abc"] + [made.leader()]},
        "c is alive and not ready",
        "kubectl -n cocket-system logs c",
    ),
    (
        {"leases": [made.replica("a"), made.replica("b", seconds=-20), made.leader()]},
        "the clock of b is 20 s ahead of the API server's",
        "get pod b -o wide",
    ),
    ({"leases": [made.replica("a"), made.replica("b")]}, "no operator leads", "=operator"),
    (
        {"leases": [made.replica("a"), made.replica("b"), made.leader("")]},
        "no operator leads",
        "get pods",
    ),
    (
        {"leases": [made.replica("a"), made.replica("b"), made.leader("o-1", seconds=60)]},
        "o-1 leads no more, and nobody has followed it",
        "get pods",
    ),
    (
        {"deployments": [made.deployment(ready=1), made.deployment("cocket-operator")]},
        "cocket-webhook: 1 of 2 Pods are ready",
        "describe deployment cocket-webhook",
    ),
    (
        {"deployments": [made.deployment("cocket-operator", ready=0, replicas=0)]},
        "cocket-operator: 0 of 0 Pods are ready",
        "describe deployment",
    ),
    (
        {"excluded": {"old": made.namespace("old", labelled=False)}},
        "old is to be left out, and lacks the label kubernetes.io/metadata.name",
        "kubectl label namespace old kubernetes.io/metadata.name=old",
    ),
    (
        {"registries": [made.document("p", status="False", reason="Unreachable", message="dns")]},
        "registry p: Unreachable: dns",
        "kubectl describe registry p",
    ),
    ({"policies": []}, "there is no policy, so nothing is checked", "kubectl apply"),
    (
        {"policies": [made.document("c", status="False", reason="Invalid", message="spec: x")]},
        "clusterimagepolicy c: Invalid: spec: x",
        "kubectl describe clusterimagepolicy c",
    ),
    (
        {"policies": [made.document("c", status="False", reason="Invalid", namespace="shop")]},
        "imagepolicy c -n shop: Invalid",
        "kubectl describe imagepolicy c -n shop",
    ),
]


@pytest.mark.parametrize(("changes", "said", "fix"), WRONG)
def test_what_is_wrong_is_said_with_what_mends_it(
    changes: dict[str, Any], said: str, fix: str
) -> None:
    one = made.only(State.WRONG, **changes)

    assert said in one.message
    assert fix in one.fix


RISKS: list[tuple[dict[str, Any], str, str]] = [
    (
        {
            "server_time": NOW + timedelta(seconds=45),
            # They keep to the API server's time, which decides.
            "leases": [made.replica(name, seconds=-40) for name in "ab"]
            + [made.leader(seconds=-40)],
        },
        "45 s behind the API server's",
        "set-ntp",
    ),
    (
        {"configuration": made.live(fail=False)},
        "failurePolicy is Ignore: while no replica answers, everything passes",
        "--set operator.failurePolicy=Fail",
    ),
    (
        {
            "configuration": replace(
                made.live(), webhooks=[*(made.live().webhooks or []), {"name": "x"}]
            )
        },
        "there are webhooks in it that are not ours: x",
        "kubectl edit validatingwebhookconfiguration cocket",
    ),
    ({"excluded": {"legacy": made.namespace("legacy")}}, "nothing in legacy is checked", "can-i"),
    ({"excluded": {"gone": None}}, "gone is left out, and there is no such namespace", "Take it"),
    ({"leases": [made.replica("a"), made.leader()]}, "only one replica", "get pods"),
    (
        {"leases": [made.replica("a"), made.replica("b", certificate="bb"), made.leader()]},
        "replicas serve with 2 different certificates",
        "get leases",
    ),
    (
        {"leases": [made.replica("a"), made.replica("b", version="2"), made.leader()]},
        "replicas serve with 2 different policies",
        "get leases",
    ),
    ({"version": "1.1"}, "the cluster runs Cocket 1.0, and this is 1.1", "same version"),
    ({"registries": []}, "no Registry names a registry", "kubectl apply"),
    (
        {"exceptions": [made.document("e", status="False", reason="Expired", namespace="sec")]},
        "imageexception e -n sec: Expired",
        "kubectl describe imageexception e -n sec",
    ),
]


@pytest.mark.parametrize(("changes", "said", "fix"), RISKS)
def test_a_risk_is_less_than_wrong(changes: dict[str, Any], said: str, fix: str) -> None:
    one = made.only(State.RISK, **changes)

    assert said in one.message
    assert fix in one.fix


def test_an_image_that_can_be_moved_is_a_risk() -> None:
    tagged = [made.deployment(image=f"r.example.com/cocket:1{more}") for more in ("", "2")]
    said = {one.message for one in made.found(State.RISK, deployments=tagged)}

    assert "cocket-webhook runs r.example.com/cocket:1, which can be moved" in said
    assert "the Deployments run 2 different images" in said
    assert made.found(State.RISK, deployments=[made.deployment(image="NO NAME")])


UNSEEN: list[tuple[dict[str, Any], set[str]]] = [
    ({"server": AWAY}, {"server"}),
    ({"server": objects.Version("main", "x", "")}, {"server"}),
    ({"server_time": AWAY}, {"clock"}),
    ({"definitions": {"a.cocket.dev": AWAY}}, {"definitions"}),
    ({"configuration": AWAY}, {"configuration", "certificate"}),
    ({"secret": AWAY}, {"certificate"}),
    ({"leases": AWAY}, {"replicas", "operator"}),
    ({"deployments": AWAY}, {"deployments"}),
    ({"deployments": [made.deployment(version="")]}, {"versions"}),
    ({"registries": AWAY}, {"registries"}),
    ({"registries": [made.document("p", type_="Other")]}, {"registries"}),
    ({"registries": [made.document("p", status="Unknown", message="wait")]}, {"registries"}),
    ({"policies": AWAY}, {"policies"}),
    ({"exceptions": AWAY}, {"exceptions"}),
    ({"excluded": {"x": AWAY}}, {"namespaces"}),
    ({"rights": replace(made.RIGHTS, cluster_roles=AWAY)}, {"access"}),
    (
        {"rights": Rights(cluster_roles=AWAY, cluster_bindings=AWAY, roles=AWAY, bindings=AWAY)},
        {"access"},
    ),
]


@pytest.mark.parametrize(("changes", "checks"), UNSEEN)
def test_what_could_not_be_checked_is_an_answer_of_its_own(
    changes: dict[str, Any], checks: set[str]
) -> None:
    said = [one for one in made.found(**changes) if one.state is not State.OK]

    assert {one.state for one in said} == {State.UNKNOWN}
    assert {one.check for one in said} == checks


def test_roles_that_nobody_saw_never_read_as_nobody_may() -> None:
    for unseen in Rights.__struct_fields__:
        rights = replace(made.RIGHTS, **{unseen: AWAY})
        fine = [one for one in made.found(State.OK, rights=rights) if one.check == "access"]

        assert fine == [], unseen


def test_definitions_that_are_not_served_are_wrong() -> None:
    missing = {"registries.cocket.dev": None}
    refused = {"registries.cocket.dev": made.document("r", type_="NamesAccepted", message="in use")}

    assert "is not installed" in made.only(State.WRONG, definitions=missing).message
    assert made.only(State.WRONG, definitions=refused).message.endswith("is not served: in use")


def test_no_deployment_means_another_namespace() -> None:
    said = made.found(State.WRONG, deployments=[])

    assert [one.message for one in said] == ["there is no Deployment of Cocket in cocket-system"]


def test_many_objects_are_counted_and_not_listed() -> None:
    many = [made.document(f"p{number}", status="False") for number in range(50)]
    said = [one for one in made.found(State.WRONG, registries=many) if one.check == "registries"]

    assert len(said) == 21
    assert said[-1].message == "30 more are not"


def test_texts_of_strangers_move_no_cursor() -> None:
    evil = "\x1b[2J\u202e\n"
    said = made.found(
        registries=[made.document("p", status="False", reason=evil, message=evil)],
        leases=[made.replica("a"), made.replica("b"), made.leader(evil)],
    )

    assert [one for one in said if not (one.message + one.fix).isprintable()] == []
