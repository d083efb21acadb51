"""Files, folders and standard input become workloads with their places."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import BinaryIO

import pytest

from webhook.cli.inputs import Inputs, read_inputs

REVIEWS = Path(__file__).parents[1] / "data" / "reviews"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers:
  - name: app
    image: nginx
  initContainers:
  - name: prepare
    image: busybox
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"


def nobody() -> BinaryIO:
    raise AssertionError("standard input was asked for")


def read(*paths: Path) -> Inputs:
    return read_inputs(map(str, paths), nobody)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_object_has_its_place_and_every_image_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", f"{CONFIG_MAP}---\n{POD}")
    inputs = read(file)

    (subject,) = inputs.subjects
    assert inputs.errors == []
    assert inputs.without_images == 1
    assert subject.place.title == "Pod shop/web"
    assert (subject.place.file, subject.place.line) == (str(file), 5)
    assert subject.lines == {
        "/spec/containers/0/image": 13,
        "/spec/initContainers/0/image": 16,
    }


def test_a_folder_is_read_in_order_and_its_files_keep_their_names(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/x.yml", "a.json"):
        text = POD if not name.endswith("json") else '{"apiVersion":"v1","kind":"Secret"}'
        write(tmp_path / name, text)
    write(tmp_path / "notes.txt", "not YAML: [")
    inputs = read(tmp_path)

    assert [Path(subject.place.file).name for subject in inputs.subjects] == ["x.yml", "b.yaml"]
    assert inputs.without_images == 1
    assert inputs.errors == []


def test_items_of_a_list_are_objects(tmp_path: Path) -> None:
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"containers": [{"name": "app", "image": "nginx"}]},
        }
        for name in "ab"
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}, indent=1)
    inputs = read(write(tmp_path / "list.json", text))

    assert [subject.place.name for subject in inputs.subjects] == ["a", "b"]
    assert inputs.subjects[0].place.line < inputs.subjects[1].place.line
    assert all(list(one.lines) == ["/spec/containers/0/image"] for one in inputs.subjects)


@pytest.mark.parametrize("name", sorted(path.name for path in REVIEWS.glob("*.json")))
def test_a_saved_review_is_the_object_in_it(name: str) -> None:
    inputs = read(REVIEWS / name)

    (subject,) = inputs.subjects
    request = json.loads((REVIEWS / name).read_text(encoding="utf-8"))["request"]
    assert subject.place.kind == request["kind"]["kind"]
    assert subject.place.namespace == request["namespace"]
    assert {use.pointer for use in subject.workload.images} == set(subject.lines)
    assert (subject.workload.old is not None) == (request["operation"] == "UPDATE")


def test_a_dash_is_standard_input() -> None:
    inputs = read_inputs(["-"], lambda: io.BytesIO(POD.encode()))

    (subject,) = inputs.subjects
    assert (subject.place.file, subject.place.line) == ("-", 1)


def test_every_error_of_every_file_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    broken = write(tmp_path / "broken.yaml", "a: [\n")
    wrong = write(tmp_path / "wrong.yaml", POD.replace("image: nginx", "image: [nginx]"))
    good = write(tmp_path / "good.yaml", POD)
    inputs = read(broken, tmp_path / "missing.yaml", wrong, good)

    assert [str(error).split(":")[0] for error in inputs.errors] == [
        str(broken),
        str(tmp_path / "missing.yaml"),
        str(wrong),
    ]
    assert "spec.containers[0].image" in str(inputs.errors[2])
    assert [subject.place.file for subject in inputs.subjects] == [str(good)]


def test_an_object_without_a_single_image_is_counted_and_not_listed(tmp_path: Path) -> None:
    inputs = read(write(tmp_path / "empty.yaml", "apiVersion: v1\nkind: Pod\nspec: {}\n"))

    assert inputs.subjects == []
    assert inputs.without_images == 1


def test_namespace_objects_give_their_labels_and_their_name(tmp_path: Path) -> None:
    file = write(
        tmp_path / "namespaces.yaml",
        """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {env: prod, kubernetes.io/metadata.name: other}}
---
apiVersion: v1
kind: Namespace
metadata: {name: bare}
---
apiVersion: v1
kind: Namespace
metadata: {}
---
apiVersion: example.com/v1
kind: Namespace
metadata: {name: foreign}
""",
    )

    assert read(file).namespaces == {
        "shop": {"env": "prod", "kubernetes.io/metadata.name": "shop"},
        "bare": {"kubernetes.io/metadata.name": "bare"},
    }
