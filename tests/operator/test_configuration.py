import base64
import copy
from typing import Any

import msgspec
import pytest

from webhook.cluster.kinds import CRON_JOBS, CRON_JOBS_BETA, Kind
from webhook.operator.configuration import (
    Endpoint,
    Live,
    Shape,
    configuration,
    drift,
    replacement,
    should_fail,
)

SERVICE = Endpoint(namespace="system", service="cocket")
SHAPE = Shape(name="cocket", endpoint=SERVICE, excluded=("b", "a", "system"))
BY_URL = Shape(
    name="cocket", endpoint=Endpoint(namespace="system", url="https://1.2.3.4:8/validate")
)
INJECTED = Shape(name="cocket", endpoint=SERVICE, inject_from="system/cocket")


def wanted(shape: Shape = SHAPE, *, fail: bool = False, cron_jobs: tuple[Kind, ...] = ()) -> Any:
    return configuration(shape, bundle=b"PEM", fail=fail, cron_jobs=cron_jobs)


def live(shape: Shape = SHAPE, **changes: object) -> Live:
    """What an API server makes of it, with these fields changed; None: without."""
    body = copy.deepcopy(wanted(shape))
    body["metadata"]["resourceVersion"] = "7"
    webhook = body["webhooks"][0]
    webhook["objectSelector"] = {}
    webhook["somethingNew"] = "by default"
    for name, value in changes.items():
        webhook[name] = value
    return msgspec.convert(body, Live)


def test_the_whole_configuration() -> None:
    assert wanted() == {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {
            "name": "cocket",
            "labels": {
                "app.kubernetes.io/name": "cocket",
                "app.kubernetes.io/component": "webhook",
            },
        },
        "webhooks": [
            {
                "name": "validate.cocket.dev",
                "clientConfig": {
                    "service": {
                        "namespace": "system",
                        "name": "cocket",
                        "path": "/validate",
                        "port": 443,
                    },
                    "caBundle": base64.b64encode(b"PEM").decode(),
                },
                "rules": wanted()["webhooks"][0]["rules"],
                "namespaceSelector": {
                    "matchExpressions": [
                        {
                            "key": "kubernetes.io/metadata.name",
                            "operator": "NotIn",
                            "values": ["a", "b", "kube-system", "system"],
                        }
                    ]
                },
                "admissionReviewVersions": ["v1"],
                "failurePolicy": "Ignore",
                "matchPolicy": "Equivalent",
                "sideEffects": "None",
                "timeoutSeconds": 10,
            }
        ],
    }


@pytest.mark.parametrize(
    ("cron_jobs", "expected"),
    [
        ((), {"batch/v1": ["jobs"]}),
        ((CRON_JOBS,), {"batch/v1": ["jobs", "cronjobs"]}),
        ((CRON_JOBS_BETA,), {"batch/v1": ["jobs"], "batch/v1beta1": ["cronjobs"]}),
        (
            (CRON_JOBS, CRON_JOBS_BETA),
            {"batch/v1": ["jobs", "cronjobs"], "batch/v1beta1": ["cronjobs"]},
        ),
    ],
)
def test_cron_jobs_are_named_where_they_are_served(
    cron_jobs: tuple[Kind, ...], expected: dict[str, list[str]]
) -> None:
    rules = wanted(cron_jobs=cron_jobs)["webhooks"][0]["rules"]
    named = {
        f"{rule['apiGroups'][0]}/{rule['apiVersions'][0]}": rule["resources"] for rule in rules
    }

    assert named == {
        "/v1": ["pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers"],
        "apps/v1": ["daemonsets", "deployments", "replicasets", "statefulsets"],
        **expected,
    }


def test_rules_name_what_they_mean_and_never_everything() -> None:
    rules = wanted(cron_jobs=(CRON_JOBS,))["webhooks"][0]["rules"]

    assert "*" not in repr(rules)
    assert {tuple(rule["operations"]) for rule in rules} == {("CREATE", "UPDATE")}
    assert {rule["scope"] for rule in rules} == {"Namespaced"}


def test_by_url_there_is_no_service() -> None:
    client = wanted(BY_URL)["webhooks"][0]["clientConfig"]

    assert client == {
        "url": "https://1.2.3.4:8/validate",
        "caBundle": base64.b64encode(b"PEM").decode(),
    }


def test_where_cert_manager_keeps_the_ca_it_is_not_ours() -> None:
    assert wanted(INJECTED)["metadata"]["annotations"] == {
        "cert-manager.io/inject-ca-from": "system/cocket"
    }
    assert "caBundle" not in wanted(INJECTED)["webhooks"][0]["clientConfig"]


