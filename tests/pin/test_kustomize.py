"""The `images:` of a kustomization."""

from __future__ import annotations

import pytest

from tests.builders import DIGEST
from tests.pin.pinning import left, pin

FILE = "kustomization.yaml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'images:\n  - name: a\n    newTag: "1"  # why\n',
            f'images:\n  - name: a\n    digest: {DIGEST}\n    newTag: "1"  # why\n',
        ),
        (
            "images:\n- newTag: v1\n  name: a\n",
            f"images:\n- digest: {DIGEST}\n  newTag: v1\n  name: a\n",
        ),
        (
            "images: [{name: a, newName: b, newTag: v1}]\n",
            f"images: [{{name: a, newName: b, digest: {DIGEST}, newTag: v1}}]\n",
        ),
        (
            'images:\n- {name: a, newTag: v1, digest: ""}\n',
            f'images:\n- {{name: a, newTag: v1, digest: "{DIGEST}"}}\n',
        ),
        (f"images:\n- {{name: a, newTag: v1, digest: '{DIGEST}'}}\n", ""),
        (f"images:\n- {{name: a, newTag: 'v1@{DIGEST}'}}\n", ""),
        ("images:\n- {name: a, newName: b}\n", ""),
        ("images:\n- a\n", ""),
        ("resources: [a.yaml]\n", ""),
    ],
)
def test_a_digest_is_written_beside_the_tag(before: str, after: str) -> None:
    assert pin(before, FILE) == (after or before)
    assert pin(before.replace("\n", "\r\n"), FILE) == (after or before).replace("\n", "\r\n")
    assert left(before, FILE) == []


def test_an_entry_is_looked_up_under_its_new_name() -> None:
    from tests.pin.pinning import found  # noqa: PLC0415

    (spot,) = found("images:\n- {name: a, newName: h/b, newTag: v1}\n", FILE).spots

    assert spot.image == "h/b:v1"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("images:\n- name: a\n  newTag: >-\n    v1\n", "written as a block"),
        ("t: &t v1\nimages:\n- {name: a, newTag: *t}\n", "an anchor shares it"),
        ("images:\n- {name: A, newTag: v1}\n", "lower case"),
    ],
)
def test_what_cannot_be_edited_is_told(text: str, why: str) -> None:
    ((_, _, said),) = left(text, FILE)

    assert why in said


@pytest.mark.parametrize(
    ("head", "file", "changes"),
    [
        ("kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n", "a.yaml", True),
        ("kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n", "a.yaml", True),
        ("kind: Other\napiVersion: v1\n", FILE, False),
        ("", "a.yaml", False),
        ("", "kustomization.yml", True),
    ],
)
def test_a_kustomization_is_known_by_kind_or_by_name(
    head: str, file: str, *, changes: bool
) -> None:
    text = f"{head}images:\n- name: a\n  newTag: v1\n"

    assert (pin(text, file) != text) is changes
