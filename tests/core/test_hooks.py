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
    assert hook({"exec": {"command": command}}) == Hook(acts=True)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"sleep": {"seconds": 7}}, Hook(7)),
        ({"sleep": {"seconds": -7}}, Hook(0)),
        ({"sleep": {}}, Hook(0)),
        ({"httpGet": {"port": 80, "path": "/stop"}}, Hook(acts=True)),
        ({"exec": {}}, Hook(acts=True)),
        ({"tcpSocket": {"port": 80}}, None),
        ({}, None),
    ],
)
def test_each_kind_of_hook(written: dict[str, Any], expected: Hook | None) -> None:
    assert hook(written) == expected
