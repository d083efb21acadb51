"""What the labels of one image say together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import LABELS, REVISION, config
from webhook.core.claims import ALL_SCHEMAS, Unanswered, claims
from webhook.core.labels import Meaning, Question, Schema

OCI = "org.opencontainers.image"
LS = "org.label-schema"


def answer(
    question: Question, labels: dict[str, str], schemas: tuple[Schema, ...] = ALL_SCHEMAS
) -> Meaning | Unanswered:
    return claims(config(labels=labels), schemas).of(question)


def test_a_well_labelled_image_answers_every_question_but_those_it_has_no_label_for() -> None:
    said = claims(config())

    assert isinstance(said.revision, Meaning)
    assert said.revision.value == REVISION
    assert isinstance(said.source, Meaning)
    assert isinstance(said.created, Meaning)
    assert said.version == Unanswered(
        Question.VERSION,
        f"label {OCI}.version is missing (which version is it?)",
        (f"{OCI}.version",),
    )


@pytest.mark.parametrize("question", list(Question))
def test_every_question_has_its_own_answer(question: Question) -> None:
    unlabelled = answer(question, {})

    assert isinstance(unlabelled, Unanswered)
    assert question is unlabelled.question
    assert f"label {OCI}.{question} is missing ({question.asked})" == unlabelled.why


@pytest.mark.parametrize(
    ("question", "one", "other", "value"),
    [
        (Question.REVISION, REVISION, REVISION.upper(), REVISION),
        (Question.REVISION, REVISION, REVISION[:7], REVISION),
        (Question.REVISION, REVISION[:7], REVISION, REVISION),
        (
            Question.SOURCE,
            "https://github.com/acme/web",
            "git@github.com:acme/web.git",
            "https://github.com/acme/web",
        ),
        (
            Question.SOURCE,
            "git://github.com/acme/web",
            "https://github.com/acme/web",
            "git://github.com/acme/web",
        ),
        (
            Question.CREATED,
            "2026-11-20T08:00:42Z",
            "2026-11-20T09:00+01:00",
            "2026-11-20T08:00:42Z",
        ),
        (Question.VERSION, "1.4", "1.4", "1.4"),
        (Question.VERSION, "1.4", "Unknown", "1.4"),
        (Question.VERSION, "", "1.4", "1.4"),
        (Question.CREATED, "none", "2026-11-20T08:00Z", "2026-11-20T08:00Z"),
    ],
)
def test_two_schemas_that_agree_give_the_value_that_says_most(
    question: Question, one: str, other: str, value: str
) -> None:
    said = answer(question, both(question, one, other))

    assert isinstance(said, Meaning)
    assert value == said.value


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (Question.REVISION, REVISION, REVISION[::-1]),
        (Question.REVISION, REVISION[:8], REVISION[:7] + "0"),
        (Question.SOURCE, "https://github.com/acme/web", "https://github.com/acme/api"),
        (Question.CREATED, "2026-11-20T08:00:42Z", "2026-11-20T08:01Z"),
        (Question.CREATED, "2026-11-20T08:00:42Z", "2026-11-20T08:00:43Z"),
        (Question.VERSION, "1.4", "1.4.1"),
    ],
)
def test_two_schemas_that_disagree_answer_nothing(question: Question, one: str, other: str) -> None:
    labels = both(question, one, other)
    said = answer(question, labels)

    assert isinstance(said, Unanswered)
    assert "disagree" in said.why
    assert question.asked in said.why
    assert tuple(labels) == said.labels


def test_schemas_that_do_not_count_are_not_read() -> None:
    labels = both(Question.VERSION, "1.4", "1.5")

    oci = answer(Question.VERSION, labels, (Schema.OCI,))
    other = answer(Question.VERSION, labels, (Schema.LABEL_SCHEMA,))

    assert isinstance(oci, Meaning)
    assert isinstance(other, Meaning)
    assert (oci.value, other.value) == ("1.4", "1.5")


def test_a_missing_label_is_named_in_the_preferred_schema() -> None:
    said = answer(Question.CREATED, {}, (Schema.LABEL_SCHEMA, Schema.OCI))

    assert isinstance(said, Unanswered)
    assert said.labels == (f"{LS}.build-date",)


def test_nonsense_in_one_schema_is_not_hidden_by_the_other() -> None:
    said = answer(Question.REVISION, both(Question.REVISION, REVISION, "main"))

    assert isinstance(said, Unanswered)
    assert f'label {LS}.vcs-ref is "main", which is no commit' in said.why


def test_of_two_values_that_say_nothing_the_preferred_one_is_told() -> None:
    said = answer(Question.VERSION, both(Question.VERSION, "", "unknown"))

    assert isinstance(said, Unanswered)
    assert said.why == f"label {OCI}.version is missing: it is empty (which version is it?)"


def test_a_value_only_inherited_is_missing_and_the_message_says_so() -> None:
    labels = {f"{OCI}.ref.name": "ubuntu", f"{OCI}.version": "24.04"}
    said = answer(Question.VERSION, labels)

    assert isinstance(said, Unanswered)
    assert said.why == (
        f'label {OCI}.version is missing: "24.04" is only inherited from base image Ubuntu '
        "(which version is it?)"
    )
    assert said.labels == (f"{OCI}.version",)


def test_the_fix_for_an_inherited_value_sets_the_marker_too() -> None:
    labels = LABELS | {f"{OCI}.title": "ubuntu"}
    said = answer(Question.CREATED, labels)

    assert isinstance(said, Unanswered)
    assert said.labels == (f"{OCI}.created", f"{OCI}.title")


def test_the_other_schema_answers_beside_an_inherited_value() -> None:
    labels = {f"{OCI}.title": "ubuntu", f"{OCI}.version": "26.10", f"{LS}.version": "1.4"}
    said = answer(Question.VERSION, labels)

    assert isinstance(said, Meaning)
    assert said.value == "1.4"


def test_an_inherited_value_of_the_other_schema_asks_for_the_preferred_label() -> None:
    labels = {f"{LS}.name": "CentOS Base Image", f"{LS}.build-date": "2021-09-15T00:00Z"}
    said = answer(Question.CREATED, labels)

    assert isinstance(said, Unanswered)
    assert "CentOS" in said.why
    assert said.labels == (f"{OCI}.created",)


@pytest.mark.parametrize("version", ["20.04", "22.04", "24.04", "25.10"])
def test_no_ubuntu_release_passes_for_a_version_of_the_image(version: str) -> None:
    labels = {f"{OCI}.ref.name": "ubuntu", f"{OCI}.version": version}

    assert isinstance(answer(Question.VERSION, labels), Unanswered)


def both(question: Question, one: str, other: str) -> dict[str, str]:
    names = {
        Question.REVISION: "vcs-ref",
        Question.SOURCE: "vcs-url",
        Question.CREATED: "build-date",
        Question.VERSION: "version",
    }
    return {f"{OCI}.{question}": one, f"{LS}.{names[question]}": other}


def test_no_official_image_on_ubuntu_passes_with_ubuntus_version() -> None:
    path = Path(__file__).parents[1] / "data" / "images" / "official-images.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    on_ubuntu = [
        labels
        for record in records
        if isinstance(labels := record["Labels"], dict)
        and labels.get(f"{OCI}.ref.name") == "ubuntu"
    ]

    assert len(on_ubuntu) >= 6
    assert all(isinstance(answer(Question.VERSION, one), Unanswered) for one in on_ubuntu)
