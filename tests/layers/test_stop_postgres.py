"""PostgreSQL as PID 1: which signals wait for its clients, and which do not."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.layers.namespaces import SECONDS, WHY_NOT, First, first, until
from tests.layers.real_programs import find, surroundings
from tests.tools import require_servers
from webhook.core.process import look
from webhook.core.stopping import Effect, stopping

NOBODY = 65534
DROPPED = (
    f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups "
    # Their libraries may lie where only root may look.
    "--inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
).split()
"""It runs for nobody who is root; setpriv becomes it, so that it is PID 1 all the same."""
STARTUP = b"user\0postgres\0database\0postgres\0\0"
PROTOCOL = 0x30000
READY = b"Z\0\0\0\5I"
"""What a session says when it waits for a query (protocol, «ReadyForQuery»)."""

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"no PID namespaces: {WHY_NOT}")


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A database that was just made; the programs lie beside it.

    They look for each other by access(2), which asks what nobody may, whatever else was granted:
    the packages may lie where only root may look, and so may the folders of the tests.
    """
    debian = require_servers()
    with TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        os.chown(folder, NOBODY, NOBODY)
        for part in ("lib", "share"):
            shutil.copytree(debian / f"usr/{part}/postgresql", folder / f"usr/{part}/postgresql")
        made = f"{find('initdb', folder)} -D {name}/data --no-sync --no-locale -A trust -U postgres"
        done = subprocess.run(
            [*DROPPED, *made.split()],
            env={**os.environ, **surroundings(debian)},
            check=False,
            capture_output=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode()
        yield folder / "data"


def command(data: Path) -> list[str]:
    options = f"-D {data} -k {data} -c listen_addresses= -c fsync=off"
    return [*DROPPED, str(find("postgres", data.parent)), *options.split()]


@contextmanager
def running(data: Path) -> Iterator[tuple[First, list[str]]]:
    debian = require_servers()
    argv = command(data)
    with first(argv, surroundings(debian)) as one:
        assert until(lambda: takes_clients(data), SECONDS), "it never took a client"
        yield one, argv


def connected(data: Path) -> socket.socket | None:
    """A client whose session waits for a query; None while there is no server."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(SECONDS)
    try:
        client.connect(str(data / ".s.PGSQL.5432"))
        client.sendall(struct.pack("!II", len(STARTUP) + 8, PROTOCOL) + STARTUP)
        said = b""
        while not said.endswith(READY):
            piece = client.recv(4096)
            if not piece:
                client.close()
                return None
            said += piece
    except OSError:
        client.close()
        return None
    return client


def takes_clients(data: Path) -> bool:
    client = connected(data)
    if client is not None:
        client.close()
    return client is not None


def said(argv: list[str], signal: str) -> Effect:
    return stopping(look(tuple(argv)), signal, alone=True).effect


def test_it_buries_orphans_and_goes_on_where_that_is_said(data: Path) -> None:
    with running(data) as (one, argv):
        one.orphans()
        for signal in ("SIGHUP", "SIGUSR1"):
            one.send(signal)
            assert not one.ends(0.3)
            assert said(argv, signal) is Effect.DEAF
        assert until(lambda: one.zombies() == 0, SECONDS)
        assert look(tuple(argv)).reaps
        assert one.program == "postgres"


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM", "SIGQUIT"])
def test_without_clients_it_ends(data: Path, signal: str) -> None:
    with running(data) as (one, argv):
        one.send(signal)
        assert one.ends(SECONDS)
        assert said(argv, signal) in {Effect.STOPS, Effect.CUTS, Effect.WAITS}


@pytest.mark.parametrize(
    ("signal", "effect"),
    [("SIGTERM", Effect.WAITS), ("SIGINT", Effect.STOPS), ("SIGQUIT", Effect.CUTS)],
)
def test_with_a_client_it_waits_where_that_is_said(data: Path, signal: str, effect: Effect) -> None:
    with running(data) as (one, argv):
        client = connected(data)
        assert client is not None
        with client:
            one.send(signal)
            if effect is Effect.WAITS:
                # Once it takes nobody new, the signal has come; the old client may stay.
                assert until(lambda: not takes_clients(data), SECONDS)
                assert not one.ends(1.0)
            else:
                assert one.ends(SECONDS)
            assert said(argv, signal) is effect
        assert one.ends(SECONDS)
