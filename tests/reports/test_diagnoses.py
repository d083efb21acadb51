"""What a doctor found, as a table and as JSON."""

from __future__ import annotations

import json

from webhook.reports.diagnoses import (
    Diagnosis,
    State,
    diagnosis_lines,
    render_diagnoses,
    render_diagnoses_json,
)

FOUND = [
    Diagnosis("server", State.OK, "Kubernetes v1.28"),
    Diagnosis("server", State.OK, "of today"),
    Diagnosis("replicas", State.OK, "two"),
    Diagnosis("replicas", State.RISK, "a is old", "kubectl get a"),
    Diagnosis("access", State.UNKNOWN, "roles: 403"),
    Diagnosis("policies", State.WRONG, "there is none", "kubectl apply -f p.yaml"),
]


def test_what_is_well_takes_one_line_and_what_is_not_says_what_mends_it() -> None:
    assert render_diagnoses(FOUND).splitlines() == [
        "✓ server: Kubernetes v1.28 (and 1 more)",
        "! replicas: a is old",
        "    kubectl get a",
        "? access: roles: 403",
        "✗ policies: there is none",
        "    kubectl apply -f p.yaml",
        "6 looked at: 1 wrong, 1 at risk, 1 could not be checked",
    ]


def test_all_of_it_is_shown_on_request() -> None:
    lines = list(diagnosis_lines(FOUND, verbose=True))

    assert [line for state, line in lines if state is State.OK] == [
        "✓ server: Kubernetes v1.28",
        "✓ server: of today",
        "✓ replicas: two",
    ]
    assert lines[-1] == (None, "6 looked at: 1 wrong, 1 at risk, 1 could not be checked")


def test_json_holds_all_of_it() -> None:
    found = json.loads(render_diagnoses_json(FOUND))

    assert found["kind"] == "Diagnoses"
    assert found["summary"] == {"ok": 3, "risk": 1, "wrong": 1, "unknown": 1}
    assert found["diagnoses"][3] == {
        "check": "replicas",
        "state": "risk",
        "message": "a is old",
        "fix": "kubectl get a",
    }


def test_texts_of_strangers_move_no_cursor() -> None:
    evil = Diagnosis("server", State.WRONG, "\x1b[2J\n\u202e", "\x9b\n")
    text = render_diagnoses([evil])

    assert len(text.splitlines()) == 3
    assert all(line.isprintable() for line in text.splitlines())
    assert "\x1b" not in render_diagnoses_json([evil])
