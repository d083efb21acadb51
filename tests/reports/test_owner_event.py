"""The event on an owner, as API servers and `kubectl describe` take it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from tests.builders import NOW
from tests.reports.audits import UID, audited, hostile_audited, owner
from tests.reports.findings import finding
from webhook.core.verdict import Mode
from webhook.reports.audited import Audited
from webhook.reports.owner_event import MAX_NOTE, owner_event


def test_it_is_about_the_owner_and_says_what_to_write_instead() -> None:
    event = owner_event(audited(finding(), finding(mode=Mode.WARN, rule="init")), "op-1", NOW)

    assert event is not None
    name = event["metadata"].pop("name")
    assert name.startswith("cocket-")
    assert event == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"namespace": "shop"},
        "eventTime": "2026-11-23T12:00:00.000000Z",
        "type": "Warning",
        "reason": "WouldBeRefused",
        "action": "Audit",
        "reportingController": "cocket.dev/operator",
        "reportingInstance": "op-1",
        "regarding": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "web",
            "uid": UID,
        },
        "note": 'New Pods of it would be refused: container "app": nginx:1.25 is a tag, and tags '
        "move. Write nginx@sha256:….",
    }


@pytest.mark.parametrize(
    "found", [audited(), audited(finding(mode=Mode.WARN)), audited(finding(), of=owner(uid=""))]
)
def test_where_nothing_is_refused_or_nobody_can_be_told_there_is_none(found: Audited) -> None:
    assert owner_event(found, "op-1", NOW) is None


def test_its_name_is_what_it_says_and_not_when_or_who() -> None:
    def name(found: Audited, instance: str = "a") -> str:
        event = owner_event(found, instance, NOW)
        assert event is not None
        return str(event["metadata"]["name"])

    one, other = finding(), finding(rule="init", message="PID 1 is node")

    assert name(audited(one, other)) == name(audited(other, one), "b")
    assert name(audited(one)) != name(audited(one, other))
    assert name(audited(one)) != name(audited(one, of=owner(uid="another")))


def test_the_same_sentence_of_two_policies_is_said_once() -> None:
    event = owner_event(audited(finding(policy="a"), finding(policy="b")), "op-1", NOW)

    assert event is not None
    assert event["note"].count("nginx:1.25") == 1


def test_what_is_too_long_is_counted() -> None:
    many = [finding(container=f"c{number}") for number in range(40)]
    event = owner_event(audited(*many), "op-1", NOW)

    assert event is not None
    shown = event["note"].count("container ")
    assert event["note"].endswith(f" … and {40 - shown} more")
    assert MAX_NOTE - 150 < len(event["note"].encode()) <= MAX_NOTE


def test_one_sentence_that_is_too_long_is_cut() -> None:
    event = owner_event(audited(finding(message="ä" * 2000)), "op-1", NOW)

    assert event is not None
    assert event["note"].endswith("…")
    assert len(event["note"].encode()) <= MAX_NOTE


@given(hostile_audited())
def test_strangers_break_neither_its_bounds_nor_a_terminal(found: Audited) -> None:
    event = owner_event(found, "op-1", NOW)

    if event is not None:
        assert msgspec.json.encode(event).decode().isprintable()
        assert 0 < len(event["note"].encode()) <= MAX_NOTE
