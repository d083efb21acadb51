"""Rule `provenance`: every platform that can run is judged, and whatever its labels say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import DIGEST, LABELS, NOW, REVISION, config, facts, pod, use
from webhook.core.facts import ImageConfig, ImageFacts, Reason, Unknown
from webhook.core.image import ImageRef
from webhook.core.rules.protocol import Image
from webhook.core.rules.provenance import ProvenanceRule
from webhook.core.verdict import Answer, Outcome

OCI = "org.opencontainers.image"
LS = "org.label-schema"
ACME = ("https://github.com/acme/",)


def check(*configs: ImageConfig, rule: ProvenanceRule | None = None) -> Answer:
    return judged(facts(*configs), rule)


def judged(known: ImageFacts | Unknown, rule: ProvenanceRule | None = None) -> Answer:
    one = use()
    made = Image(ImageRef.parse(one.image), known)
    return (rule or ProvenanceRule()).check(one, pod(one), made, NOW)


def of_tomorrow() -> ImageConfig:
    at = NOW + timedelta(days=1)
    return config(labels={**LABELS, f"{OCI}.created": at.strftime("%Y-%m-%dT%H:%M:%SZ")})


BARE = config(labels={}, architecture="s390x")
HALF = config(labels={f"{OCI}.revision": REVISION}, architecture="arm64")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_the_worst_platform_counts_and_is_named(order: tuple[int, ...]) -> None:
    platforms = (config(), HALF, BARE)

    answer = check(*(platforms[number] for number in order))

    assert answer.outcome is Outcome.FAIL
    assert answer.message.startswith(f"on linux/s390x, label {OCI}.revision is missing")


def test_platforms_that_are_alike_are_not_named() -> None:
    other = config(labels={}, architecture="arm64")

    assert check(BARE, other).message.startswith("label ")


def test_a_platform_of_tomorrow_is_named() -> None:
    answer = check(config(architecture="arm64"), of_tomorrow())

    assert answer.message.startswith(f"on linux/amd64, label {OCI}.created is 2026-11-24")


@pytest.mark.parametrize("digest", [DIGEST, ""])
def test_facts_without_platforms_never_pass(digest: str) -> None:
    answer = judged(ImageFacts(digest=digest))

    assert answer.outcome is Outcome.UNKNOWN
    assert answer.reason is Reason.BAD_CONTENT


@pytest.mark.parametrize("reason", list(Reason))
def test_what_is_unknown_stays_unknown_for_the_same_reason(reason: Reason) -> None:
    answer = judged(Unknown(reason, "a detail"))

    assert answer.outcome is Outcome.UNKNOWN
    assert reason is answer.reason
    assert answer.message == "a detail"


def test_labels_too_long_to_remember_are_judged_all_the_same() -> None:
    padding = {"padding": "x" * 100_000}
    good = config(labels={**LABELS, **padding})

    assert check(good).outcome is Outcome.PASS
    assert check(config(labels=padding)).outcome is Outcome.FAIL


_values = st.one_of(
    st.text(max_size=40),
    st.sampled_from([*LABELS.values(), "Unknown", "", "a" * 40, "https://x:y@h/..", "2026"]),
)
_keys = st.sampled_from(
    [
        *LABELS,
        f"{OCI}.ref.name",
        f"{OCI}.title",
        f"{LS}.vcs-ref",
        f"{LS}.vcs-url",
        f"{LS}.build-date",
        f"{LS}.name",
        "com.redhat.component",
        "vcs-ref",
        "build-date",
    ]
)


@given(labels=st.dictionaries(_keys, _values), strict=st.booleans())
def test_whatever_the_labels_say_there_is_one_printable_answer(
    labels: dict[str, str], *, strict: bool
) -> None:
    answer = check(config(labels=labels), rule=ProvenanceRule(sources=ACME if strict else ()))

    assert answer.outcome in {Outcome.PASS, Outcome.FAIL}
    assert (answer.message + answer.fix).isprintable()
    assert len(answer.message) < 1000
