"""Rule `provenance` judges by labels; what annotations say is told, and passes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders import LABELS, NOW, REVISION, config, facts, image, pod, use
from webhook.core.claims import READ_LABELS
from webhook.core.facts import ImageConfig, ImageFacts
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.verdict import Answer, Outcome

OCI = "org.opencontainers.image"
REV = f"{OCI}.revision"


def noted(notes: dict[str, str], *configs: ImageConfig) -> ImageFacts:
    known = facts(*configs)
    pairs = tuple(sorted(notes.items()))
    return replace(
        known, platforms=tuple(replace(one, annotations=pairs) for one in known.platforms)
    )


def check(known: ImageFacts, rule: ProvenanceRule | None = None) -> Answer:
    one = use()
    return (rule or ProvenanceRule()).check(one, pod(one), image(one.image, known), NOW)


def test_an_annotation_is_no_label_and_the_message_says_so() -> None:
    labels = {key: value for key, value in LABELS.items() if key != REV}
    answer = check(noted(LABELS, config(labels=labels)))

    assert answer.outcome is Outcome.FAIL
    assert answer.message == (
        f"label {REV} is missing (which commit is this?): annotation {REV} says {REVISION}, and "
        "annotations are no labels"
    )
    assert answer.fix == f"Build it with: docker build --label {REV}=$(git rev-parse HEAD) …"


def test_the_annotation_is_named_as_it_is_written() -> None:
    answer = check(noted({"org.label-schema.vcs-ref": "1234567"}, config(labels={})))

    assert "annotation org.label-schema.vcs-ref says 1234567" in answer.message
    assert answer.message.count("annotations are no labels") == 1


@pytest.mark.parametrize("value", ["unknown", "", "$COMMIT", "4f9d6c1-dirty"])
def test_an_annotation_that_says_nothing_is_not_mentioned(value: str) -> None:
    assert "annotation" not in check(noted({REV: value}, config(labels={}))).message


def test_other_annotations_than_labels_change_no_pass() -> None:
    assert check(noted({REV: "1234567"})) == check(facts())


@given(
    st.dictionaries(
        st.sampled_from(sorted(READ_LABELS)), st.sampled_from([*LABELS.values(), "\x1b[2J", "x"])
    ),
    st.dictionaries(st.sampled_from(sorted(LABELS)), st.sampled_from([*LABELS.values(), "none"])),
)
def test_no_annotation_changes_an_outcome(notes: dict[str, str], labels: dict[str, str]) -> None:
    without = check(facts(config(labels=labels)))
    answer = check(noted(notes, config(labels=labels)))

    assert (answer.outcome, answer.fix) == (without.outcome, without.fix)
    assert answer.message.isprintable()


def test_annotations_too_long_to_be_remembered_are_judged_alike() -> None:
    long = {f"{OCI}.ref.name": "x" * 70_000}

    assert check(noted(long | LABELS, config(labels={}))) == check(noted(LABELS, config(labels={})))
