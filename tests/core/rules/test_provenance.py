"""Anyone must be able to tell which code is running."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import LABELS, NOW, REVISION, config, facts, image, pod, use
from webhook.core.facts import ImageConfig, Need
from webhook.core.labels import Question, Schema
from webhook.core.rules.provenance import AHEAD, ProvenanceRule
from webhook.core.verdict import Answer, Outcome
from webhook.errors import InvalidPolicyError

OCI = "org.opencontainers.image"
LS = "org.label-schema"
ACME = ("https://github.com/acme/",)


def check(*configs: ImageConfig, rule: ProvenanceRule | None = None) -> Answer:
    one = use()
    made = image(one.image, facts(*configs))
    return (rule or ProvenanceRule()).check(one, pod(one), made, NOW)


def labelled(change: dict[str, str | None]) -> ImageConfig:
    merged = {**LABELS, **change}
    return config(labels={key: value for key, value in merged.items() if value is not None})


def ahead(**time: float) -> ImageConfig:
    at = NOW + timedelta(**time)
    return labelled({f"{OCI}.created": at.strftime("%Y-%m-%dT%H:%M:%SZ")})


def test_an_image_that_says_commit_source_and_date_passes() -> None:
    assert check().outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {f"{OCI}.revision": None},
            f"label {OCI}.revision is missing (which commit is this?)",
        ),
        (
            {f"{OCI}.source": None},
            f"label {OCI}.source is missing (where is its source code?)",
        ),
        (
            {f"{OCI}.created": None},
            f"label {OCI}.created is missing (when was it built?)",
        ),
        (
            {f"{OCI}.revision": "HEAD"},
            f'label {OCI}.revision is missing: it says only "HEAD" (which commit is this?)',
        ),
        (
            {f"{OCI}.revision": "$(git rev-parse HEAD)"},
            (
                f'label {OCI}.revision is missing: it says "$(git rev-parse HEAD)", which '
                "the build should have replaced (which commit is this?)"
            ),
        ),
        (
            {f"{OCI}.created": "0001-01-01T00:00:00Z"},
            (
                f'label {OCI}.created is "0001-01-01T00:00:00Z", which builders write when they '
                "know no date (when was it built?)"
            ),
        ),
        (
            {f"{LS}.vcs-ref": "a" * 40},
            (
                f'labels {OCI}.revision ("{REVISION}") and {LS}.vcs-ref ("{"a" * 40}") disagree '
                "(which commit is this?)"
            ),
        ),
    ],
)
def test_a_refusal_names_the_label_and_asks_the_question(
    change: dict[str, str | None], message: str
) -> None:
    answer = check(labelled(change))

    assert answer.outcome is Outcome.FAIL
    assert message == answer.message


def test_the_fix_is_the_line_to_write() -> None:
    assert check(config(labels={})).fix == (
        "Build it with: docker build "
        f"--label {OCI}.revision=$(git rev-parse HEAD) "
        f"--label {OCI}.source=https://HOST/REPOSITORY "
        f"--label {OCI}.created=$(date -u +%Y-%m-%dT%H:%M:%SZ) …"
    )


def test_the_fix_names_an_allowed_source() -> None:
    answer = check(labelled({f"{OCI}.source": None}), rule=ProvenanceRule(sources=ACME))

    assert f"--label {OCI}.source=https://github.com/acme/REPOSITORY" in answer.fix


def test_the_fix_sets_what_marks_the_base_image_too() -> None:
    answer = check(labelled({f"{OCI}.title": "ubuntu"}))

    assert "is only inherited from base image Ubuntu" in answer.message
    assert f"--label {OCI}.title=NAME" in answer.fix


def test_all_that_is_missing_is_told_at_once() -> None:
    assert check(config(labels={})).message == "; ".join(
        (
            f"label {OCI}.revision is missing (which commit is this?)",
            f"label {OCI}.source is missing (where is its source code?)",
            f"label {OCI}.created is missing (when was it built?)",
        )
    )


def test_the_slide_that_passes_date_to_an_argument_named_build_date_is_refused() -> None:
    # ARG build_date="Unknown" · LABEL org.label-schema.build-date=$build_date, built with
    # `docker build --build-arg date=$(date -u +"%Y-%m-%dT%H:%MZ")`: no argument has that name.
    slide = {f"{LS}.vcs-ref": REVISION, f"{LS}.vcs-url": "git@github.com:acme/web.git"}
    mistaken = check(config(labels={**slide, f"{LS}.build-date": "Unknown"}))

    assert mistaken.outcome is Outcome.FAIL
    assert mistaken.message == (
        f'label {LS}.build-date is missing: it says only "Unknown" (when was it built?)'
    )
    assert f"--label {LS}.build-date=$(date -u" in mistaken.fix

    meant = check(config(labels={**slide, f"{LS}.build-date": "2026-11-20T08:00Z"}))

    assert meant.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("source", "passes"),
    [
        ("https://github.com/acme/web", True),
        ("git@github.com:acme/web.git", True),
        ("ssh://git@github.com/acme/web", True),
        ("https://github.com/acme-evil/web", False),
        ("https://github.com/evil/web", False),
        ("https://github.com/acme/../evil/web", False),
        ("https://github.com/acme%2f..%2fevil/web", False),
        ("https://github.com@evil.example/acme/web", False),
        ("http://github.com/acme/web", False),
        ("git://github.com/acme/web", False),
    ],
)
def test_the_source_lies_under_an_allowed_one(source: str, *, passes: bool) -> None:
    rule = ProvenanceRule(sources=("https://gitlab.example.com", *ACME))

    answer = check(labelled({f"{OCI}.source": source}), rule=rule)

    assert answer.outcome is (Outcome.PASS if passes else Outcome.FAIL)


def test_a_source_elsewhere_is_shown_without_its_password() -> None:
    there = labelled({f"{OCI}.source": "https://me:hunter2@evil.example/x?token=hunter2"})

    answer = check(there, rule=ProvenanceRule(sources=ACME))

    assert answer.message == (
        f"label {OCI}.source is https://evil.example/x, which does not lie under "
        "https://github.com/acme (where is its source code?)"
    )


def test_a_long_list_of_sources_is_cut() -> None:
    rule = ProvenanceRule(sources=tuple(f"https://h{number}.example/" for number in range(5)))

    assert "https://h0.example, https://h1.example, https://h2.example or 2 more" in (
        check(rule=rule).message
    )


@pytest.mark.parametrize(
    ("time", "passes"),
    [
        ({"days": -3650}, True),
        ({"seconds": 0}, True),
        ({"minutes": 5}, True),
        ({"minutes": 5, "seconds": 1}, False),
        ({"days": 400}, False),
    ],
    ids=str,
)
def test_a_clock_may_be_five_minutes_ahead(time: dict[str, float], *, passes: bool) -> None:
    answer = check(ahead(**time))

    assert answer.outcome is (Outcome.PASS if passes else Outcome.FAIL)


def test_an_image_of_tomorrow_passes_the_day_after() -> None:
    tomorrow = image("nginx", facts(ahead(days=1)))
    rule, one = ProvenanceRule(), use()

    before = rule.check(one, pod(one), tomorrow, NOW)
    after = rule.check(one, pod(one), tomorrow, NOW + timedelta(days=2))

    assert before.outcome is Outcome.FAIL
    assert "2026-11-24T12:00:00Z, which is more than 5 minutes in the future" in before.message
    assert after.outcome is Outcome.PASS
    assert timedelta(minutes=5) == AHEAD


def test_what_is_missing_is_told_beside_a_date_in_the_future() -> None:
    both = labelled({f"{OCI}.revision": None, f"{OCI}.created": "2036-01-01T00:00:00Z"})

    answer = check(both)

    assert f"{OCI}.revision is missing" in answer.message
    assert f"{OCI}.created is 2036-01-01T00:00:00Z" in answer.message


def test_what_is_not_required_is_not_judged() -> None:
    rule = ProvenanceRule(require=(Question.REVISION,), sources=ACME)
    bad = labelled({f"{OCI}.created": "2036-01-01T00:00:00Z", f"{OCI}.source": "nowhere"})

    assert check(bad, rule=rule).outcome is Outcome.PASS


def test_only_the_schemas_of_the_rule_count() -> None:
    rule = ProvenanceRule(schemas=(Schema.LABEL_SCHEMA,))

    answer = check(rule=rule)

    assert f"label {LS}.vcs-ref is missing" in answer.message
    assert f"{LS}.vcs-url=" in answer.fix


def test_a_version_is_asked_for_by_name() -> None:
    rule = ProvenanceRule(require=(Question.VERSION,))

    assert check(rule=rule).outcome is Outcome.FAIL
    assert check(labelled({f"{OCI}.version": "1.4"}), rule=rule).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"require": ()}, "at least one"),
        ({"schemas": ()}, "at least one"),
        ({"sources": ("github.com/acme",)}, "'github.com/acme' in sources is no URL"),
        ({"sources": (*ACME, "https://github.com/acme/..")}, "is no URL"),
    ],
)
def test_a_rule_that_asks_nothing_or_that_nothing_meets_is_refused(
    settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidPolicyError, match=words):
        ProvenanceRule(**settings)


def test_it_needs_the_config() -> None:
    assert ProvenanceRule.name == "provenance"
    assert frozenset({Need.CONFIG}) == ProvenanceRule().needs
