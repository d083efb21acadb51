"""What an image stands on, and what it has from there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders import LABELS, NOW, REVISION, config, facts, image, pod, use
from webhook.core.base_image import BaseImage, chains, found, stands_on
from webhook.core.claims import READ_LABELS, Unanswered, claims
from webhook.core.labels import Meaning, Question
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.verdict import Outcome

OCI = "org.opencontainers.image"
NAME = "registry.example.com/base/java:21"
BASE = BaseImage(name=NAME, digest="sha256:" + "cd" * 32, found=True)


@given(st.lists(st.text(max_size=5), max_size=6), st.lists(st.text(max_size=5), max_size=6))
def test_stacks_have_one_name_where_their_layers_are_the_same(
    one: list[str], other: list[str]
) -> None:
    assert len(chains(one)) == len(one)
    common = 0
    while common < min(len(one), len(other)) and one[common] == other[common]:
        common += 1
    same = [a == b for a, b in zip(chains(one), chains(other), strict=False)]
    assert same == [True] * common + [False] * (len(same) - common)


@pytest.mark.parametrize(
    ("layers", "base", "below"),
    [
        (["a", "b"], ["a"], True),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b"], False),
        (["a"], ["a", "b"], False),
        (["a"], [], False),
    ],
)
def test_a_base_is_what_lies_below(layers: list[str], base: list[str], *, below: bool) -> None:
    assert stands_on(layers, base) is below


def test_labels_with_the_same_value_come_from_the_base() -> None:
    base = config(labels=LABELS | {f"{OCI}.revision": "1234567", "team": "base"})
    mine = config(labels=LABELS | {"team": "base"})
    (one,), (below,) = facts(mine).platforms, facts(base).platforms

    assert found("java:21", BASE.digest, one, below, READ_LABELS) == BaseImage(
        name="java:21",
        digest=BASE.digest,
        found=True,
        labels=(f"{OCI}.created", f"{OCI}.source"),
    )


def test_annotations_that_the_base_says_in_either_way_come_from_it() -> None:
    (one,), (below,) = facts(config()).platforms, facts(config(labels={"title": "x"})).platforms
    notes = {f"{OCI}.revision": "7654321", f"{OCI}.version": "1", f"{OCI}.title": "x", "team": "a"}
    one = replace(one, annotations=tuple(sorted(notes.items())))
    below = replace(
        below,
        config=config(labels={f"{OCI}.title": "x"}),
        annotations=((f"{OCI}.revision", "7654321"), (f"{OCI}.version", "2"), ("team", "a")),
    )

    base = found("java:21", BASE.digest, one, below, READ_LABELS)

    assert base.annotations == (f"{OCI}.revision", f"{OCI}.title")
    assert base.labels == ()


def test_a_label_that_the_base_has_too_answers_nothing() -> None:
    base = replace(BASE, labels=(f"{OCI}.revision",))
    said = claims(config(), base=base)

    assert isinstance(said.revision, Unanswered)
    assert said.revision.why == (
        f'label {OCI}.revision is missing: "{REVISION}" is only inherited from base image {NAME} '
        "(which commit is this?)"
    )
    assert isinstance(said.source, Meaning)


def test_a_base_that_is_not_known_or_was_not_found_changes_nothing() -> None:
    assert claims(config(), base=BaseImage(name=NAME)) == claims(config())
    assert claims(config(), base=None) == claims(config())


def test_labels_that_disagree_do_so_whoever_they_are_from() -> None:
    """Or a base would make a verdict milder."""
    both = config(labels=LABELS | {"org.label-schema.vcs-ref": "a" * 40})
    base = replace(BASE, labels=("org.label-schema.vcs-ref",))

    assert claims(both, base=base).revision == claims(both).revision
    assert isinstance(claims(both, base=base).revision, Unanswered)


@given(
    st.dictionaries(
        st.sampled_from(sorted(READ_LABELS)),
        st.sampled_from(
            [
                REVISION,
                "1234567",
                "ubuntu",
                "24.04",
                "2026-11-20T08:00:00Z",
                "",
                "https://github.com/acme/web",
                "ubi9",
            ]
        ),
    ),
    st.sets(st.sampled_from(sorted(READ_LABELS))),
)
def test_no_base_makes_a_verdict_milder(labels: dict[str, str], shared: set[str]) -> None:
    one = config(labels=labels)
    plain = claims(one)
    based = claims(one, base=replace(BASE, labels=tuple(sorted(shared))))
    for question in Question:
        if isinstance(plain.of(question), Unanswered):
            assert based.of(question) == plain.of(question)


def test_the_rule_subtracts_what_the_base_says() -> None:
    known = facts(config())
    base = replace(BASE, labels=(f"{OCI}.revision", f"{OCI}.source"))
    platforms = (replace(known.platforms[0], base=base),)
    one = use()
    answer = ProvenanceRule().check(
        one, pod(one), image(one.image, replace(known, platforms=platforms)), NOW
    )

    assert answer.outcome is Outcome.FAIL
    assert f"is only inherited from base image {NAME}" in answer.message
