"""What a preStop hook does, as far as it shows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from webhook.core.hooks import MAX_SECONDS, hook_of
from webhook.core.object_fields import Handler
from webhook.core.workload import Hook


def hook(written: dict[str, Any]) -> Hook | None:
    return hook_of(msgspec.convert(written, Handler))


def acts(found: Hook | None) -> bool:
    return found is not None and found == Hook(acts=True, mark=found.mark) and bool(found.mark)


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        (["sleep", "5"], 5),
        (["/bin/sleep", "10s"], 10),
        (["sleep", "1m"], 60),
        (["sleep", "2.5"], 2),
        (["/bin/sh", "-c", "sleep 15"], 15),
        (["bash", "-c", " /usr/bin/sleep 15; "], 15),
        (["sh", "-c", "exec sleep 1h"], 3600),
        (["sleep", "999999999"], MAX_SECONDS),
    ],
)
def test_a_command_that_only_sleeps_is_a_sleep(command: list[str], seconds: int) -> None:
    assert hook({"exec": {"command": command}}) == Hook(seconds)


@pytest.mark.parametrize(
    "command",
    [
        ["nginx", "-s", "quit"],
        ["sleep"],
        ["sleep", "5", "6"],
        ["sleep", "infinity"],
        ["sleep", "-1"],
        ["sh", "-c", "sleep 5 && nginx -s quit"],
        ["sh", "-c", "sleep $WAIT"],
        ["sh", "-c", "sleep 5" + "." * 300],
        ["python", "-c", "sleep 5"],
        ["sh", "-x", "sleep 5"],
        [None, None],
        [],
    ],
)
def test_what_another_command_does_is_not_seen(command: list[str | None]) -> None:
    assert acts(hook({"exec": {"command": command}}))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"sleep": {"seconds": 7}}, Hook(7)),
        ({"sleep": {"seconds": -7}}, Hook(0)),
        ({"sleep": {}}, Hook(0)),
        ({"tcpSocket": {"port": 80}}, None),
        ({}, None),
    ],
)
def test_each_kind_of_hook(written: dict[str, Any], expected: Hook | None) -> None:
    assert hook(written) == expected


def test_hooks_that_act_are_told_from_one_another() -> None:
    written: list[dict[str, Any]] = [
        {"exec": {}},
        {"exec": {"command": ["/bye"]}},
        {"exec": {"command": ["/bye", ""]}},
        {"exec": {"command": ["\ud800"]}},
        {"httpGet": {"port": 80}},
        {"httpGet": {"port": "80"}},
        {"httpGet": {"port": 80, "path": "/stop"}},
        {"httpGet": {"port": 80, "httpHeaders": [None, {"name": "a", "value": "b"}]}},
    ]
    found = [hook(one) for one in written]

    assert all(map(acts, found))
    assert len(set(found)) == len(written)
    assert found == [hook(one) for one in written]
