"""The catalogue of inits agrees with the collected facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.core.inits import INITS, NOT_INITS, Init, InitKind, child_at, find

FACTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "inits.yaml").read_text(encoding="utf-8")
)
BY_NAME = {init.name: init for init in INITS}
KINDS = {"minimal-supervisor": InitKind.SUPERVISOR, "supervisor-init": InitKind.SUPERVISOR}
"""Of the facts, where ours has another word: both run several services."""


def test_every_init_of_the_facts_is_in_the_catalogue_and_no_other() -> None:
    assert [init.name for init in INITS] == [fact["name"] for fact in FACTS["inits"]]


@pytest.mark.parametrize("fact", FACTS["inits"], ids=lambda fact: str(fact["name"]))
def test_names_paths_kind_and_duties_are_those_of_the_facts(fact: dict[str, Any]) -> None:
    init = BY_NAME[fact["name"]]

    assert list(init.basenames) == fact["basenames"]
    assert list(init.paths) == (fact["paths"] if fact.get("paths_only") else [])
    assert init.kind == KINDS.get(fact["kind"], fact["kind"])
    assert init.reaps == (fact["reaps"] is not False)
    assert list(init.subcommands) == fact.get("subcommands", [])
    assert init.stops_on == fact.get("good_stopsignal", "")
    assert init.must_be_pid1 == fact.get("must_be_pid1", False)


@pytest.mark.parametrize(
    "fact",
    [fact for fact in FACTS["inits"] if fact.get("child") == "argv"],
    ids=lambda f: f["name"],
)
def test_the_options_of_inits_that_start_an_argv_are_known(fact: dict[str, Any]) -> None:
    # The first of two inits with one name knows the options of both.
    init = next(init for init in INITS if init.basenames[0] == fact["basenames"][0])

    assert init.grammar.flags >= set(fact.get("flags", []))
    assert init.grammar.valued >= set(fact.get("flags_with_value", []))


def test_programs_that_only_look_like_inits_are_those_of_the_facts() -> None:
    names = {name for fact in FACTS["not_inits"] for name in fact["basenames"]}

    assert names == NOT_INITS


def found(text: str) -> str | None:
    init = find(tuple(text.split()))
    return None if init is None else init.name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("tini -- app", "tini"),
        ("/anywhere/tini app", "tini"),
        ("/sbin/docker-init", "tini"),
        ("/init", "s6-overlay"),
        ("init", None),
        ("/opt/init", None),
        ("/sbin/init", "systemd"),
        ("/bin/init", "busybox-init"),
        ("/pause", "pause"),
        ("pause", None),
        ("/container/tool/run", "baseimage-osixia"),
        ("run", None),
        ("pebble", None),
        ("/app/pebble", None),
        ("/app/pebble -config x", None),
        ("/usr/bin/pebble enter", "pebble"),
        ("pebble --verbose run --hold", "pebble"),
        ("pid1 app", "pid1 (fpco)"),
        ("TINI app", None),
        ("tini2 app", None),
        ("''", None),
    ],
)
def test_an_init_is_known_by_its_basename_or_by_its_path(text: str, name: str | None) -> None:
    assert name == found(text)


@pytest.mark.parametrize(
    ("text", "child"),
    [
        ("tini -- app", "app"),
        ("tini app -x", "app -x"),
        ("tini -g -- app", "app"),
        ("tini -gvv -e 143 app", "app"),
        ("tini -e143 -p SIGTERM -s app", "app"),
        ("tini --unknown -- app", "app"),
        ("as-tini-static -r SIGUSR1 -t SIGTERM -- /entrypoint.sh asd", "/entrypoint.sh asd"),
        ("dumb-init -c --rewrite 15:3 app", "app"),
        ("dumb-init --rewrite=15:3 -r 2:3 -- app", "app"),
        ("dumb-init -r15:3 app", "app"),
        ("pid1 -e A=B --user=x app", "app"),
        ("tini", None),
        ("tini --", None),
        ("tini -e", None),
        ("supervisord -n app", None),
        ("multirun app", None),
    ],
)
def test_the_child_stands_behind_the_options(text: str, child: str | None) -> None:
    words = tuple(text.split())
    init = find(words)

    assert isinstance(init, Init)
    at = child_at(init, words)
    assert child == (None if at is None else " ".join(words[at:]))
