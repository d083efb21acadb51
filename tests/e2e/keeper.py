"""A process that outlives the tests by a moment: what they started and did not end, it kills.

The kernel's own means (PR_SET_PDEATHSIG) watches the *thread* that started a process, and tests
start some from threads of a pool. This one watches a pipe, which closes when the tests are gone,
however they went.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO


class Keeper:
    """Told of every process group that is started, and of every one that ended."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the tests
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, pid: int) -> None:
        """Kill this process's group when we are gone."""
        self._say(f"+{pid} {started(pid)}")

    def forget(self, pid: int) -> None:
        """It ended, and its number may be given to another."""
        self._say(f"-{pid}")

    def close(self) -> None:
        """Let it do its work now, and end."""
        self._process.communicate()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()


def started(pid: int) -> str:
    """When a process began, in the kernel's ticks (proc(5), field 22); empty where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def keep(lines: IO[str]) -> None:
    """Read what is started and ended until the end of the pipe; then kill what is left."""
    left: dict[int, str] = {}
    for line in lines:
        pid, _, began = line[1:].strip().partition(" ")
        if line[0] == "+":
            left[int(pid)] = began
        else:
            left.pop(int(pid), None)
    for number, began in left.items():
        if began == started(number):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(number, signal.SIGKILL)


if __name__ == "__main__":
    keep(sys.stdin)
