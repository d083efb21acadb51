"""Every place where an object names an image is found, whatever else the object holds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.object_documents import PREFIXES, container, pod, read, wrapped
from webhook.core.objects import KINDS, decode_workload, workload_of
from webhook.core.workload import Hook, Role, Workload
from webhook.errors import InvalidObjectError


@pytest.mark.parametrize(("group", "kind"), sorted(KINDS))
def test_every_kind_names_images_in_every_role(group: str, kind: str) -> None:
    spec = {
        "containers": [container(name="a", image="one")],
        "initContainers": [
            container(name="b", image="two"),
            container(name="c", image="three", restartPolicy="Always"),
        ],
        "ephemeralContainers": [container(name="d", image="four")],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "e", "image": {"reference": "five", "pullPolicy": "Always"}},
        ],
    }

    workload = read(wrapped(group, kind, spec))

    prefix = PREFIXES.get(kind, "/spec/template/spec")
    assert workload.kind == kind
    assert workload.template is (kind != "Pod")
    assert [(use.role, use.container, use.image, use.pointer) for use in workload.images] == [
        (Role.CONTAINER, "a", "one", f"{prefix}/containers/0/image"),
        (Role.INIT, "b", "two", f"{prefix}/initContainers/0/image"),
        (Role.SIDECAR, "c", "three", f"{prefix}/initContainers/1/image"),
        (Role.EPHEMERAL, "d", "four", f"{prefix}/ephemeralContainers/0/image"),
        (Role.VOLUME, "e", "five", f"{prefix}/volumes/1/image/reference"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        5,
        [],
        {},
        {"kind": "Values"},
        {"apiVersion": "v2", "name": "chart"},
        {"apiVersion": "v1", "kind": 5},
        {"apiVersion": "v1", "kind": "Service", "spec": {"containers": 5}},
        {"apiVersion": "v1", "kind": "pod", "spec": {"containers": [{"image": "nginx"}]}},
        {"apiVersion": "v1", "kind": "Deployment"},
        {"apiVersion": "example.com/v1", "kind": "Deployment", "spec": {"template": 5}},
        {"apiVersion": "apps.example.com/v1", "kind": "Deployment"},
        {"apiVersion": "serving.knative.dev/v1", "kind": "Service"},
    ],
)
def test_what_is_of_another_kind_names_no_image(data: object) -> None:
    assert workload_of(data) is None


def test_another_kind_is_not_even_read() -> None:
    assert decode_workload("", "Service", b"no JSON") is None
    assert decode_workload("example.com", "Pod", b"no JSON") is None


@pytest.mark.parametrize("version", [None, "", 5])
def test_a_kind_of_ours_without_an_api_is_an_error_and_no_pass(version: object) -> None:
    data = {**pod(containers=[container()]), "apiVersion": version}

    with pytest.raises(InvalidObjectError, match=r"^apiVersion: a Pod must say which API"):
        workload_of(data)


def test_images_are_taken_as_written() -> None:
    texts = [" nginx", "nginx\n", "http://x/y", "${IMG}", "\x00", "ｎginx"]

    workload = read(pod(containers=[container(image=text) for text in texts]))

    assert [use.image for use in workload.images] == texts


@pytest.mark.parametrize(
    ("policy", "role"),
    [("Always", Role.SIDECAR), ("Never", Role.INIT), ("always", Role.INIT), (None, Role.INIT)],
)
def test_an_init_container_that_stays_is_a_sidecar(policy: object, role: Role) -> None:
    workload = read(pod(initContainers=[container(restartPolicy=policy)]))

    assert workload.images[0].role is role


def test_command_args_and_stop_signal_are_kept() -> None:
    workload = read(
        pod(
            containers=[
                container(
                    command=["sh", None],
                    args=["-c", "run"],
                    env=[{"name": "A", "value": "1"}],
                    lifecycle={"stopSignal": "SIGUSR1", "preStop": {"exec": {}}},
                ),
                container(command=None, args=[], lifecycle={}),
            ]
        )
    )

    first, second = workload.images
    assert (first.command, first.args, first.stop_signal) == (("sh", ""), ("-c", "run"), "SIGUSR1")
    assert first.pre_stop == Hook(acts=True, mark=first.pre_stop.mark if first.pre_stop else "")
    assert second.pre_stop is None
    assert first.env == ()
    assert (second.command, second.args, second.stop_signal) == ((), (), "")


@pytest.mark.parametrize(
    ("env", "literals"),
    [
        ([{"name": "A", "value": "1"}, {"name": "B"}], (("A", "1"), ("B", ""))),
        ([{"name": "A", "valueFrom": {"secretKeyRef": {"key": "k"}}}], ()),
        ([{"name": "A", "value": "1"}, {"name": "A", "valueFrom": {}}], ()),
        ([{"name": "A", "valueFrom": {}}, {"name": "A", "value": "1"}], (("A", "1"),)),
        ([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}], (("A", "1"), ("A", "2"))),
        ([None, {"value": "1"}, {"name": "", "value": "1"}], ()),
        (None, ()),
    ],
)
@pytest.mark.parametrize("field", ["command", "args"])
def test_literal_variables_are_kept_where_the_argv_mentions_variables(
    field: str, env: object, literals: object
) -> None:
    words = {field: ["run", "$(A)"]}

    workload = read(pod(containers=[container(env=env, **words)]))

    assert workload.images[0].env == literals


@pytest.mark.parametrize(
    ("spec", "os"),
    [
        ({}, ""),
        ({"os": None, "nodeSelector": None}, ""),
        ({"os": {"name": "windows"}}, "windows"),
        ({"nodeSelector": {"kubernetes.io/os": "windows"}}, "windows"),
        ({"os": {"name": "linux"}, "nodeSelector": {"kubernetes.io/os": "windows"}}, "linux"),
        ({"os": {}, "nodeSelector": {"kubernetes.io/os": "windows"}}, "windows"),
        ({"nodeSelector": {"disk": "ssd", "kubernetes.io/os": None}}, ""),
    ],
)
def test_the_operating_system_is_what_the_pod_says_of_itself(spec: dict[str, Any], os: str) -> None:
    assert read(pod(**spec)).os == os


def test_everything_else_that_rules_read_is_there() -> None:
    data = pod(
        serviceAccountName="builder",
        serviceAccount="old-name",
        imagePullSecrets=[{"name": "one"}, None, {}, {"name": "two"}],
        shareProcessNamespace=True,
        hostPID=True,
        terminationGracePeriodSeconds=5,
    )
    data["metadata"] |= {"uid": "u-1", "labels": {"app": "web", "empty": None}}

    assert read(data) == Workload(
        kind="Pod",
        namespace="shop",
        name="web",
        uid="u-1",
        labels={"app": "web", "empty": ""},
        service_account="builder",
        pull_secrets=("one", "two"),
        share_process_namespace=True,
        host_pid=True,
        grace_seconds=5,
    )


def test_the_old_name_of_the_service_account_counts_where_the_new_one_is_missing() -> None:
    assert read(pod(serviceAccount="builder")).service_account == "builder"


def test_a_generated_name_stands_for_the_name_that_is_not_made_yet() -> None:
    data = {**pod(), "metadata": {"generateName": "web-"}}

    assert read(data).name == "web-"


def test_the_namespace_of_the_caller_is_for_objects_that_do_not_say_one() -> None:
    bare = {"apiVersion": "v1", "kind": "Pod"}

    assert [
        found.namespace
        for found in (workload_of(bare, namespace="here"), workload_of(pod(), namespace="here"))
        if found
    ] == ["here", "shop"]


@pytest.mark.parametrize(
    ("mounts", "seen"),
    [
        ([], ()),
        (["/data", "/app", "/data"], ("/app", "/data")),
        (["/var/run/secrets/kubernetes.io/serviceaccount"], ()),
        (["/var/run/secrets/../../sbin"], ("/",)),
        (["//sbin"], ("/",)),
        (["sbin"], ("/",)),
        ([None, ""], ()),
    ],
)
def test_where_volumes_hide_what_is_in_the_image(
    mounts: list[str | None], seen: tuple[str, ...]
) -> None:
    volumes = [None, *({"mountPath": one} for one in mounts)]
    spec = {"containers": [{"name": "a", "image": "b", "volumeMounts": volumes}]}
    found = workload_of({"apiVersion": "v1", "kind": "Pod", "spec": spec})

    assert found is not None
    assert [use.mounts for use in found.images] == [seen]
