"""Every place where an object names an image is found, whatever else the object holds."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import refusal
from webhook.core.objects import KINDS, decode_workload, workload_of
from webhook.core.workload import Role, Workload
from webhook.errors import InvalidObjectError

VERSIONS = {"": "v1", "apps": "apps/v1", "batch": "batch/v1", "extensions": "extensions/v1beta1"}
PREFIXES = {
    "Pod": "/spec",
    "PodTemplate": "/template/spec",
    "CronJob": "/spec/jobTemplate/spec/template/spec",
}


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    }


def container(**fields: Any) -> dict[str, Any]:
    return {"name": "app", "image": "nginx", **fields}


def read(data: object) -> Workload:
    """The workload, read both ways."""
    workload = workload_of(data)
    assert workload is not None
    assert isinstance(data, dict)
    group = data["apiVersion"].rpartition("/")[0]
    assert decode_workload(group, data["kind"], json.dumps(data).encode()) == workload
    return workload


def wrapped(group: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An object of this kind that runs a Pod of this spec."""
    template = {"metadata": {"labels": {"of": "the template"}}, "spec": spec}
    body: dict[str, Any] = {"spec": {"template": template}}
    match kind:
        case "Pod":
            body = {"spec": spec}
        case "PodTemplate":
            body = {"template": template}
        case "CronJob":
            body = {"spec": {"jobTemplate": {"spec": {"template": template}}}}
    return {"apiVersion": VERSIONS[group], "kind": kind, "metadata": {"name": "web"}, **body}


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


@pytest.mark.parametrize(
    ("group", "kind", "data"),
    [
        ("", "Pod", {}),
        ("", "Pod", {"spec": None, "metadata": None}),
        ("", "Pod", {"spec": {"containers": None, "initContainers": [], "volumes": None}}),
        ("apps", "Deployment", {}),
        ("apps", "Deployment", {"spec": None}),
        ("apps", "Deployment", {"spec": {"template": None}}),
        ("apps", "Deployment", {"spec": {"template": {"spec": None}}}),
        ("", "PodTemplate", {"template": None}),
        ("batch", "CronJob", {"spec": None}),
        ("batch", "CronJob", {"spec": {"jobTemplate": None}}),
        ("batch", "CronJob", {"spec": {"jobTemplate": {"spec": None}}}),
        ("batch", "CronJob", {"spec": {"jobTemplate": {"spec": {"template": {}}}}}),
    ],
)
def test_what_is_missing_or_null_names_no_image(group: str, kind: str, data: object) -> None:
    assert isinstance(data, dict)
    workload = read({"apiVersion": VERSIONS[group], "kind": kind, **data})

    assert workload == Workload(kind=kind, namespace="", name="", template=kind != "Pod")


@pytest.mark.parametrize("missing", [{"name": "app"}, {"name": "app", "image": None}])
def test_a_container_without_an_image_is_judged_and_not_dropped(missing: object) -> None:
    workload = read(pod(containers=[container(), missing, None]))

    assert [use.image for use in workload.images] == ["nginx", "", ""]
    assert [use.pointer for use in workload.images][1:] == [
        "/spec/containers/1/image",
        "/spec/containers/2/image",
    ]


def test_nulls_in_the_other_lists_of_containers_are_containers_without_an_image() -> None:
    workload = read(pod(initContainers=[None], ephemeralContainers=[None]))

    assert [(use.role, use.image) for use in workload.images] == [
        (Role.INIT, ""),
        (Role.EPHEMERAL, ""),
    ]


def test_an_image_volume_without_a_reference_is_judged_and_other_volumes_are_not() -> None:
    volumes = [None, {"name": "a", "image": {}}, {"name": "b", "image": {"reference": None}}]

    workload = read(pod(volumes=[*volumes, {"name": "c", "image": None}, {"configMap": {}}]))

    assert [(use.container, use.image) for use in workload.images] == [("a", ""), ("b", "")]


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
    ("spec", "message"),
    [
        ({"containers": [{"image": 5}]}, "spec.containers[0].image: expected a string, got 5"),
        ({"containers": {}}, "spec.containers: expected a list, got a mapping"),
        (
            {"containers": [container(args=[8080])]},
            "spec.containers[0].args[0]: expected a string, got 8080",
        ),
        (
            {"containers": [container(env=[{"name": "A", "value": True}])]},
            "spec.containers[0].env[0].value: expected a string, got true",
        ),
        ({"hostPID": "true"}, 'spec.hostPID: expected true or false, got "true"'),
        ({"volumes": [{"image": "x"}]}, 'spec.volumes[0].image: expected a mapping, got "x"'),
        (
            {"nodeSelector": {"a": "b", "kubernetes.io/os": 5}},
            "spec.nodeSelector.kubernetes.io/os: expected a string, got 5",
        ),
    ],
)
def test_a_wrong_type_is_an_error_that_names_the_field_and_the_value(
    spec: dict[str, Any], message: str
) -> None:
    data = pod(**spec)
    raw = json.dumps(data).encode()

    with pytest.raises(InvalidObjectError, match=f"^{re.escape(message)}$"):
        workload_of(data)
    with pytest.raises(InvalidObjectError, match=f"^{re.escape(message)}$"):
        decode_workload("", "Pod", raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "the object is no JSON: Input data was truncated"),
        (b"null", "the object: expected a mapping, got null"),
        (b'{"spec": {"containers": [{"image": "\xff"}]}}', "the object is no JSON: .*utf-8.*"),
        (b'{"spec": 5, "broken": [', "spec: expected a mapping, got a whole number"),
        (b'{"spec": 9999999999999999999999}', "spec: expected a mapping, got a huge number"),
        (b'{"other": ' + b"[" * 100_000, "the object is nested too deeply"),
    ],
)
def test_what_is_no_object_is_an_error(raw: bytes, message: str) -> None:
    with pytest.raises(InvalidObjectError, match=f"^{message}$"):
        decode_workload("", "Pod", raw)


def test_raw_json_within_json_is_read_in_place() -> None:
    raw = msgspec.json.decode(json.dumps({"object": pod(containers=[container()])}), type=Holder)

    workload = decode_workload("", "Pod", raw.object, namespace="here")

    assert workload is not None
    assert [use.image for use in workload.images] == ["nginx"]


class Holder(msgspec.Struct):
    object: msgspec.Raw


def test_twenty_thousand_containers_are_all_found() -> None:
    images = [f"r{index}.example.com/x" for index in range(20_000)]

    workload = read(pod(containers=[container(image=image) for image in images]))

    assert [use.image for use in workload.images] == images


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "apiVersion kind metadata name labels spec template jobTemplate containers image "
                "initContainers volumes reference env value valueFrom command args os".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(kind=st.sampled_from(sorted(KINDS)), data=JSON)
def test_whatever_the_object_holds_it_is_read_or_refused(
    kind: tuple[str, str], data: object
) -> None:
    whole = {**(data if isinstance(data, dict) else {"spec": data})}
    whole |= {"apiVersion": VERSIONS[kind[0]], "kind": kind[1]}
    raw = json.dumps(whole).encode()
    refused = refusal(lambda: workload_of(whole))

    assert refused == refusal(lambda: decode_workload(*kind, raw))
    assert refused or workload_of(whole) == decode_workload(*kind, raw)


@given(raw=st.binary(max_size=60))
def test_bytes_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    assert refusal(lambda: decode_workload("", "Pod", raw)).isprintable()
