"""What only a terminal gets, seen through a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.checking import TAGGED, pod, policy, write
from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import START
from webhook.demo.images import image

WIDTH = 60
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(
    *arguments: str | Path, stream: str = "stdout", environment: dict[str, str] | None = None
) -> str:
    """Run with one stream on a terminal of 60 columns; returns what the terminal got."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
    inherited = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
    with subprocess.Popen(
        [sys.executable, "-c", START, *map(str, arguments)],
        env={**inherited, "TERM": "xterm-256color", "COLUMNS": "", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=streams["stdout"],
        stderr=streams["stderr"],
    ):
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux: the other side is closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_findings_are_coloured_and_wrapped_at_the_width(tmp_path: Path) -> None:
    shown = on_a_terminal("check", "--offline", write(tmp_path / "web.yaml", pod(app=TAGGED)))

    assert COLOUR.search(shown)
    plain = COLOUR.sub("", shown)
    findings = [line for line in plain.splitlines() if line.startswith("    ")]
    assert len(findings) > 3
    assert all(len(line.rstrip()) <= WIDTH for line in findings)
    assert f"{TAGGED} is a tag" in re.sub(r"\s+", " ", plain)
    assert "1 object with 1 image, 0 allowed, 1 refused" in plain


def test_no_color_is_honoured(tmp_path: Path) -> None:
    shown = on_a_terminal(
        *("check", "--offline", write(tmp_path / "web.yaml", pod(app=TAGGED))),
        environment={"NO_COLOR": "1"},
    )

    # Bold and dim are no colours (no-color.org), so only these are looked for.
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38|48)", shown)
    assert "refused" in shown


def test_a_command_without_a_table_keeps_to_it_too() -> None:
    arguments = ("test", Path(__file__).parents[2] / "examples" / "tests")
    plain = on_a_terminal(*arguments, environment={"NO_COLOR": "1"})

    assert COLOUR.sub("", on_a_terminal(*arguments)) == plain
    assert not COLOUR.search(plain)
    assert COLOUR.search(on_a_terminal(*arguments))


def test_names_are_text_and_no_markup(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(name="'[red]x[/]'", app=f"'{TAGGED}[bold]:smile:'"))
    shown = COLOUR.sub("", on_a_terminal("check", "--offline", file))

    assert "[red]x[/]" in shown
    assert "[bold]" in shown
    assert ":smile:" in re.sub(r"\s", "", shown)


@pytest.mark.parametrize("options", [(), ("--quiet",)])
def test_a_bar_is_shown_while_images_are_looked_up(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with registry_in_thread() as registry:
        for number in range(3):
            registry.add("prod/web", image(cmd=["/app"]), tag=f"v{number}")
        names = {f"c{number}": f"{registry.host}/prod/web:v{number}" for number in range(3)}
        file = write(tmp_path / "web.yaml", pod(**names))
        rules = write(tmp_path / "policy.yaml", policy())
        registries = reachable(registry, tmp_path)
        arguments = ("check", "--policy", rules, "--policy", registries, file)
        seen = on_a_terminal(*arguments, *options, stream="stderr")

    assert ("Looking up images" in seen) is (options == ())
    assert ("3/3" in seen) is (options == ())


def test_without_look_ups_there_is_no_bar(tmp_path: Path) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))

    assert on_a_terminal("check", "--offline", file, stream="stderr") == ""
