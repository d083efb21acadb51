"""Running the command: inside this process, or as a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from click.testing import CliRunner

from webhook.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from click.testing import Result

START = "from webhook.cli import main; main(prog_name='cocket')"


def cocket(*arguments: str | Path, stdin: str | bytes = "") -> Result:
    """Run in this process; what is no SystemExit comes through to the test."""
    return CliRunner().invoke(main, list(map(str, arguments)), input=stdin, catch_exceptions=False)


def process(
    *arguments: str | Path,
    stdin: bytes = b"",
    python: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run as a process of its own, which is the only way to see what a shell sees."""
    command = [sys.executable, *python, "-c", START, *map(str, arguments)]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )
