"""Programs that become another one, and programs that stay."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from webhook.core.shelltext import CannotTell
from webhook.core.wrappers import LOADERS, STAYS, WRAPPERS, unwrap

FACTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "inits.yaml").read_text(encoding="utf-8")
)


def becomes(text: str) -> str | CannotTell | None:
    words = tuple(shlex.split(text))
    inner = unwrap(words[0], words)
    return shlex.join(inner) if isinstance(inner, tuple) else inner


def test_the_wrappers_are_those_of_the_facts() -> None:
    names = {name for fact in FACTS["exec_wrappers"] for name in fact["names"]}

    # flock stays, but for one of its options; busybox is its applet.
    assert names == (set(WRAPPERS) | LOADERS | {"busybox"}) - {"flock"}


def test_those_that_stay_are_those_of_the_facts() -> None:
    names = {name for fact in FACTS["stay_wrappers"] for name in fact["names"]}

    assert names == set(STAYS)


@pytest.mark.parametrize("fact", FACTS["stay_wrappers"], ids=lambda fact: str(fact["names"][0]))
def test_those_that_were_seen_to_swallow_the_signal_are_known(fact: dict[str, Any]) -> None:
    measured = fact.get("measured", {})
    signal = measured.get("forwards_TERM", None) if "pid1" in measured else None
    expected = {None: None, False: False}.get(signal, True)

    if fact["names"][0] != "strace":
        assert {STAYS[name] for name in fact["names"]} == {expected}


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("gosu nobody app -x", "app -x"),
        ("su-exec 1000:1000 app", "app"),
        ("setpriv --reuid 1000 --regid=1000 --clear-groups app", "app"),
        ("setpriv --no-new-privs -- app", "app"),
        ("chpst -u nobody:x -e /env -P app", "app"),
        ("chpst -unobody app", "app"),
        ("setuidgid nobody app", "app"),
        ("s6-setuidgid nobody app", "app"),
        ("envdir /env app", "app"),
        ("s6-envdir -f /env app", "app"),
        ("softlimit -m 1000 app", "app"),
        ("with-contenv app", "app"),
        ("s6-env -u X A=B app", "app"),
        ("env app", "app"),
        ("env -i A=B C=D tini -- app", "tini -- app"),
        ("env -u X --unset=Y -C / app", "app"),
        ("env - app", "app"),
        ("env -- A=B app", "app"),
        ("env -S 'tini -- app' -x", "env tini -- app -x"),
        ("env '-Stini -g' app", "env tini -g app"),
        ("env -iS '-u X A=B tini' app", "env -u X A=B tini app"),
        ("env '--split-string=tini --' app", "env tini -- app"),
        ("nice app", "app"),
        ("nice -n 10 app", "app"),
        ("nice -10 app", "app"),
        ("nice --adjustment=5 app", "app"),
        ("ionice -c2 -n 7 app", "app"),
        ("taskset -c 0-3 app", "app"),
        ("taskset 0x3 app", "app"),
        ("chrt -f 10 app", "app"),
        ("numactl --interleave=all --cpunodebind 0 app", "app"),
        ("prlimit --nofile=1:2 app", "app"),
        ("chroot --userspec=1:1 /new app", "app"),
        ("capsh --drop=all -- -c 'exec app'", "/bin/bash -c 'exec app'"),
        ("capsh --", "/bin/bash"),
        ("stdbuf -oL -e 0 app", "app"),
        ("nohup app", "app"),
        ("opentelemetry-instrument --service_name x python app.py", "python app.py"),
        ("ddtrace-run python app.py", "python app.py"),
        ("newrelic-admin run-program gunicorn x", "gunicorn x"),
        ("bundle exec puma", "puma"),
        ("flock -F /lock app", "app"),
        ("flock -n --no-fork /lock -c 'app x'", "sh -c 'app x'"),
    ],
)
def test_a_wrapper_becomes_its_program(text: str, inner: str) -> None:
    assert becomes(text) == inner


@pytest.mark.parametrize(
    "text",
    [
        *("app x", "env", "env A=B", "gosu", "gosu nobody", "nohup", "nice -n 10", "bundle"),
        *("bundle install", "newrelic-admin generate-config", "flock /lock app", "timeout 5 app"),
        "flock -F /lock",
    ],
)
def test_others_become_nothing_else(text: str) -> None:
    assert becomes(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("setpriv --frob app", "its option --frob is not known here"),
        ("nohup -f app", "its option -f is not known here"),
        (f"env --{'x' * 99} app", f"its option --{'x' * 38} is not known here"),
        ("env -S 'tini \"' app", "the text in its options cannot be read"),
        ("env -S '${TINI} app'", "the text in its options cannot be read"),
        (f"env -S '{'x' * 5000}'", "the text in its options cannot be read"),
    ],
)
def test_what_cannot_be_read_says_so(text: str, why: str) -> None:
    assert becomes(text) == CannotTell(why)


@given(st.sampled_from(sorted(WRAPPERS)), st.lists(st.text(st.sampled_from("-aS=c u"), max_size=4)))
def test_what_a_wrapper_becomes_is_never_empty(name: str, words: list[str]) -> None:
    inner = unwrap(name, (name, *words))

    assert inner is None or isinstance(inner, CannotTell) or len(inner) > 0
