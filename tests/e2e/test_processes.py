"""What the tests start never stays behind, and what it said is not lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.keeper import started
from tests.e2e.processes import Process, ProcessError, Processes, free_port, listens
from tests.e2e.server import wait_until

SLEEPS = "import sys, time; print('on', file=sys.stderr, flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
FORKS = f"import os, sys; print(os.fork(), flush=True); {SLEEPS}"


def script(processes: Processes, text: str, name: str = "script") -> Process:
    process = processes.start(name, sys.executable, "-c", text)
    process.wait_line("on")
    return process


def gone(pid: int, began: str) -> bool:
    """Whether the process is no more; a zombie that nobody has buried is none."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z" or started(pid) != began


def test_a_process_is_asked_to_end_and_then_made_to(processes: Processes) -> None:
    assert script(processes, SLEEPS).stop() == -signal.SIGTERM
    assert script(processes, STUBBORN, "stubborn").stop(0.2) == -signal.SIGKILL


def test_an_exit_code_is_kept(processes: Processes) -> None:
    process = processes.start("short", sys.executable, "-c", "raise SystemExit(3)")
    assert process.wait() == 3
    assert [process.stop(), process.kill(), process.running] == [3, 3, False]


def test_a_child_ends_with_its_parent(processes: Processes) -> None:
    process = script(processes, FORKS)
    wait_until(lambda: processes.started["script"].printed().count("\n") == 2, "two lines")
    child = max(int(line) for line in process.printed().splitlines())
    began = started(child)
    assert began
    process.kill()
    wait_until(lambda: gone(child, began), "the child's end")


def test_whoever_waits_for_a_dead_process_hears_what_it_said(processes: Processes) -> None:
    process = processes.start("dies", sys.executable, "-c", "raise SystemExit('no such thing')")
    with pytest.raises(
        ProcessError, match=r"ended \(1\) before saying 'on':\n(.|\n)*no such thing"
    ):
        process.wait_line("on")


def test_waiting_has_an_end(processes: Processes) -> None:
    process = script(processes, SLEEPS)
    with pytest.raises(ProcessError, match=r"not saying 'off' in 0\.1 s"):
        process.wait_line("off", 0.1)
    with pytest.raises(ProcessError, match=r"no end in 0\.1 s"):
        process.wait(0.1)


def test_a_second_start_goes_on_in_the_same_files(processes: Processes) -> None:
    first = script(processes, SLEEPS)
    first.kill()
    said = len(first.said())
    second = processes.start("script", sys.executable, "-c", SLEEPS)
    second.wait_line("on", after=said)
    assert second.said() == "on\non\n"


def test_a_process_sees_nothing_of_the_testers_environment(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/tester/.kube/config")
    process = processes.start("env", "env", environment={"GIVEN": "yes"})
    process.wait()
    printed = process.printed().splitlines()
    assert not [line for line in printed if line.startswith("KUBE")]
    assert {"GIVEN=yes", f"HOME={processes.folder}"} <= set(printed)


def test_what_was_started_dies_with_tests_that_are_killed(tmp_path: Path) -> None:
    # Also where it was started in a thread that is gone, and where it ignores SIGTERM.
    tests = f"""
import os, pathlib, threading, time
from tests.e2e.processes import Processes
from tests.e2e.test_processes import STUBBORN, script
processes = Processes(pathlib.Path({str(tmp_path)!r}))
thread = threading.Thread(target=script, args=(processes, STUBBORN))
thread.start(); thread.join()
print(processes.started["script"].pid, processes.keeper.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", tests],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        text=True,
    ) as killed:
        try:
            assert killed.stdout is not None
            pids = [int(word) for word in killed.stdout.readline().split()]
            began = {pid: started(pid) for pid in pids}
            assert all(began.values())
        finally:
            killed.kill()
    for pid in pids:
        wait_until(lambda pid=pid: gone(pid, began[pid]), f"the end of {pid}")  # type: ignore[misc]


def test_a_port_is_free_until_somebody_listens(processes: Processes) -> None:
    port = free_port()
    assert not listens(port)
    server = processes.start(
        "server", sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)
    )
    server.wait_until(lambda: listens(port), "listening")
    began = time.monotonic()
    server.kill()
    wait_until(lambda: not listens(port), "nobody")
    assert time.monotonic() - began < 5
