import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.admission.findings import finding
from webhook.admission.answer import answer_of, unjudged
from webhook.admission.warning import MAX_WARNING
from webhook.core.facts import Reason
from webhook.core.policy import Broken
from webhook.core.verdict import Mode, Outcome


def read(body: bytes) -> dict[str, Any]:
    review = json.loads(body)
    assert review["apiVersion"] == "admission.k8s.io/v1"
    assert review["kind"] == "AdmissionReview"
    response: dict[str, Any] = review["response"]
    return response


def test_with_nothing_to_say_the_answer_is_short() -> None:
    answer = answer_of("7", "Pod a/b", [])

    assert answer.decision == "allowed"
    assert read(answer.body) == {
        "uid": "7",
        "allowed": True,
        "auditAnnotations": {"decision": "allowed"},
    }


def test_a_refusal_is_a_403_forbidden_with_a_message() -> None:
    answer = answer_of("7", "Pod a/b", [finding()])

    assert answer.decision == "denied"
    assert list(answer.denials) == [finding()]
    assert read(answer.body) == {
        "uid": "7",
        "allowed": False,
        "status": {
            "message": 'cocket refused Pod a/b:\n  container "app": it is a tag.',
            "reason": "Forbidden",
            "code": 403,
        },
        "auditAnnotations": {"decision": "denied", "policies": "production", "rules": "digest"},
    }


def test_a_warning_admits() -> None:
    answer = answer_of("7", "Pod a/b", [finding(mode=Mode.WARN)])

    response = read(answer.body)
    assert answer.decision == "warned"
    assert response["allowed"] is True
    assert "status" not in response
    assert response["warnings"] == ['cocket: container "app": it is a tag.']


def test_a_refusal_carries_the_warnings_too() -> None:
    response = read(answer_of("7", "Pod a/b", [finding(), finding(mode=Mode.WARN)]).body)

    assert response["allowed"] is False
    assert len(response["warnings"]) == 1


def test_audit_mode_is_seen_in_the_audit_log_only() -> None:
    response = read(answer_of("7", "Pod a/b", [finding(mode=Mode.AUDIT)]).body)

    assert response["allowed"] is True
    assert "warnings" not in response
    assert response["auditAnnotations"] == {
        "decision": "allowed",
        "policies": "production",
        "rules": "digest",
    }


def test_reasons_of_unknowns_are_in_the_audit_log() -> None:
    bad = [
        finding(outcome=Outcome.UNKNOWN, reason=Reason.TIMED_OUT),
        finding(outcome=Outcome.UNKNOWN, reason=Reason.OFFLINE),
    ]

    annotations = read(answer_of("7", "Pod a/b", bad).body)["auditAnnotations"]
    assert annotations["unknown"] == "offline,timed-out"


@given(st.lists(st.text(), max_size=30))
def test_audit_annotations_are_bounded_and_have_plain_keys(names: list[str]) -> None:
    bad = [finding(policy=name * 50, rule=name) for name in names]

    annotations = read(answer_of("7", "Pod a/b", bad).body)["auditAnnotations"]
    assert all(key.isalpha() for key in annotations)
    assert all(len(value) <= 512 and value.isprintable() for value in annotations.values())


def test_what_was_not_judged_is_refused_with_a_reason() -> None:
    answer = unjudged("7", "the object cannot be read:\n spec", allowed=False)

    response = read(answer.body)
    assert answer.decision == "denied"
    assert response["allowed"] is False
    assert response["status"]["code"] == 403
    assert "the object cannot be read:\\n spec" in response["status"]["message"]


def test_what_was_not_judged_is_admitted_with_a_warning_where_nothing_is_enforced() -> None:
    answer = unjudged("7", "x" * 1000, allowed=True)

    response = read(answer.body)
    assert answer.decision == "warned"
    assert response["allowed"] is True
    assert len(response["warnings"][0]) == MAX_WARNING
    assert response["warnings"][0].startswith("cocket: admitted without being judged: xxx")


@given(st.text())
def test_the_uid_comes_back_as_it_came(uid: str) -> None:
    for answer in (
        answer_of(uid, "Pod a/b", []),
        answer_of(uid, "Pod a/b", [finding()]),
        unjudged(uid, "x", allowed=False),
    ):
        assert read(answer.body)["uid"] == uid


def test_the_audit_log_names_the_exceptions_that_let_something_through() -> None:
    names = ["security/b", "security/a", "security/b", ""]
    bad = [finding(mode=Mode.WARN, exception=name) for name in names]

    assert read(answer_of("7", "Pod a/b", bad).body)["auditAnnotations"] == {
        "decision": "warned",
        "policies": "production",
        "rules": "digest",
        "exceptions": "security/a,security/b",
    }


def test_what_is_broken_is_said_to_whoever_gets_in_without_it() -> None:
    broken = [Broken("ImagePolicy", "shop", "main", "spec.rules: unknown field")]
    answer = answer_of("7", "", [], broken)

    assert answer.decision == "allowed"
    assert read(answer.body) == {
        "uid": "7",
        "allowed": True,
        "warnings": [
            "cocket: ImagePolicy shop/main is broken and not in force: spec.rules: unknown field"
        ],
        "auditAnnotations": {"decision": "allowed"},
    }


def test_what_is_broken_says_so_however_long_its_name_is() -> None:
    broken = [Broken("ClusterImagePolicy", "", "n" * 253, "spec.rules: unknown field")]
    (warning,) = read(answer_of("7", "", [], broken).body)["warnings"]

    assert len(warning) <= MAX_WARNING
    assert " is broken and not in force: spec.rules" in warning


def test_what_is_broken_is_said_in_few_lines_before_everything_else() -> None:
    broken = [Broken("Registry", "", f"r{n}", "x" * 1000) for n in range(9)]
    warnings = read(answer_of("7", "Pod a/b", [finding(mode=Mode.WARN)], broken).body)["warnings"]

    assert [len(line) for line in warnings[:3]] == [MAX_WARNING] * 3
    assert warnings[3:] == [
        "cocket: +6 more that are not in force",
        'cocket: container "app": it is a tag.',
    ]
