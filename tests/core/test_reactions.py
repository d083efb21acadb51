"""The table of what programs do about signals agrees with the collected facts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.core import inits, servers
from webhook.core.reactions import REACTIONS, of_init
from webhook.core.servers import SERVERS
from webhook.core.standing import Kind, Process
from webhook.core.stopping import Effect, stopping

FACTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "stopsignals.yaml").read_text(encoding="utf-8")
)
MATCHED = [fact for fact in FACTS["servers"] if "match" in fact]
BY_NAME = {one.name: one for one in REACTIONS}
OTHER_NAMES = {"runsvdir": "runit"}
KNOWN = {server.name for server in SERVERS} | {init.name for init in inits.INITS}
FULL = re.compile(r"SIG[A-Z0-9]+(?:\+[0-9]+)?")


def named(fact: dict[str, Any]) -> Any:
    return BY_NAME[OTHER_NAMES.get(fact["name"], fact["name"])]


@pytest.mark.parametrize("fact", MATCHED, ids=lambda fact: str(fact["name"]))
def test_signals_are_those_of_the_facts(fact: dict[str, Any]) -> None:
    reaction, graceful = named(fact), fact["graceful"]
    said = {
        **dict.fromkeys(reaction.graceful, "graceful"),
        **dict.fromkeys(reaction.fast, "fast"),
        **dict.fromkeys(reaction.waits, "waits"),
        **dict.fromkeys(reaction.deaf, "other"),
    }

    assert said == fact["signals"]
    assert reaction.better == (graceful if FULL.fullmatch(graceful) else "")
    assert reaction.seconds == fact.get("grace_hint_seconds", 0)
    assert fact.get("source") or fact.get("measured")


@pytest.mark.parametrize(
    ("fact", "signal", "said"),
    [
        (fact, signal, str(said))
        for fact in MATCHED
        for signal, said in (fact.get("measured") or {}).items()
        if signal.startswith("SIG")
    ],
    ids=lambda one: str(one)[:30],
)
def test_what_was_measured_is_what_is_said(fact: dict[str, Any], signal: str, said: str) -> None:
    argv = (
        fact["match"]["argv0"][0],
        *fact["match"].get("args_any", fact["match"].get("args", ())),
    )
    supervisor = named(fact).name in {one.name for one in inits.INITS}
    process = Process(
        kind=Kind.SUPERVISOR if supervisor else Kind.PROGRAM,
        name=named(fact).name,
        hears=True,
        argv=() if supervisor else argv[:2],
    )
    effect = stopping(process, signal, alone=True).effect

    if said.startswith("no answer"):
        assert effect in {Effect.DEAF, Effect.UNTOLD}
    else:
        assert effect in {Effect.STOPS, Effect.CUTS, Effect.WAITS}


def test_every_server_is_in_the_table() -> None:
    assert {one.name for one in SERVERS} <= set(BY_NAME)


def test_what_has_names_of_its_own_is_in_no_other_catalogue() -> None:
    for one in REACTIONS:
        for name in one.basenames:
            assert servers.find(name, ()) is None
            assert inits.find((name,)) is None
        if not one.basenames:
            assert one.name.removesuffix(", die-on-term") in KNOWN


def test_an_init_is_stopped_by_the_signal_that_its_catalogue_names() -> None:
    special = {one.name: one.stops_on for one in inits.INITS if one.stops_on}

    assert special
    assert {name: of_init(name).better for name in special} == special


def test_every_name_stands_once() -> None:
    assert len(BY_NAME) == len(REACTIONS)
    names = [name for one in REACTIONS for name in one.basenames]
    assert len(names) == len(set(names))
