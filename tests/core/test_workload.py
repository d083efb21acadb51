"""What an UPDATE leaves as it was."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.builders import pod, use
from webhook.core.workload import Hook, Role, Workload

BEFORE = use()


def unchanged(before: Workload, after: Workload) -> frozenset[str]:
    return msgspec.structs.replace(after, old=before).unchanged


def test_nothing_is_unchanged_on_create() -> None:
    assert frozenset() == pod().unchanged


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {"team": "a"}},
        {"service_account": "other"},
        {"requester": "somebody"},
        {"uid": "1"},
    ],
    ids=str,
)
def test_what_the_rules_do_not_judge_changes_no_use(change: dict[str, Any]) -> None:
    after = msgspec.structs.replace(pod(BEFORE), **change)

    assert frozenset({BEFORE.pointer}) == unchanged(pod(BEFORE), after)


@pytest.mark.parametrize(
    "change",
    [
        {"image": "nginx"},
        {"container": "other"},
        {"role": Role.SIDECAR},
        {"command": ("/app",)},
        {"args": ("--fast",)},
        {"env": (("APP", "/app"),)},
        {"stop_signal": "SIGQUIT"},
        {"pre_stop": Hook(5)},
        {"pre_stop": Hook(acts=True)},
    ],
    ids=str,
)
def test_a_changed_use_is_judged_as_new(change: dict[str, Any]) -> None:
    after = pod(msgspec.structs.replace(BEFORE, **change))

    assert frozenset() == unchanged(pod(BEFORE), after)


@pytest.mark.parametrize(
    "after",
    [
        pod(BEFORE, share_process_namespace=True),
        pod(BEFORE, host_pid=True),
        pod(BEFORE, os="windows"),
        pod(BEFORE, grace_seconds=5),
    ],
    ids=["sharing", "host", "system", "grace"],
)
def test_when_all_run_or_end_otherwise_everything_is_judged_as_new(after: Workload) -> None:
    assert frozenset() == unchanged(pod(BEFORE), after)


def test_a_grace_period_that_is_written_down_changes_nothing() -> None:
    assert frozenset({BEFORE.pointer}) == unchanged(pod(BEFORE), pod(BEFORE, grace_seconds=30))


def test_only_the_use_that_was_added_is_new() -> None:
    added = use("debug:1", container="debugger", role=Role.EPHEMERAL)

    assert frozenset({BEFORE.pointer}) == unchanged(pod(BEFORE), pod(BEFORE, added))


def test_a_use_that_only_moved_is_unchanged() -> None:
    moved = msgspec.structs.replace(BEFORE, pointer="/spec/containers/7/image")

    assert frozenset({moved.pointer}) == unchanged(pod(BEFORE), pod(moved))
