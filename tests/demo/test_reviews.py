"""Made reviews have the form of recorded ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from webhook.demo.reviews import admission_review, pod, stored

RECORDED = Path(__file__).parents[1] / "data" / "reviews" / "pod-create.json"


def recorded() -> Any:
    return msgspec.json.decode(RECORDED.read_bytes())["request"]


def as_written(of: Any) -> dict[str, Any]:
    """The Pod without the metadata that a server adds."""
    written = {
        name: of["metadata"][name] for name in ("name", "namespace", "labels", "annotations")
    }
    return {"metadata": written, "spec": of["spec"]}


def shape(value: Any) -> Any:
    """The names and the order of all fields, down to what differs from Pod to Pod."""
    if isinstance(value, dict):
        return [(name, shape(inner)) for name, inner in value.items()]
    return type(value)


def test_the_envelope_has_the_fields_of_a_recorded_review_in_their_order() -> None:
    made = msgspec.json.decode(admission_review(pod("web", "nginx")))

    envelope = {**made["request"], "object": None, "options": None}
    expected = {**recorded(), "object": None, "options": None}
    assert list(made) == ["kind", "apiVersion", "request"]
    assert shape(envelope) == shape(expected)
    assert list(made["request"]["options"]) == list(recorded()["options"])


def test_a_recorded_pod_comes_out_as_it_went_in() -> None:
    theirs = recorded()["object"]

    ours = stored(as_written(theirs))

    assert list(ours) == list(theirs)
    assert list(ours["metadata"]) == list(theirs["metadata"])
    # As text: the order of the fields counts.
    assert msgspec.json.encode(ours["spec"]) == msgspec.json.encode(theirs["spec"])


def test_what_a_server_fills_in_is_filled_in() -> None:
    theirs = recorded()["object"]

    ours = stored(pod("web", "nginx:1.25", command=["a"], args=["b"]))

    container = ours["spec"]["containers"][0]
    assert container == {
        "name": "app",
        "image": "nginx:1.25",
        "command": ["a"],
        "args": ["b"],
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }
    filled = set(theirs["spec"]) - {"volumes", "initContainers", "topologySpreadConstraints"}
    assert set(ours["spec"]) == filled


def test_what_may_move_is_always_pulled() -> None:
    policies = {
        name: stored(pod("web", name))["spec"]["containers"][0]["imagePullPolicy"]
        for name in ("a", "a:latest", "h:5000/a", "h:5000/a:1", f"a@sha256:{'0' * 64}")
    }

    assert list(policies.values()) == ["Always"] * 3 + ["IfNotPresent"] * 2


def test_the_managed_fields_name_containers_by_their_key() -> None:
    fields = stored(pod("web", "nginx"))["metadata"]["managedFields"][0]["fieldsV1"]

    assert list(fields["f:spec"]["f:containers"]) == ['k:{"name":"app"}']
    assert fields["f:metadata"] == {"f:labels": {".": {}, "f:app": {}}}


def test_different_pods_have_different_uids_and_equal_ones_the_same() -> None:
    def uid(review: bytes) -> str:
        return str(msgspec.json.decode(review)["request"]["uid"])

    one, other = admission_review(pod("web", "a")), admission_review(pod("web", "b"))

    assert uid(one) == uid(admission_review(pod("web", "a")))
    assert uid(one) != uid(other)
    assert uid(admission_review(pod("web", "a"), uid="mine")) == "mine"


def test_an_update_shows_both_pods() -> None:
    old, new = pod("web", "a"), pod("web", "b", share_process_namespace=True)

    request = msgspec.json.decode(admission_review(new, old=old))["request"]

    assert request["operation"] == "UPDATE"
    assert request["options"]["kind"] == "UpdateOptions"
    assert request["oldObject"]["spec"]["containers"][0]["image"] == "a"
    assert request["object"]["spec"]["shareProcessNamespace"] is True
    assert request["object"]["metadata"]["uid"] == request["oldObject"]["metadata"]["uid"]
