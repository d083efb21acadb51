"""Programs as PID 1 of a fresh PID namespace: how they are started, watched and ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SECONDS = 20.0
_ORPHANS = "for number in 1 2 3; do (sleep 0.2 &); done"


def _why_not() -> str:
    tool = shutil.which("unshare")
    if tool is None or sys.platform != "linux":
        return "there is no unshare"
    made = subprocess.run(
        (tool, "--pid", "--fork", "--mount-proc", "true"), capture_output=True, check=False
    )
    return made.stderr.decode().strip() if made.returncode else ""


WHY_NOT = _why_not()
"""Why no PID namespace can be made here; empty where it can."""


def until(true: Callable[[], Any], seconds: float) -> Any:
    """What `true` says, as soon as that is something, or when the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


class First:
    """A program that is PID 1 of its namespace.

    Attributes:
        pid: how it is called out here; 0 before it is there and after it ended.
    """

    def __init__(self, started: subprocess.Popen[bytes]) -> None:
        self._started = started

    @property
    def pid(self) -> int:
        with suppress(OSError, ValueError, IndexError):
            around = self._started.pid
            return int(Path(f"/proc/{around}/task/{around}/children").read_text().split()[0])
        return 0

    @property
    def handles(self) -> int:
        """The signals that it handles or waits for, a bit each (proc(5), SigCgt and SigBlk)."""
        bits = 0
        with suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith(("SigCgt:", "SigBlk:")):
                    bits |= int(line.split()[1], 16)
        return bits

    @property
    def program(self) -> str:
        """The name of the file that runs; empty where nothing runs any more."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/exe").readlink().name
        return ""

    @property
    def runs(self) -> bool:
        """Whether it has not ended, and neither has what was started in front of it."""
        return self._started.poll() is None

    def rests(self, signals: int, seconds: float) -> bool:
        """Whether it handles these signals and sleeps, all of that time.

        On a busy machine a program that starts, or starts itself anew, waits for a processor:
        a signal that comes before its handler is lost to a PID 1.
        """
        deadline = time.monotonic() + seconds
        while (still := self._sleeps() and self.handles & signals == signals) and (
            time.monotonic() < deadline
        ):
            time.sleep(0.02)
        return still

    def _sleeps(self) -> bool:
        with suppress(OSError):
            stat = Path(f"/proc/{self.pid}/stat").read_text()
            return stat.rpartition(")")[2].split()[0] == "S"
        return False

    def send(self, name: str) -> None:
        """Send a signal by its full name."""
        plus = name.partition("+")[2]
        number = signal.SIGRTMIN + int(plus) if plus else signal.Signals[name]
        if first := self.pid:
            os.kill(first, number)

    def ends(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        return bool(until(lambda: not self.runs, seconds))

    def orphans(self) -> None:
        """Give it three children that it did not start, and that end at once."""
        tool = shutil.which("nsenter")
        assert tool is not None
        inside = (tool, "--target", str(self.pid), "--pid", "--", "/bin/sh", "-c", _ORPHANS)
        subprocess.run(inside, check=True, timeout=SECONDS, capture_output=True)

    def zombies(self) -> int:
        """How many of its children ended and were not buried."""
        first, found = self.pid, 0
        for one in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, parent = one.read_text().rpartition(")")[2].split()[:2]
                found += state == "Z" and int(parent) == first
        return found


@contextmanager
def first(argv: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[First]:
    """Start a program as PID 1; kill it, and all that it started, at the end.

    It leads a session, as it does in a container (runc, libcontainer/nsenter/nsexec.c): setsid(1)
    becomes what it starts, because nothing that was forked leads one already.
    """
    tool, leads = shutil.which("unshare") or "", shutil.which("setsid") or ""
    started = subprocess.Popen(
        (tool, "--pid", "--fork", "--mount-proc", "--kill-child", leads, *argv),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=None if env is None else {**os.environ, **env},
    )
    one = First(started)
    try:
        assert until(lambda: one.pid, SECONDS), "nothing began"
        yield one
    finally:
        with suppress(ProcessLookupError):
            os.kill(one.pid or started.pid, signal.SIGKILL)
        started.kill()
        started.wait(SECONDS)