@pytest.mark.parametrize(
    ("endpoint", "server_name", "names"),
    [
        (
            SERVICE,
            "cocket.system.svc",
            {
                "cocket",
                "cocket.system",
                "cocket.system.svc",
                "cocket.system.svc.cluster.local",
            },
        ),
        (BY_URL.endpoint, "1.2.3.4", {"1.2.3.4"}),
        (Endpoint(namespace="a", url="https://Host.example:8/x"), "host.example", {"host.example"}),
        (Endpoint(namespace="a", url="https:"), "", {""}),
    ],
)
def test_the_certificate_has_the_names_by_which_we_are_called(
    endpoint: Endpoint, server_name: str, names: set[str]
) -> None:
    assert endpoint.server_name == server_name
    assert endpoint.names == names


def test_what_an_api_server_makes_of_it_is_no_drift() -> None:
    assert drift(live(), wanted()) == []
    assert drift(live(BY_URL), wanted(BY_URL)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"failurePolicy": "Fail"}, ["failurePolicy"]),
        ({"timeoutSeconds": 1}, ["timeoutSeconds"]),
        ({"rules": []}, ["rules"]),
        ({"namespaceSelector": {}}, ["namespaceSelector"]),
        (
            {
                "namespaceSelector": {
                    **wanted()["webhooks"][0]["namespaceSelector"],
                    "matchLabels": {"a": "b"},
                }
            },
            ["namespaceSelector"],
        ),
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, ["objectSelector"]),
        ({"matchConditions": [{"name": "never", "expression": "false"}]}, ["matchConditions"]),
        ({"clientConfig": {"url": "https://evil"}}, ["clientConfig"]),
        ({"matchPolicy": "Exact", "sideEffects": "Unknown"}, ["matchPolicy", "sideEffects"]),
        ({"name": "other.cocket.dev"}, ["webhooks"]),
    ],
)
def test_every_change_that_matters_is_seen(changes: dict[str, Any], expected: list[str]) -> None:
    assert drift(live(**changes), wanted()) == expected


def test_a_configuration_without_webhooks_or_labels_is_a_drift() -> None:
    bare = msgspec.convert({"metadata": {"name": "cocket"}}, Live)
    stripped = live()
    stripped.metadata.labels = {"app.kubernetes.io/name": "other"}

    assert drift(bare, wanted()) == ["webhooks"]
    assert drift(stripped, wanted()) == ["labels"]
    assert (bare.bundle, bare.fails, bare.foreign) == (b"", False, [])


def test_an_injected_ca_is_no_drift_and_outlives_a_replacement() -> None:
    injected = live(INJECTED)
    assert injected.ours is not None
    injected.ours["clientConfig"]["caBundle"] = "Q0E="
    here = replacement(injected, wanted(INJECTED))["webhooks"][0]["clientConfig"]

    assert drift(injected, wanted(INJECTED)) == []
    assert drift(live(INJECTED, clientConfig={"url": "x"}), wanted(INJECTED)) == ["clientConfig"]
    assert here["caBundle"] == "Q0E="
    assert "caBundle" not in wanted(INJECTED)["webhooks"][0]["clientConfig"]


def test_a_replacement_leaves_strangers_alone_and_is_for_this_version_only() -> None:
    foreign = {"name": "other.example.com"}
    here = live(objectSelector={"matchLabels": {"a": "b"}})
    here.webhooks = [foreign, *(here.webhooks or [])]

    assert replacement(here, wanted()) == {
        "metadata": {"resourceVersion": "7"},
        "webhooks": [wanted()["webhooks"][0], foreign],
    }


@pytest.mark.parametrize(
    ("bundle", "expected"), [("UEVN", b"PEM"), ("UEV", b""), (None, b""), ("", b"")]
)
def test_the_live_bundle_is_read(bundle: str | None, expected: bytes) -> None:
    assert live(clientConfig={"caBundle": bundle}).bundle == expected


@pytest.mark.parametrize(
    ("asked", "there", "remembered", "ready", "expected"),
    [
        # There is none: it comes back as it was, and a first one begins as Ignore.
        (True, None, False, True, False),
        (True, None, True, False, True),
        (False, None, True, False, True),
        (False, None, False, True, False),
        # Fail stays, whatever the settings say now.
        (True, "Fail", False, False, True),
        (False, "Fail", False, False, True),
        # Ignore becomes Fail once, and a slip in the cluster does not bring it back.
        (True, "Ignore", False, False, False),
        (True, "Ignore", False, True, True),
        (True, "Ignore", True, False, True),
        # Nobody asks for it any more, and somebody has written Ignore.
        (False, "Ignore", True, True, False),
        (False, "Ignore", False, True, False),
    ],
)
def test_when_api_servers_refuse_what_we_do_not_answer(
    *, asked: bool, there: str | None, remembered: bool, ready: bool, expected: bool
) -> None:
    here = live(failurePolicy=there) if there else None

    assert should_fail(asked=asked, live=here, remembered=remembered, ready=ready) is expected
