"""The command as a whole: help, errors, streams."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runs import START, cocket, process
from webhook import __version__
from webhook.cli import COMMANDS

HEAVY = ("aiohttp", "asyncio", "cryptography", "fastapi", "msgspec", "rich", "uvicorn", "yaml")


def test_help_names_every_command_and_has_examples() -> None:
    result = cocket("--help")

    assert result.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert line in result.stdout
    assert "Examples:" in result.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom webhook.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(command: str) -> None:
    result = cocket(command, "--help")

    assert result.exit_code == 0
    assert "Examples:" in result.stdout


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_fits_into_80_columns(command: tuple[str, ...]) -> None:
    lines = cocket(*command, "--help").stdout.splitlines()

    assert [line for line in lines if len(line) > 80] == []


def test_the_version_is_told() -> None:
    assert cocket("--version").stdout == f"cocket {__version__}\n"


@pytest.mark.parametrize("arguments", [("chekc",), ("--nonsense",), ("image",), ()])
def test_wrong_usage_ends_with_2_and_leaves_stdout_alone(arguments: tuple[str, ...]) -> None:
    done = process(*arguments)

    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Usage: cocket" in done.stderr


def test_a_reader_that_goes_away_is_no_error_to_talk_about() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", START, "image", "--offline", "nginx"],
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)

    assert done.returncode == 141
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_an_error_and_no_success() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", START, "image", "--offline", "nginx"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
    assert b"Traceback" not in done.stderr


def test_ctrl_c_ends_quietly_with_the_code_of_shells() -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-c", START, "image", "--offline", "-o", "jsonl", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(b"nginx\n")
        running.stdin.flush()
        assert running.stdout.readline()  # it is up, and waits for the next name
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)

    assert running.returncode == 130
    assert errors.strip() == b""


def test_a_terminal_that_is_not_utf8_gets_escapes_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, "image", "--offline", "nginx…"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert b"nginx\\u2026" in done.stdout
    assert done.stderr == b""


def test_a_closed_standard_input_is_an_error_and_no_traceback() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -c "$1" image --offline - <&-', sys.executable, START],
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == b"error: -: standard input is closed\n"
