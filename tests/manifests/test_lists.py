"""Lists of objects, taken apart."""

from __future__ import annotations

from typing import Any

import pytest

from webhook.core.document import Document
from webhook.core.objects import workload_of
from webhook.manifests import read_bytes


def documents(text: str) -> list[Document]:
    return list(read_bytes(text.encode(), "f.yaml"))


def data(text: str) -> list[Any]:
    return [document.data for document in documents(text)]


def test_a_list_is_its_items_each_with_its_line() -> None:
    found = documents("""\
apiVersion: v1
kind: List
items:
- kind: A
  spec:
    x: 1
-
  kind: B
  spec: {z: 2}
""")

    assert [(one.line, one.data) for one in found] == [
        (4, {"kind": "A", "spec": {"x": 1}}),
        (8, {"kind": "B", "spec": {"z": 2}}),
    ]
    assert found[0].lines["/spec/x"] == 6
    assert found[1].lines["/spec/z"] == 9
    assert found[1].at(("spec", "z")) == "f.yaml:9"


def test_items_of_a_typed_list_are_of_its_type() -> None:
    pods = data("""\
apiVersion: v1
kind: PodList
items:
- spec: {containers: [{image: a}]}
- {apiVersion: v1, kind: Pod, spec: {containers: [{image: b}]}}
""")

    found = [workload_of(pod) for pod in pods]
    assert [one and one.images[0].image for one in found] == ["a", "b"]


def test_lists_in_lists_and_bare_lists_are_taken_apart() -> None:
    assert data("[{kind: List, items: [{kind: A}, [{kind: B}]]}, {kind: C}]") == [
        {"kind": "A"},
        {"kind": "B"},
        {"kind": "C"},
    ]


def test_nulls_and_empty_lists_are_nothing() -> None:
    assert data("{kind: List, items: [null, {kind: A}, ~]}") == [{"kind": "A"}]
    assert data("{kind: List, items: []}") == []


def test_what_only_looks_like_a_list_stays_whole() -> None:
    for text in (
        "{kind: List}",
        "{kind: List, items: null}",
        "{kind: List, items: {a: 1}}",
        "{items: [1]}",
        "{kind: 5, items: [1]}",
    ):
        assert len(data(text)) == 1
        assert isinstance(data(text)[0], dict)


def test_items_that_are_no_objects_stay_what_they_are() -> None:
    assert data("{kind: PodList, items: [5, text]}") == [5, "text"]


def test_a_list_of_one_line_of_json_is_taken_apart_too() -> None:
    found = documents('{"kind": "List", "items": [{"kind": "A"}, {"kind": "B"}]}')

    assert [(one.line, one.data) for one in found] == [(1, {"kind": "A"}), (1, {"kind": "B"})]


def test_lists_a_hundred_deep_are_taken_apart() -> None:
    text = "{kind: List, items: [" * 90 + "{kind: A}" + "]}" * 90

    assert data(text) == [{"kind": "A"}]


def test_what_has_items_is_a_list_to_kubectl_whatever_it_is_called() -> None:
    hidden = data("{apiVersion: v1, kind: ConfigMap, items: [{apiVersion: v1, kind: Pod}]}")

    assert [one["kind"] for one in hidden] == ["ConfigMap", "Pod"]


def test_a_pod_does_not_hide_behind_items_of_its_own() -> None:
    pods = data("{apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}, items: []}")

    (found,) = [workload_of(pod) for pod in pods]
    assert found is not None
    assert found.images[0].image == "a"


@pytest.mark.parametrize("kind", ['""', "null", "5"])
def test_an_empty_kind_is_as_good_as_none(kind: str) -> None:
    item = f"{{kind: {kind}, apiVersion: {kind}, spec: {{containers: [{{image: a}}]}}}}"
    (pod,) = data(f"{{apiVersion: v1, kind: PodList, items: [{item}]}}")

    found = workload_of(pod)
    assert found is not None
    assert found.images[0].image == "a"
