import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.admission.findings import finding
from webhook.admission.refusal import (
    MAX_LINES,
    MAX_MESSAGE_BYTES,
    MAX_WARNINGS,
    refusal,
    warning_texts,
)
from webhook.admission.warning import MAX_WARNING
from webhook.core.facts import Reason
from webhook.core.verdict import Mode, Outcome
from webhook.core.workload import Role


def test_a_denial_reads_like_the_one_in_the_design() -> None:
    findings = [
        finding(
            message="nginx:1.25 is a tag, and tags move.",
            fix="It points to sha256:4c0f… now: use nginx:1.25@sha256:4c0f…",
        ),
        finding(
            rule="registry",
            message="docker.io/library/nginx is not a production registry "
            "(production: registry.example.com/prod).",
            fix="Promote the image.",
        ),
    ]

    assert refusal("Pod shop/web", findings) == (
        "cocket refused Pod shop/web:\n"
        '  container "app": nginx:1.25 is a tag, and tags move. '
        "It points to sha256:4c0f… now: use nginx:1.25@sha256:4c0f…\n"
        '  container "app": docker.io/library/nginx is not a production registry '
        "(production: registry.example.com/prod). Promote the image."
    )


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.CONTAINER, 'container "app"'),
        (Role.INIT, 'init container "app"'),
        (Role.SIDECAR, 'sidecar "app"'),
        (Role.EPHEMERAL, 'ephemeral container "app"'),
        (Role.VOLUME, 'image volume "app"'),
    ],
)
def test_each_role_has_its_name(role: Role, words: str) -> None:
    assert f"\n  {words}: it is a tag." in refusal("Pod a/b", [finding(role=role)])


def test_a_finding_about_the_whole_object_names_no_container() -> None:
    text = refusal("Pod a/b", [finding(container="", pointer="", message="too many images.")])

    assert text == "cocket refused Pod a/b:\n  too many images."


def test_what_two_policies_say_alike_is_said_once() -> None:
    text = refusal("Pod a/b", [finding(policy="one"), finding(policy="two")])

    assert text == 'cocket refused Pod a/b:\n  container "app": it is a tag.'


def test_what_is_said_of_one_container_stands_together() -> None:
    text = refusal(
        "Pod a/b",
        [
            finding(container="one", pointer="/1", message="first."),
            finding(container="two", pointer="/2", message="second."),
            finding(container="one", pointer="/1", message="third."),
        ],
    )

    assert [line.split('"')[1] for line in text.splitlines()[1:]] == ["one", "one", "two"]


def test_an_unknown_says_that_it_could_not_be_checked_and_why() -> None:
    text = refusal(
        "Pod a/b",
        [finding(outcome=Outcome.UNKNOWN, reason=Reason.TIMED_OUT, message="no answer within 9 s")],
    )

    assert "could not be checked (timed-out): no answer within 9 s" in text


def test_beyond_twenty_lines_the_rest_is_counted() -> None:
    findings = [finding(container=f"c{number}", pointer=f"/{number}") for number in range(33)]

    lines = refusal("Pod a/b", findings).splitlines()

    assert len(lines) == 1 + MAX_LINES + 1
    assert lines[-1] == "  and 13 more"


def test_twenty_long_lines_outside_ascii_stay_under_the_size() -> None:
    findings = [
        finding(container=f"c{number}", pointer=f"/{number}", message="界" * 5000)
        for number in range(20)
    ]

    text = refusal("Pod a/b", findings)

    assert len(text.encode()) <= MAX_MESSAGE_BYTES
    assert text.splitlines()[-1].startswith("  and ")


@given(st.lists(st.text(max_size=2000), min_size=1, max_size=40), st.text(max_size=2000))
def test_no_text_breaks_the_form_of_a_refusal(messages: list[str], title: str) -> None:
    findings = [finding(container=text, message=text, fix=text) for text in messages]

    text = refusal(title, findings)

    assert len(text.encode()) <= MAX_MESSAGE_BYTES
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) <= MAX_LINES + 2


def test_a_warning_has_no_prefix_that_kubectl_adds_itself() -> None:
    assert warning_texts([finding(mode=Mode.WARN)]) == ['cocket: container "app": it is a tag.']


def test_fails_come_before_unknowns() -> None:
    texts = warning_texts(
        [
            finding(outcome=Outcome.UNKNOWN, reason=Reason.OFFLINE, mode=Mode.WARN, message="u"),
            finding(mode=Mode.WARN, message="f"),
        ]
    )

    assert [text[-1] for text in texts] == ["f", "u"]


@given(st.lists(st.text(max_size=600), max_size=120))
def test_warnings_stay_within_what_the_api_server_passes_on(messages: list[str]) -> None:
    texts = warning_texts([finding(mode=Mode.WARN, message=message) for message in messages])

    assert all(len(text) <= MAX_WARNING and text.isprintable() for text in texts)
    assert sum(map(len, texts)) <= MAX_WARNINGS


def test_warnings_that_do_not_fit_are_counted() -> None:
    texts = warning_texts(
        [finding(mode=Mode.WARN, message=f"{number} {'is bad ' * 20}") for number in range(60)]
    )

    assert texts[-1] == f"cocket: +{60 - (len(texts) - 1)} more"
