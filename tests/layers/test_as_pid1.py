"""What is said of PID 1, beside what happens: real programs as PID 1 of a fresh PID namespace."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.layers.namespaces import SECONDS, WHY_NOT, first, until
from tests.layers.stubs import ELF, tree_of
from tests.tools import require_debian
from webhook.core.process import look
from webhook.core.standing import INITS, Kind
from webhook.layers.programs import Programs
from webhook.layers.shell_parser import parse

APP = """\
import json, os, signal, sys, time
said = {"pid": os.getpid()}
def tell():
    with open(sys.argv[1] + ".new", "w") as file:
        json.dump(said, file)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
def term(*_):
    said["term"] = True
    tell()
    sys.exit(0)
signal.signal(signal.SIGTERM, term)
for _ in range(3):
    if not (child := os.fork()):
        if not os.fork():
            time.sleep(0.3)
        os._exit(0)
    os.waitpid(child, 0)
time.sleep(1.2)
states = []
for one in filter(str.isdigit, os.listdir("/proc")):
    try:
        states.append(open(f"/proc/{one}/stat").read().rpartition(")")[2].split()[0])
    except OSError:
        pass
said["zombies"] = states.count("Z")
tell()
time.sleep(30)
"""
"""Makes three orphans, counts zombies a second later, and writes down whether SIGTERM came."""


class Case(NamedTuple):
    """An argv, in which words stand for files, and the scripts that it needs."""

    argv: str
    script: str = ""


CASES = {
    "tini": Case("TINI -- APP"),
    "tini as a group": Case("TINI -g -- APP"),
    "dumb-init": Case("DUMB -- APP"),
    "the program itself": Case("APP"),
    "a script that becomes its arguments": Case("SCRIPT TINI -- APP", 'exec "$@"\n'),
    "a script that becomes a program": Case("SCRIPT APP", 'exec "$@"\n'),
    "a script that becomes an init": Case("SCRIPT APP", 'exec TINI -- "$@"\n'),
    "a script that sets its arguments": Case("SCRIPT -x", 'set -- APP\nexec TINI -- "$@"\n'),
    "a script that stays": Case("SCRIPT APP", '"$@"\n'),
    "a script that stays in a pipe": Case("SCRIPT APP", '"$@" | cat\n'),
    "a script that waits": Case("SCRIPT APP", '"$@" &\nwait\n'),
    "a script with exec in a subshell": Case("SCRIPT APP", '(exec "$@")\n'),
    "a script in a function": Case("SCRIPT APP", 'run() { exec "$@"; }\nrun TINI -- "$@"\n'),
    "a script behind a redirection": Case("SCRIPT APP", 'exec 3>&1 TINI -- "$@"\n'),
    "an init over a script that stays": Case("TINI -- SCRIPT APP", '"$@"\n'),
    "an init over a script that gives way": Case("TINI -- SCRIPT APP", 'exec "$@"\n'),
    "dash -c": Case("DASH -c TEXT"),
    "bash -c": Case("BASH -c TEXT"),
    "busybox sh -c": Case("BUSYBOX sh -c TEXT"),
    "dash -c exec": Case("DASH -c EXEC"),
    "bash -c exec": Case("BASH -c EXEC"),
}


def told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def run(argv: list[str], answer: Path) -> dict[str, Any]:
    """What happens when these words are PID 1, and what the app says of it."""
    with first(argv) as one:
        assert until(lambda: "zombies" in told(answer), SECONDS), "the app never began"
        one.send("SIGTERM")
        until(lambda: told(answer).get("term"), 2.0)
        return told(answer)


@pytest.mark.skipif(bool(WHY_NOT), reason=f"no PID namespaces: {WHY_NOT}")
@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_pid_1_is_what_happens(name: str, tmp_path: Path) -> None:
    folder, _ = require_debian()
    case = CASES[name]
    app, script, answer = tmp_path / "app", tmp_path / "start.sh", tmp_path / "answer"
    app.write_text(f"#!{sys.executable}\n{APP}")
    app.chmod(0o755)
    started = f"{app} {answer}"
    words = {
        "TINI": str(folder / "usr/bin/tini"),
        "DUMB": str(folder / "usr/bin/dumb-init"),
        "BUSYBOX": str(next(folder.glob("*bin/busybox"), folder / "usr/bin/busybox")),
        "DASH": str(next(folder.glob("*bin/dash"), folder / "usr/bin/dash")),
        "BASH": shutil.which("bash") or "/bin/bash",
        "SCRIPT": str(script),
    }
    text = case.script.replace("TINI", words["TINI"]).replace("APP", started)
    script.write_text(f"#!{words['DASH']}\n{text}")
    script.chmod(0o755)
    argv: list[str] = []
    for word in case.argv.split():
        if word == "APP":
            argv += started.split()
        elif word in {"TEXT", "EXEC"}:
            argv.append(f"exec {started}" if word == "EXEC" else started)
        else:
            argv.append(words.get(word, word))
    files = {path.lstrip("/"): ELF for path in words.values()} | {
        str(app).lstrip("/"): ELF,
        str(script).lstrip("/"): script.read_bytes(),
    }
    programs = Programs(tree_of(files), architecture="amd64", path="", folder="/", parse=parse)

    said = look(tuple(argv), (), programs)
    happened = run(argv, answer)

    if said.kind in INITS:
        assert happened["zombies"] == 0
        assert happened["pid"] != 1
        assert bool(happened.get("term")) is said.hears
    elif said.kind is Kind.PROGRAM:
        assert happened == {"pid": 1, "zombies": 3, "term": True}
    else:
        assert said.kind in {Kind.STAYS, Kind.SHELL_FORM}
        assert happened["pid"] != 1
        assert "term" not in happened
