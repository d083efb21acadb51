"""`cocket operate` as a process of its own, without a cluster."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.runs import START, cocket, process

if TYPE_CHECKING:
    from collections.abc import Iterator

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me, namespace: ours}}]
clusters: [{name: here, cluster: {server: "http://127.0.0.1:%d"}}]
users: [{name: me, user: {token: t0ken}}]
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--service", "a", "--webhook-url", "https://a/validate"], "Give --service or"),
        (["--failure-policy", "fail"], "need --service or --webhook-url"),
        (["--annotate-workloads", "--no-audit"], "it needs --audit"),
        (["--cert-manager", "a"], "need --service or --webhook-url"),
        (["--webhook-url", "http://a/validate"], "is not written as https://HOST[:PORT]/PATH"),
        (["--webhook-url", "https://u:p@a/validate"], "is not written as https://"),
        (["--webhook-url", "https://a/validate?x=1"], "is not written as https://"),
        (["--webhook-url", "https://a:0/validate"], "is not written as https://"),
        (["--webhook-url", "https://[a/validate"], "is not written as https://"),
        (["--service", "A"], "'A' is no name of an object"),
        (["--namespace", "a.b"], "'a.b' is no name of a namespace"),
        (["--identity", "a\nb"], "is no name"),
        (["--identity", ""], "is no name"),
        (["--timeout-seconds", "31"], "31 is not in the range"),
        (["--replicas", "0"], "0 is not in the range"),
        (["--overlap-seconds", "0"], "0 is not in the range"),
        (["--failure-policy", "maybe"], "'maybe' is not one of"),
    ],
)
def test_wrong_options_are_told_before_anything_begins(arguments: list[str], message: str) -> None:
    done = cocket("operate", *arguments)

    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("no: kubeconfig")

    done = process("operate", "--kubeconfig", file, "--probe-port", "0")

    assert done.returncode == 2
    assert f"no cluster to log in to: kubeconfig {file}" in done.stderr.decode()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG % 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        done = process(
            *("operate", "--kubeconfig", file, "--probe-bind", "127.0.0.1", "--probe-port", port)
        )

    assert done.returncode == 2
    assert f"error: --probe-port {port}: Address already in use" in done.stderr.decode()


@pytest.fixture
def away(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """An operator whose API server does not answer, and its port for probes."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = tmp_path / "config"
    file.write_text(KUBECONFIG % nobody)
    log = tmp_path / "log"
    with log.open("wb") as errors:
        started = subprocess.Popen(
            [
                *(sys.executable, "-c", START, "operate", "--kubeconfig", str(file)),
                *("--probe-bind", "127.0.0.1", "--probe-port", str(port)),
            ],
            stderr=errors,
        )
    yield started, port
    if started.poll() is None:
        started.kill()
    started.wait(10)


def test_without_an_api_server_it_waits_says_so_and_ends_when_asked(
    away: tuple[subprocess.Popen[bytes], int], tmp_path: Path
) -> None:
    operator, port = away
    said = _page(port, "/readyz?verbose", "was not reached")

    assert "[-]lease (nobody leads) GET /apis/coordination.k8s.io" in said
    assert "readyz check failed" in said
    assert "ok" in _page(port, "/livez", "ok")
    assert "cocket_operator_leading 0.0" in _page(port, "/metrics", "cocket")
    operator.send_signal(signal.SIGTERM)
    assert operator.wait(30) == 0
    log = (tmp_path / "log").read_text()
    assert "in namespace ours" in log
    assert "t0ken" not in log
    assert "Traceback" not in log


def _page(port: int, path: str, expected: str, seconds: float = 60) -> str:
    """A page, once it holds what is expected."""
    deadline = time.monotonic() + seconds
    text = ""
    while expected not in text:
        assert time.monotonic() < deadline, text
        time.sleep(0.05)
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            text = connection.getresponse().read().decode()
        except OSError:
            continue
        finally:
            connection.close()
    return text


def test_help_needs_neither_kopf_nor_the_client() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from webhook.cli.operate import operate\n"
        "CliRunner().invoke(operate, ['--help'])\n"
        "print([name for name in ('kopf', 'kubernetes', 'aiohttp') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
        cwd=Path(__file__).parents[2],
    )

    assert done.stdout.strip() == "[]"
