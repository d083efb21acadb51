"""Which labels are the base image's, as far as the config alone can tell."""

from __future__ import annotations

import pytest

from webhook.core.inheritance import Base, inherited_from
from webhook.core.labels import LABEL_NAMES, Question, Schema

OCI = "org.opencontainers.image"
LS = "org.label-schema"
BY_REF_NAME = {f"{OCI}.ref.name": "ubuntu"}
BY_TITLE = {f"{OCI}.title": "Ubuntu"}
OWN = {f"{OCI}.revision": "4f9d6c1", f"{OCI}.source": "https://github.com/acme/web"}
UBI = {"com.redhat.component": "ubi9-minimal-container"}
UBI_DATE = {"build-date": "2025-08-04T08:12:02"}
CENTOS = {f"{LS}.name": "CentOS Base Image"}

UBUNTU = Base("Ubuntu")
UBUNTU_BY_TITLE = Base("Ubuntu", f"{OCI}.title")
RED_HAT = Base("Red Hat's UBI", "com.redhat.component")


def base(question: Question, schema: Schema, value: str, others: dict[str, str]) -> Base | None:
    return inherited_from(question, schema, {**others, LABEL_NAMES[schema][question]: value})


@pytest.mark.parametrize(
    ("question", "value", "others", "expected"),
    [
        (Question.VERSION, "24.04", BY_REF_NAME, UBUNTU),
        (Question.VERSION, "24.04.1", BY_REF_NAME, UBUNTU),
        (Question.VERSION, "24.04", {**BY_REF_NAME, **OWN}, UBUNTU),
        (Question.VERSION, "1.4.2", BY_REF_NAME, None),
        (Question.VERSION, "24.04", {}, None),
        (Question.VERSION, "26.10", BY_TITLE, UBUNTU_BY_TITLE),
        (Question.VERSION, "1.4.2", BY_TITLE, UBUNTU_BY_TITLE),
        (Question.VERSION, "24.04", {f"{OCI}.title": "web"}, None),
        (Question.CREATED, "2026-11-20T08:00:00Z", BY_TITLE, UBUNTU_BY_TITLE),
        (Question.CREATED, "2026-11-20T08:00:00Z", {**BY_TITLE, **OWN}, UBUNTU_BY_TITLE),
        (Question.CREATED, "2026-11-20T08:00:00Z", BY_REF_NAME, UBUNTU),
        (Question.CREATED, "2026-11-20T08:00:00Z", {**BY_REF_NAME, **OWN}, None),
        (Question.CREATED, "2026-11-20T08:00:00Z", {}, None),
        (Question.REVISION, "4f9d6c1", {**BY_TITLE, **BY_REF_NAME}, None),
        (Question.SOURCE, "https://github.com/acme/web", BY_TITLE, None),
    ],
)
def test_ubuntu_gives_version_and_date_and_never_a_commit(
    question: Question, value: str, others: dict[str, str], expected: Base | None
) -> None:
    assert expected == base(question, Schema.OCI, value, others)


def test_ubuntu_gives_no_label_schema() -> None:
    assert base(Question.VERSION, Schema.LABEL_SCHEMA, "24.04", BY_TITLE) is None


@pytest.mark.parametrize("schema", list(Schema))
@pytest.mark.parametrize(
    ("question", "value", "others", "expected"),
    [
        (Question.REVISION, "4F9D6C1E2B", {**UBI, "vcs-ref": "4f9d6c1e2b"}, RED_HAT),
        (Question.REVISION, "4f9d6c1", {**UBI, "vcs-ref": "4f9d6c1e2b"}, RED_HAT),
        (Question.REVISION, "4f9d6c1e2b", {**UBI, "vcs-ref": "4f9d6c1"}, RED_HAT),
        (Question.REVISION, "4f9d6c1", {**UBI, "vcs-ref": "abcdef0"}, None),
        (Question.REVISION, "4f9d6c1", UBI, RED_HAT),
        (Question.REVISION, "4f9d6c1", {"vcs-ref": "4f9d6c1"}, None),
        (Question.REVISION, "4f9d6c1", {"com.redhat.component": ""}, None),
        (Question.REVISION, "4f9d6c1", {"com.redhat.component": "s2i-core"}, None),
        (Question.CREATED, "2025-08-04T08:12:02Z", {**UBI, **UBI_DATE}, RED_HAT),
        (Question.CREATED, "2026-11-20T08:00:00Z", {**UBI, **UBI_DATE}, None),
        (Question.CREATED, "2026-11-20T08:00:00Z", UBI, RED_HAT),
        (Question.VERSION, "9.6", {**UBI, "version": "9.6"}, RED_HAT),
        (Question.VERSION, "1.4", {**UBI, "version": "9.6"}, None),
        (Question.VERSION, "1.4", UBI, RED_HAT),
        (Question.SOURCE, "https://github.com/acme/web", UBI, None),
        (
            Question.SOURCE,
            "https://github.com/a/b",
            {**UBI, "vcs-url": "https://github.com/a/b"},
            RED_HAT,
        ),
    ],
)
def test_ubi_gives_what_its_plain_labels_say_too(
    question: Question,
    schema: Schema,
    value: str,
    others: dict[str, str],
    expected: Base | None,
) -> None:
    assert expected == base(question, schema, value, others)


def test_centos_gives_label_schema_and_nothing_of_oci() -> None:
    value = "2021-09-15T00:00Z"

    assert base(Question.CREATED, Schema.LABEL_SCHEMA, value, CENTOS) == Base(
        "CentOS", f"{LS}.name"
    )
    assert base(Question.CREATED, Schema.OCI, value, CENTOS) is None
    assert base(Question.CREATED, Schema.LABEL_SCHEMA, value, {f"{LS}.name": "web"}) is None
