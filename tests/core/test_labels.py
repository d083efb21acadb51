"""What one label value means."""

from __future__ import annotations

import pytest

from webhook.core.labels import (
    LABEL_NAMES,
    Blank,
    Meaning,
    Nonsense,
    Question,
    Schema,
    quoted,
    read_label,
)

COMMIT = "4f9d6c1e2b3a4958677a8b9c0d1e2f3a4b5c6d7e"


@pytest.mark.parametrize("question", list(Question))
@pytest.mark.parametrize("schema", list(Schema))
@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "unknown",
        "Unknown",
        "UNKNOWN ",
        "none",
        "dirty",
        "HEAD",
        "head",
        "null",
        "undefined",
        "n/a",
        "<no value>",
        "$(git rev-parse HEAD)",
        "${VCS_REF}",
        "$IMAGE_CREATE_DATE",
        "`date`",
        "{{ .Version }}",
        "1.0-${BUILD}",
    ],
)
def test_a_value_that_says_nothing_is_as_good_as_missing(
    question: Question, schema: Schema, text: str
) -> None:
    assert isinstance(read_label(question, schema, text), Blank)


@pytest.mark.parametrize(
    ("question", "schema", "text", "value"),
    [
        (Question.REVISION, Schema.OCI, COMMIT, COMMIT),
        (Question.REVISION, Schema.OCI, COMMIT.upper(), COMMIT),
        (Question.REVISION, Schema.LABEL_SCHEMA, "4f9d6c1", "4f9d6c1"),
        (Question.REVISION, Schema.OCI, "a" * 64, "a" * 64),
        (Question.SOURCE, Schema.OCI, "git@github.com:a/b.git", "https://github.com/a/b"),
        (Question.SOURCE, Schema.OCI, "https://me:pw@github.com/a/b", "https://github.com/a/b"),
        (Question.CREATED, Schema.OCI, "2026-11-20T09:00:00+01:00", "2026-11-20T08:00:00Z"),
        (Question.CREATED, Schema.LABEL_SCHEMA, "2026-11-20T08:00Z", "2026-11-20T08:00Z"),
        (Question.CREATED, Schema.OCI, "1980-01-01T00:00:00Z", "1980-01-01T00:00:00Z"),
        (Question.CREATED, Schema.OCI, "1970-01-02T00:00:00Z", "1970-01-02T00:00:00Z"),
        (Question.VERSION, Schema.OCI, " v1.2.3-dirty ", "v1.2.3-dirty"),
        (Question.VERSION, Schema.OCI, "x" * 256, "x" * 256),
    ],
)
def test_a_value_that_answers_is_read_in_normal_form(
    question: Question, schema: Schema, text: str, value: str
) -> None:
    read = read_label(question, schema, text)

    assert isinstance(read, Meaning)
    assert value == read.value
    assert LABEL_NAMES[schema][question] == read.label


@pytest.mark.parametrize(
    ("question", "schema", "text", "words"),
    [
        (Question.REVISION, Schema.OCI, "main", '"main", which is no commit of 7 to 64'),
        (Question.REVISION, Schema.OCI, "4f9d6c", "no commit"),
        (Question.REVISION, Schema.OCI, "a" * 65, "no commit"),
        (Question.REVISION, Schema.OCI, COMMIT + "\n", "no commit"),
        (Question.REVISION, Schema.OCI, "٤" * 8, "no commit"),
        (Question.REVISION, Schema.OCI, "4f9d6c1-dirty", "changed and not committed"),
        (Question.SOURCE, Schema.OCI, "github.com/a/b", 'is "github.com/a/b", which is no URL'),
        (Question.CREATED, Schema.OCI, "2026-11-20T08:00Z", "no date as in RFC 3339"),
        (Question.CREATED, Schema.LABEL_SCHEMA, "20210915", "no date as in RFC 3339"),
        (Question.CREATED, Schema.OCI, "0001-01-01T00:00:00Z", "when they know no date"),
        (Question.CREATED, Schema.OCI, "1970-01-01T00:00:00Z", "when they know no date"),
        (Question.CREATED, Schema.OCI, "1970-01-01T23:59:59Z", "when they know no date"),
        (Question.CREATED, Schema.OCI, "1969-12-31T19:00:00-05:00", "when they know no date"),
        (Question.VERSION, Schema.OCI, "x" * 257, "too long or strange"),
        (Question.VERSION, Schema.OCI, "1.0\x1b[2J", '"1.0\\x1b[2J", which is too long or strange'),
    ],
)
def test_a_value_that_answers_something_else_is_nonsense(
    question: Question, schema: Schema, text: str, words: str
) -> None:
    read = read_label(question, schema, text)

    assert isinstance(read, Nonsense)
    assert words in read.why


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter2@github.com:port/a/b",
        "https://github.com:port/a/b?token=hunter2",
        "https://me:hunter2@github.com/${REPO}",
    ],
)
def test_a_source_that_may_carry_a_secret_is_not_shown(text: str) -> None:
    read = read_label(Question.SOURCE, Schema.OCI, text)

    assert not isinstance(read, Meaning)
    assert "hunter2" not in read.why
    assert "something that" in read.why


def test_a_quoted_value_is_short_and_printable() -> None:
    assert quoted("a\nb") == '"a\\nb"'
    assert len(quoted("x" * 500)) == 82


def test_every_question_is_asked_in_words() -> None:
    assert all(question.asked.endswith("?") for question in Question)
