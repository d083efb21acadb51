"""Processes of the end-to-end tests: started with their output in files, and never left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.e2e.keeper import Keeper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_TAIL = 6000
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


class ProcessError(AssertionError):
    """A process does not do what the test waits for; the message ends with what it said."""


class Process:
    """A program in a process group of its own, with standard output and error in files."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str | Path],
        folder: Path,
        keeper: Keeper,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.output = folder / f"{name}.out"
        self.errors = folder / f"{name}.log"
        self._keeper = keeper
        # A group of its own: Ctrl-C is for the tests, and what it starts itself ends with it.
        with self.output.open("ab") as output, self.errors.open("ab") as errors:
            self._process = subprocess.Popen(
                [str(one) for one in arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=folder,
                env=dict(environment),
                start_new_session=True,
            )
        self.pid = self._process.pid
        self._code: int | None = None
        keeper.watch(self.pid)

    @property
    def running(self) -> bool:
        # It stays a zombie until `kill`, or the number of its group could be given to another.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self._code is None and os.waitid(os.P_PID, self.pid, options) is None

    def said(self) -> str:
        """Standard error so far, of earlier processes of this name too."""
        return self.errors.read_text(encoding="utf-8", errors="replace")

    def printed(self) -> str:
        """Standard output so far, likewise."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def tail(self) -> str:
        """The end of what it said, for whoever looks at a failure."""
        return "\n".join(text for text in (self.printed()[-_TAIL:], self.said()[-_TAIL:]) if text)

    def wait_until(self, true: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Wait for a condition; raises ProcessError where it ends or the time does."""
        deadline = time.monotonic() + seconds
        while not true():
            if not self.running:
                raise ProcessError(
                    f"{self.name} ended ({self.kill()}) before {what}:\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                raise ProcessError(f"{self.name}: not {what} in {seconds:g} s:\n{self.tail()}")
            time.sleep(_POLL_SECONDS)

    def wait_line(self, pattern: str, seconds: float = 30, *, after: int = 0) -> re.Match[str]:
        """Wait for a line on standard error; `after` skips so many characters of it."""
        self.wait_until(
            lambda: re.search(pattern, self.said()[after:]) is not None,
            f"saying {pattern!r}",
            seconds,
        )
        found = re.search(pattern, self.said()[after:])
        assert found is not None
        return found

    def signal(self, number: int) -> None:
        """Send a signal to the process, not to its group."""
        if self._code is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until it ends by itself; its exit code (negative: the signal)."""
        deadline = time.monotonic() + seconds
        while self.running:
            if time.monotonic() > deadline:
                raise ProcessError(f"{self.name}: no end in {seconds:g} s:\n{self.tail()}")
            time.sleep(_POLL_SECONDS)
        return self.kill()

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """SIGTERM, and SIGKILL for its whole group after so long; its exit code."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(ProcessError):
            return self.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL, for its whole group; the exit code, of an earlier end if there was one."""
        if self._code is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._code = self._process.wait()
            self._keeper.forget(self.pid)
        return self._code


class Processes:
    """Starts processes in a folder; a context manager that ends them all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keeper = Keeper()
        self.started: dict[str, Process] = {}
        """By name, the latest of each."""
        self._all: list[Process] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._all):
            process.kill()
        self.keeper.close()

    def start(
        self,
        name: str,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program; a name that was there goes on in the same files.

        It sees nothing of the tester's own environment but the few names that programs need to
        start, and the folder as its home.
        """
        known = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        variables = {**known, "HOME": str(self.folder), **(environment or {})}
        with self._lock:
            process = Process(name, arguments, self.folder, self.keeper, variables)
            self.started[name] = process
            self._all.append(process)
        return process

    def tails(self) -> dict[str, str]:
        """What each said last, by its name."""
        return {name: process.tail() for name, process in self.started.items()}


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Whether somebody listens on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
