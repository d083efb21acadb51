"""What annotations say of an image, and what they have only from its base."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.builders import DIGEST, LABELS, REVISION, config, facts
from webhook.core.annotations import MAX_VALUE, annotated, nearest
from webhook.core.base_image import BaseImage
from webhook.core.claims import READ_LABELS, Unanswered
from webhook.core.facts import PlatformImage
from webhook.core.labels import Meaning, Question

OCI = "org.opencontainers.image"
LS = "org.label-schema"
REV, CREATED, VERSION = f"{OCI}.revision", f"{OCI}.created", f"{OCI}.version"
NAME = "registry.example.com/base/java:21"
BASE = BaseImage(name=NAME, digest=DIGEST, found=True)


def image(
    notes: dict[str, str], labels: dict[str, str] | None = None, base: BaseImage | None = None
) -> PlatformImage:
    (one,) = facts(config(labels=labels or {})).platforms
    return replace(one, annotations=tuple(sorted(notes.items())), base=base)


def said(one: PlatformImage, question: Question = Question.REVISION) -> str:
    answer = annotated(one).of(question)
    return answer.value if isinstance(answer, Meaning) else ""


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ([], {}),
        ([{REV: "1234567"}], {REV: "1234567"}),
        ([{REV: "1234567"}, {REV: "7654321"}], {REV: "1234567"}),
        ([{}, {}, {REV: "7654321"}], {REV: "7654321"}),
        ([{REV: " "}, {REV: "7654321"}], {REV: "7654321"}),
        ([{REV: "x" * (MAX_VALUE + 1)}, {REV: "7654321"}], {REV: "7654321"}),
        ([{REV: "x" * MAX_VALUE}, {REV: "7654321"}], {REV: "x" * MAX_VALUE}),
        ([{f"{LS}.vcs-ref": "1234567", "team": "a"}], {f"{LS}.vcs-ref": "1234567"}),
    ],
)
def test_of_several_places_the_nearest_that_says_something_is_heard(
    places: list[dict[str, str]], found: dict[str, str]
) -> None:
    assert nearest(*places) == tuple(sorted(found.items()))


@given(st.lists(st.dictionaries(st.sampled_from([*READ_LABELS, "a", "b"]), st.text())))
def test_whatever_they_say_it_is_little(places: list[dict[str, str]]) -> None:
    found = nearest(*places)

    assert len(found) <= len(READ_LABELS)
    assert all(len(value) <= MAX_VALUE for _, value in found)
    assert nearest(dict(found)) == found


@pytest.mark.parametrize(
    ("notes", "question", "value"),
    [
        (LABELS, Question.REVISION, REVISION),
        (LABELS, Question.SOURCE, "https://github.com/acme/web"),
        (LABELS, Question.CREATED, "2026-11-20T08:00:00Z"),
        ({f"{LS}.vcs-ref": "1234567"}, Question.REVISION, "1234567"),
        ({f"{LS}.build-date": "2026-11-20T08:00Z"}, Question.CREATED, "2026-11-20T08:00Z"),
        ({REV: "unknown"}, Question.REVISION, ""),
        ({REV: "$(git rev-parse HEAD)"}, Question.REVISION, ""),
        ({REV: "4f9d6c1-dirty"}, Question.REVISION, ""),
        ({REV: REVISION, f"{LS}.vcs-ref": "a" * 40}, Question.REVISION, ""),
        ({}, Question.REVISION, ""),
    ],
)
def test_a_value_must_mean_what_a_label_must(
    notes: dict[str, str], question: Question, value: str
) -> None:
    assert said(image(notes), question).startswith(value[:16])
    assert bool(said(image(notes), question)) is bool(value)


@pytest.mark.parametrize(
    ("one", "own"),
    [
        pytest.param(image({REV: REVISION}, base=BASE), True, id="a base without any"),
        pytest.param(
            image({REV: REVISION}, base=replace(BASE, annotations=(REV,))), False, id="the base's"
        ),
        pytest.param(
            image({REV: REVISION}, {REV: REVISION}, replace(BASE, labels=(REV,))),
            False,
            id="a copy of the base's label",
        ),
        pytest.param(
            image({REV: "1234567"}, {REV: REVISION}, replace(BASE, labels=(REV,))),
            True,
            id="another value than the base's label",
        ),
        pytest.param(image({REV: REVISION}, {REV: REVISION}), True, id="a copy of its own label"),
        pytest.param(
            image({REV: REVISION}, {REV: REVISION, "com.redhat.component": "ubi9", "vcs-ref": ""}),
            False,
            id="a copy of UBI's label",
        ),
        pytest.param(
            image({REV: REVISION, "com.redhat.component": "ubi9"}), False, id="UBI's annotations"
        ),
    ],
)
def test_what_comes_from_the_base_is_no_answer(one: PlatformImage, *, own: bool) -> None:
    assert bool(said(one)) is own


def test_ubuntu_is_told_by_annotations_as_by_labels() -> None:
    title = {f"{OCI}.title": "ubuntu", VERSION: "26.10", CREATED: "2026-11-20T08:00:00Z"}

    assert isinstance(annotated(image(title)).version, Unanswered)
    # Its labels were inherited, its annotations were not.
    assert said(image({CREATED: "2026-11-20T08:00:00Z"}, title), Question.CREATED) == ""
    assert said(image({CREATED: "2026-11-21T08:00:00Z"}, title), Question.CREATED) != ""
