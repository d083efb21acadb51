"""Names in manifests and Compose files, where they stand."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST, refusal
from tests.pin.pinning import container, found, left, pin

AT = f"@{DIGEST}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("nginx:1", f"nginx:1{AT}", id="plain"),
        pytest.param("nginx", f"nginx{AT}", id="no tag"),
        pytest.param('"nginx:1"', f'"nginx:1{AT}"', id="double quotes"),
        pytest.param("'nginx:1'", f"'nginx:1{AT}'", id="single quotes"),
        pytest.param('"ngi\\u006ex:1"', f'"nginx:1{AT}"', id="escapes"),
        pytest.param("nginx:1  # why", f"nginx:1{AT}  # why", id="remark"),
        pytest.param("&a nginx:1", f"&a nginx:1{AT}", id="anchor"),
        pytest.param("!!str nginx:1", f"!!str nginx:1{AT}", id="tag"),
        pytest.param("&a !!str 'nginx:1'", f"&a !!str 'nginx:1{AT}'", id="both"),
        pytest.param(f"nginx:1{AT}", f"nginx:1{AT}", id="pinned already"),
        pytest.param("h:5000/a/b:1", f"h:5000/a/b:1{AT}", id="port"),
    ],
)
def test_only_the_name_changes(before: str, after: str) -> None:
    assert pin(container(before)) == container(after)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("|-\n      nginx:1", "it is written as a block"),
        (">-\n      nginx:1", "it is written as a block"),
        ("A/b:c:d", "is no repository name"),
        ("''", "it is empty"),
        ("nginx@sha384:" + "a" * 96, "no registry serves a digest of that kind"),
    ],
)
def test_what_cannot_be_edited_is_told_with_its_line(written: str, why: str) -> None:
    ((line, _, said),) = left(container(written))

    assert line == 6
    assert why in said
    assert pin(container(written)) == container(written)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_stay(end: str, mark: str) -> None:
    text = mark + container("nginx:1  # ä").replace("\n", end)

    assert pin(text) == text.replace("nginx:1", f"nginx:1{AT}")


def test_every_place_of_every_document_is_found() -> None:
    text = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  spec:
    initContainers: [{image: "a:1"}]
    ephemeralContainers: [{image: b:1}]
    volumes: [{name: v, image: {reference: c:1}}]
- {apiVersion: v1, kind: ConfigMap, data: {image: "no:1"}}
---
---
apiVersion: batch/v1
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: d:1}]}}}}}
"""
    result = pin(text)

    assert result == text.translate({}).replace("a:1", f"a:1{AT}").replace(
        "b:1}", f"b:1{AT}}}"
    ).replace("c:1", f"c:1{AT}").replace("d:1", f"d:1{AT}")


def test_an_alias_to_an_image_is_one_name() -> None:
    text = container("&i nginx:1") + "  - {name: b, image: *i}\n"

    assert pin(text) == text.replace("nginx:1", f"nginx:1{AT}")
    assert len(found(text).spots) == 1


def test_what_an_alias_says_elsewhere_too_is_left() -> None:
    text = "x: &i nginx:1\n" + container("*i")
    ((line, image, why),) = left(text)

    assert (line, image) == (1, "nginx:1")
    assert "an anchor shares it" in why
    assert pin(text) == text


def test_merged_images_are_found_where_they_are_written() -> None:
    text = """\
x-web: &web {image: nginx:1}
services:
  a:
    <<: *web
  b: {<<: [*web], command: x}
  c: {<<: *web, image: "redis:7"}
"""
    after = text.replace("nginx:1", f"nginx:1{AT}").replace("redis:7", f"redis:7{AT}")
    own = text.replace("{<<: *web, image", "{image")

    assert pin(text.replace("{<<: *web, image", "{image"), "compose.yaml") == own.replace(
        "nginx:1", f"nginx:1{AT}"
    ).replace("redis:7", f"redis:7{AT}")
    # kubectl and YAML do not agree on a key that is merged and written: `check` refuses it, too.
    assert (
        "write << first" in refusal(lambda: pin(text, "compose.yaml"))
        or pin(text, "compose.yaml") == after
    )


def test_what_a_compose_file_builds_or_leaves_open_is_not_pinned() -> None:
    text = "services:\n  a: {build: ., image: 'own:1'}\n  b: {image: 'c:${T:-1}'}\n"

    assert left(text, "compose.yaml") == [
        (3, "c:${T:-1}", "a variable is in it: pin what the variable says")
    ]
    assert pin(text, "compose.yaml") == text


def test_json_is_rewritten_where_it_is_yaml_too() -> None:
    text = '{"apiVersion": "v1", "kind": "Pod",\n "spec": {"containers": [{"image": "a:1"}]}}\n'

    assert pin(text, "pod.json") == text.replace("a:1", f"a:1{AT}")
    assert "is not rewritten" in refusal(lambda: pin(text + text, "pods.json"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [\n", "web.yaml:"),
        (container("[x]"), "web.yaml:1: spec.containers[0].image"),
        ("kind: Pod\nspec: {containers: []}\n", "web.yaml:1: apiVersion"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, said: str) -> None:
    assert said in refusal(lambda: pin(text))


def test_saved_reviews_are_no_files_to_pin() -> None:
    text = "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest: {object: {}}\n"

    assert found(text) == found("a: b\n")


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x]"] + [
        f"a{n}: &a{n} [*a{n - 1},*a{n - 1},*a{n - 1},*a{n - 1}]" for n in range(1, 10)
    ]

    assert "aliases stand for too many" in refusal(lambda: pin("\n".join(lines) + "\n"))
