"""Images in the values of a chart."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from tests.pin.pinning import left, pin

FILE = "values-prod.yaml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("image: nginx:1\n", f"image: nginx:1@{DIGEST}\n"),
        ("a: {b: {image: 'h/nginx:1'}}\n", f"a: {{b: {{image: 'h/nginx:1@{DIGEST}'}}}}\n"),
        (
            'image:\n  repository: a\n  tag: "1"\n  digest: ""  # why\n',
            f'image:\n  repository: a\n  tag: "1"\n  digest: "{DIGEST}"  # why\n',
        ),
        (
            "image:\n  digest:   # none yet\n  repository: a\n  tag: v1\n",
            f"image:\n  digest: {DIGEST}   # none yet\n  repository: a\n  tag: v1\n",
        ),
        (
            "i: {registry: h, repository: a/b, tag: v1, digest: ~}\n",
            f"i: {{registry: h, repository: a/b, tag: v1, digest: {DIGEST}}}\n",
        ),
        (f"image: {{repository: a, tag: v1, digest: {DIGEST}}}\n", ""),
        (f"image: {{repository: a, tag: 'v1@{DIGEST}'}}\n", ""),
        ("image: '{{ .Values.other }}'\n", ""),
        ("imagePullPolicy: Always\nlist: [1, {x: y}]\n", ""),
    ],
)
def test_what_is_safe_is_pinned(before: str, after: str) -> None:
    assert pin(before, FILE) == (after or before)
    assert left(before, FILE) == []


@pytest.mark.parametrize(
    ("text", "image", "why"),
    [
        ("image: {repository: a, tag: v1}\n", "a:v1", "have no digest beside the tag"),
        ("image: {repository: a, tag: 1.20, digest: ''}\n", "a:1.20", "its tag is a number"),
        ("image: {repository: a, tag: '', digest: ''}\n", "a", "the chart chooses one"),
        ("image: {repository: a, digest: ''}\n", "a", "the chart chooses one"),
        ("image: nginx\n", "nginx", "it has no tag, and the chart may add one"),
        ("a: &i nginx:1\nimage: *i\n", "nginx:1", "an anchor shares it"),
        ("image: {repository: a, tag: 'x y', digest: ''}\n", "a:x y", "characters"),
        ("d: &d ''\nimage: {repository: a, tag: v1, digest: *d}\n", "a:v1", "shares its digest"),
    ],
)
def test_what_is_not_is_left_and_told(text: str, image: str, why: str) -> None:
    ((_, named, said),) = left(text, FILE)

    assert named == image
    assert why in said
    assert pin(text, FILE) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'image:\n  repository: a\n  tag: "1.25"  # why\n',
            f'image:\n  repository: a\n  tag: "1.25@{DIGEST}"  # why\n',
        ),
        ("i: {repository: a, tag: v1}\n", f"i: {{repository: a, tag: v1@{DIGEST}}}\n"),
        (
            "i: {registry: h, repository: a, tag: 'v1'}\n",
            f"i: {{registry: h, repository: a, tag: 'v1@{DIGEST}'}}\n",
        ),
        (
            "i: {repository: a, tag: v1, digest: ''}\n",
            f"i: {{repository: a, tag: v1, digest: '{DIGEST}'}}\n",
        ),
        (f"i: {{repository: a, tag: 'v1@{DIGEST}'}}\n", ""),
    ],
)
def test_a_tag_takes_the_digest_where_it_is_told_to(before: str, after: str) -> None:
    written = pin(before, FILE, tag_digest=True)

    assert written == (after or before)
    assert left(before, FILE, tag_digest=True) == []
    assert pin(written, FILE, tag_digest=True) == written


@pytest.mark.parametrize(
    ("text", "image", "why"),
    [
        ("i: {repository: a, tag: 1.20}\n", "a:1.20", "its tag is a number"),
        ("t: &t v1\ni: {repository: a, tag: *t}\n", "a:v1", "an anchor shares its tag"),
        ("i: {repository: a, tag: '{{ .x }}'}\n", "a:{{ .x }}", "characters"),
        ("i: {repository: a, tag: ''}\n", "a", "the chart chooses one"),
        ("i:\n  repository: a\n  tag: |\n    v1\n", "a:v1", "block"),
    ],
)
def test_a_tag_that_cannot_take_it_is_left_and_told(text: str, image: str, why: str) -> None:
    ((_, named, said),) = left(text, FILE, tag_digest=True)

    assert named.strip() == image
    assert why in said
    assert pin(text, FILE, tag_digest=True) == text


def test_what_is_left_says_how_it_could_be_pinned() -> None:
    ((_, _, said),) = left("image: {repository: a, tag: v1}\n", FILE)

    assert said.endswith("or let the tag take it with --helm-tag-digest")


def test_an_object_in_a_file_of_that_name_is_an_object() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nimage: nginx:1\n"

    assert pin(text, FILE) == text


def test_an_image_with_a_tag_beside_it_is_half_a_name() -> None:
    text = "image: nginx\ntag: '1'\n"

    assert pin(text, FILE) == text
