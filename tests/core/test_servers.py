"""Servers that are their own init, as measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.core.servers import SERVERS, find

FACTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "stopsignals.yaml").read_text(encoding="utf-8")
)
IN_INITS = {"supervisord", "systemd", "s6-svscan", "runsvdir"}
"""They are in the catalogue of inits."""
MEASURED = {
    fact["name"]: fact
    for fact in FACTS["servers"]
    if fact["name"] not in IN_INITS and ("measured" in fact or "unitd" in str(fact.get("match")))
}


def test_every_measured_server_is_in_the_table_and_no_other() -> None:
    assert [server.name for server in SERVERS] == list(MEASURED)


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: str(server.name))
def test_names_conditions_and_verdict_are_those_of_the_facts(server: Any) -> None:
    fact = MEASURED[server.name]
    match = fact["match"]

    assert list(server.basenames) == match["argv0"]
    assert list(server.with_any) == match.get("args_any", match.get("args", []))
    assert server.reaps == fact.get("reaps")
    assert server.good == (fact.get("verdict_as_pid1") == "good")
    if "args_none" in match:
        # The one with these arguments stands in front of it, and leaves it the rest.
        assert list(SERVERS[SERVERS.index(server) - 1].with_any) == match["args_none"]
    assert set(server.scripts) <= set(server.basenames)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nginx -g x", "nginx"),
        ("haproxy -f x", "haproxy (single process)"),
        ("haproxy -f x -W", "haproxy (master-worker, -W or -Ws)"),
        ("haproxy -Ws -f x", "haproxy (master-worker, -W or -Ws)"),
        ("php -S 0:80", "php built-in server"),
        ("php app.php", None),
        ("php-fpm8.4 -F", "php-fpm"),
        ("postgres", "postgres"),
        ("node app.js", None),
        ("", None),
    ],
)
def test_a_server_is_known_by_its_name_and_its_arguments(text: str, name: str | None) -> None:
    program, *arguments = text.split() or [""]
    server = find(program, tuple(arguments))

    assert name == (server and server.name)
