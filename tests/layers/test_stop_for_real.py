"""What is said of stop signals and orphans, beside what happens: real programs as PID 1."""

from __future__ import annotations

from pathlib import Path
from signal import Signals

import pytest

from tests.layers.namespaces import SECONDS, WHY_NOT, First, first, until
from tests.layers.real_cases import CASES, Case
from tests.layers.real_programs import surroundings, written
from tests.tools import require_servers
from webhook.core.process import look
from webhook.core.standing import Process
from webhook.core.stopping import Effect, stopping

SIMPLE = {
    "sleep",
    "tini",
    "dumb-init",
    "timeout",
    "DASH",
    "chroot",
    "NODE",
    "pid1",
    "xargs",
    "flock",
    "setsid",
}
"""They have no handlers, or none that shows."""
ENDS = {Effect.STOPS, Effect.CUTS, Effect.WAITS}
RUNS = [(name, signal) for name, case in CASES.items() for signal in case.ends_on or ("",)]


@pytest.mark.skipif(bool(WHY_NOT), reason=f"no PID namespaces: {WHY_NOT}")
@pytest.mark.parametrize(("name", "signal"), RUNS)
def test_what_is_said_of_a_stop_signal_is_what_happens(
    name: str, signal: str, tmp_path: Path
) -> None:
    debian = require_servers()
    case = CASES[name]
    tmp_path.chmod(0o755)
    argv = written(case, tmp_path, debian)
    process = look(tuple(argv))

    def said(sent: str) -> Effect:
        return stopping(process, sent, alone=True).effect

    with first(argv, surroundings(debian)) as one:
        _wait_ready(one, case, tmp_path)
        if signal in {"", *case.ends_on[:1]}:
            assert case.becomes in {"", one.program}
            if case.buries:
                one.orphans()
            for sent in case.goes_on:
                one.send(sent)
                assert not one.ends(0.3), sent
                assert said(sent) not in ENDS, sent
            _wait_ready(one, case, tmp_path)
            if case.buries:
                _compare_orphans(one, process)
        if signal:
            one.send(signal)
            assert one.ends(SECONDS), signal
            assert said(signal) in {*ENDS, Effect.UNTOLD}


def _wait_ready(one: First, case: Case, folder: Path) -> None:
    """Wait until it handles what ends it, and rests."""
    if case.ready:
        assert until((folder / case.ready).exists, SECONDS), "it never began"
    simple = case.argv.partition(" ")[0] in SIMPLE
    signals = 0 if simple else sum(1 << (Signals[name] - 1) for name in case.ends_on)
    assert until(lambda: one.rests(signals, 0.3), SECONDS), "it never was ready"


def _compare_orphans(one: First, process: Process) -> None:
    if process.reaps is not None:
        left = 0 if process.reaps else 3
        assert until(lambda: one.zombies() == left, SECONDS), one.zombies()
