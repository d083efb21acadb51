"""What is said of stop signals and orphans, beside what happens: real servers as PID 1."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path
from signal import Signals
from typing import NamedTuple

import pytest

from tests.layers.namespaces import SECONDS, WHY_NOT, First, first, until
from tests.tools import require_servers
from webhook.core.process import look
from webhook.core.standing import Process
from webhook.core.stopping import Effect, stopping

SIMPLE = {"sleep", "tini", "dumb-init", "timeout", "DASH"}
"""They have no handlers, or none that shows."""
ENDS = {Effect.STOPS, Effect.CUTS, Effect.WAITS}


class Case(NamedTuple):
    """How a program is started, and which signals it gets."""

    argv: str
    """`FOLDER` is one of its own, in which its configuration is `conf`."""
    ends_on: tuple[str, ...]
    goes_on: tuple[str, ...] = ()
    conf: str = ""
    ready: str = ""
    """A file that is there when it is ready; else a handler for the first signal is."""
    buries: bool = True
    """Whether it is asked about orphans; runsvdir looks for them every five seconds."""


NGINX = "pid FOLDER/pid; error_log FOLDER/log; user root; daemon off; events {}"
APACHE = """\
ServerRoot "FOLDER"
LoadModule mpm_event_module DEBIAN/usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module DEBIAN/usr/lib/apache2/modules/mod_authz_core.so
PidFile "FOLDER/pid"
ErrorLog "FOLDER/log"
ServerName localhost
Mutex posixsem
User nobody
Group nogroup
Listen 127.0.0.1:PORT
"""
HAPROXY = """\
defaults
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend one
  bind unix@FOLDER/socket
"""
SUPERVISOR = """\
[supervisord]
logfile=FOLDER/log
pidfile=FOLDER/pid
childlogdir=FOLDER
[program:one]
command=sleep 60
"""
LIGHTTPD = 'server.document-root = "FOLDER"\nserver.port = PORT\nserver.bind = "127.0.0.1"\n'
REDIS = 'port 0\nunixsocket FOLDER/socket\nsave ""\ndir FOLDER\n'
CASES = {
    "nginx": Case(
        "nginx -e FOLDER/log -p FOLDER -c FOLDER/conf",
        ("SIGQUIT", "SIGTERM"),
        ("SIGWINCH", "SIGHUP", "SIGUSR1"),
        NGINX,
    ),
    "apache": Case(
        "apache2 -f FOLDER/conf -D FOREGROUND", ("SIGWINCH", "SIGTERM"), ("SIGHUP",), APACHE
    ),
    "haproxy with a master": Case(
        "haproxy -W -db -f FOLDER/conf",
        ("SIGUSR1", "SIGTERM"),
        ("SIGUSR2",),
        HAPROXY,
        ready="socket",
    ),
    "haproxy alone": Case(
        "haproxy -db -f FOLDER/conf", ("SIGUSR1",), ("SIGTERM",), HAPROXY, ready="socket"
    ),
    "redis": Case(
        "redis-server FOLDER/conf", ("SIGTERM", "SIGINT"), ("SIGWINCH",), REDIS, ready="socket"
    ),
    "memcached": Case("memcached -u root -s FOLDER/socket", ("SIGTERM",), ("SIGWINCH",)),
    "lighttpd": Case("lighttpd -D -f FOLDER/conf", ("SIGINT", "SIGTERM"), ("SIGWINCH",), LIGHTTPD),
    "supervisord": Case(
        "supervisord -n -c FOLDER/conf",
        ("SIGTERM",),
        ("SIGWINCH",),
        SUPERVISOR,
    ),
    "s6-svscan": Case("s6-svscan FOLDER", ("SIGTERM", "SIGINT"), ("SIGWINCH",)),
    "runsvdir": Case("runsvdir FOLDER", ("SIGHUP",), buries=False),
    "tini over redis": Case(
        "tini -- redis-server FOLDER/conf", ("SIGTERM",), (), REDIS, ready="socket"
    ),
    "dumb-init that rewrites": Case(
        "dumb-init -r 15:3 -r 28:0 -- supervisord -n -c FOLDER/conf",
        ("SIGTERM",),
        ("SIGWINCH",),
        SUPERVISOR,
        ready="pid",
    ),
    "sleep": Case("sleep 60", (), ("SIGTERM", "SIGINT", "SIGQUIT")),
    "tini over sleep": Case("tini -- sleep 60", ("SIGTERM", "SIGUSR1"), ("SIGWINCH",)),
    "dumb-init over sleep": Case("dumb-init -- sleep 60", ("SIGTERM",)),
    "timeout": Case("timeout 60 sleep 60", ("SIGTERM",)),
    "the shell of a text": Case("DASH -c TEXT", (), ("SIGTERM",)),
    "python without a handler": Case("PYTHON -c SLEEPS", ("SIGINT",), ("SIGTERM",)),
    "tini over python": Case("tini -- PYTHON -c SLEEPS", ("SIGTERM",)),
}
RUNS = [(name, signal) for name, case in CASES.items() for signal in case.ends_on or ("",)]


def written(case: Case, folder: Path, debian: Path) -> list[str]:
    """The argv, with every word in its place."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])

    def filled(text: str) -> str:
        text = text.replace("FOLDER", str(folder)).replace("DEBIAN", str(debian))
        return text.replace("PORT", port)

    (folder / "conf").write_text(filled(case.conf))
    special = {"TEXT": "sleep 60; :", "SLEEPS": "import time; time.sleep(60)"}
    return [_program(special.get(word, filled(word)), folder, debian) for word in case.argv.split()]


def _program(word: str, folder: Path, debian: Path) -> str:
    if word == "PYTHON":
        return sys.executable
    name = {"DASH": "dash"}.get(word, word)
    if "/" in name:
        return name
    found = next(debian.glob(f"usr/*bin/{name}"), None) or next(debian.glob(f"*bin/{name}"), None)
    if found is None:
        return name if name not in {"sleep", "timeout"} else shutil.which(name) or name
    if name != "supervisord":
        return str(found)
    # Its own interpreter is Debian's, which this machine need not have.
    script = folder / name
    script.write_text(f"#!{sys.executable}\n{found.read_text().partition(chr(10))[2]}")
    script.chmod(0o755)
    return str(script)


def surroundings(debian: Path) -> dict[str, str]:
    """What finds libraries and services of the packages."""
    libraries = [str(one) for one in debian.glob("usr/lib/*-linux-gnu")]
    return {
        "LD_LIBRARY_PATH": ":".join(libraries),
        "PYTHONPATH": str(debian / "usr/lib/python3/dist-packages"),
        "PATH": f"{debian}/usr/bin:{debian}/usr/sbin:{debian}/bin:/usr/bin:/bin",
    }


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
    if process.reaps:
        until(lambda: one.zombies() == 0, SECONDS)
    else:
        until(lambda: one.zombies() == 3, SECONDS)
    left = one.zombies()
    if process.reaps is not None:
        assert left == (0 if process.reaps else 3)
