"""`cocket serve` as a process of its own, asked as an API server asks."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.certificates import self_signed
from tests.cli.runs import START, cocket
from tests.cli.serving_process import POLICY, REVIEW, STRICTER, Running, facts_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start the command with the policy, the facts and free ports; ends with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str | Path, policy: str = POLICY, signed: bool = True) -> Running:
        (tmp_path / "policy.yaml").write_text(policy)
        ca = tmp_path / "ca.pem"
        arguments = [
            *("serve", "--policy", tmp_path / "policy.yaml", "--facts", facts_file(tmp_path)),
            *("--port", "0", "--metrics-port", "0", "--bind", "127.0.0.1", "--drain-seconds", "0"),
            *("--metrics-bind", "127.0.0.1"),
            *(("--tls-self-signed", "--tls-self-signed-ca", ca) if signed else ()),
            *options,
        ]
        process = subprocess.Popen(
            [sys.executable, "-c", START, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        running = Running(process, None)
        running.context = ssl.create_default_context(cafile=str(ca)) if signed else None
        return running

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def test_a_real_review_is_answered_logged_counted_and_the_end_is_clean(
    serve: Callable[..., Running],
) -> None:
    running = serve()
    tagged = REVIEW.replace(b"payments/api:1.2.3@sha256:" + b"0" * 63 + b"2", b"payments/api:1.2.3")

    assert running.ask()["allowed"] is True
    refused = running.ask(tagged)
    assert refused["allowed"] is False
    assert refused["status"]["message"].startswith("cocket refused Pod default/web:\n")
    assert running.get("/readyz") == (200, "ok\n")
    metrics = running.get("/metrics")[1]
    assert 'cocket_reviews_total{decision="denied"} 1.0' in metrics
    assert "cocket_certificate_expiry_timestamp_seconds" in metrics

    code, decisions = running.end()
    assert code == 0
    assert [decision["decision"] for decision in decisions] == ["allowed", "denied"]
    assert running.message("fingerprint of its CA is ([0-9A-F]{2}:){31}") is not None


def test_a_policy_that_changes_is_read_anew_and_a_broken_one_is_not(
    serve: Callable[..., Running], tmp_path: Path
) -> None:
    running = serve()
    file = tmp_path / "policy.yaml"
    assert running.ask()["allowed"] is True

    file.write_text(STRICTER)
    running.message("the policy was read anew")
    assert running.ask()["allowed"] is False

    file.write_text(POLICY.replace("digest", "digets"))
    running.message("the policy cannot be used, what was read before stays in force")
    assert running.ask()["allowed"] is False
    assert running.get("/readyz")[0] == 200
    assert 'cocket_reload_failing{what="policy"} 1.0' in running.get("/metrics")[1]

    file.write_text(POLICY)
    deadline = time.monotonic() + 10
    while not running.ask()["allowed"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running.ask()["allowed"] is True


def test_a_certificate_from_files_is_read_anew(
    serve: Callable[..., Running], tmp_path: Path
) -> None:
    first, second = self_signed(), self_signed()
    chain, key = first.write(tmp_path, "tls")
    running = serve("--tls-cert", chain, "--tls-key", key, signed=False)
    running.context = ssl.create_default_context(cadata=first.certificate_pem)
    assert running.ask()["allowed"] is True

    second.write(tmp_path, "tls")
    running.message("the certificate was read anew")

    running.context = ssl.create_default_context(cadata=second.certificate_pem)
    assert running.ask()["allowed"] is True


def test_a_client_without_a_certificate_is_refused_where_a_client_ca_is_given(
    serve: Callable[..., Running], tmp_path: Path
) -> None:
    client = self_signed()
    ca, key = client.write(tmp_path, "client")
    running = serve("--client-ca", ca)
    with pytest.raises(AssertionError, match="show a client certificate"):
        running.ask()

    assert running.context is not None
    running.context.load_cert_chain(ca, key)
    assert running.ask()["allowed"] is True


def test_eight_reviews_of_18_megabytes_at_once_leave_the_process_small(
    serve: Callable[..., Running],
) -> None:
    running = serve()
    review = json.loads(REVIEW)
    review["request"]["object"]["metadata"]["annotations"]["large"] = "<" * 18_000_000
    body = json.dumps(review).encode()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: running.ask(body, "?timeout=30s"), range(8)))

    status = Path(f"/proc/{running.process.pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert [answer["allowed"] for answer in answers] == [True] * 8
    assert peak is not None
    assert int(peak[1]) < 256 * 1024


def test_a_second_signal_does_not_wait_for_the_drain(serve: Callable[..., Running]) -> None:
    running = serve("--drain-seconds", "60")
    running.process.send_signal(signal.SIGTERM)
    running.message("not ready any more")
    assert running.get("/readyz")[0] == 503
    assert running.ask()["allowed"] is True

    began = time.monotonic()
    code, _ = running.end()
    assert code == 0
    assert time.monotonic() - began < 10


def test_a_port_that_is_taken_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = [
            *("serve", "--policy", str(tmp_path / "policy.yaml"), "--tls-self-signed"),
            *("--bind", "127.0.0.1", "--port", port, "--metrics-port", "none"),
        ]
        done = subprocess.run(
            [sys.executable, "-c", START, *arguments], capture_output=True, timeout=30, check=False
        )

    assert done.returncode == 2
    assert b"cannot listen: Address already in use" in done.stderr
    assert b"Traceback" not in done.stderr


GIVEN = ("--policy", "{good}", "--tls-cert", "{good}", "--tls-key", "{good}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Give either --tls-cert and --tls-key, or --tls-self-signed, or --tls-secret"),
        (("--policy", "{good}"), "Give either --tls-cert and --tls-key, or --tls-self-signed"),
        (("--policy", "{good}", "--tls-cert", "{good}"), "go together"),
        (("--policy", "{good}", "--tls-key", "{good}"), "go together"),
        (
            (*GIVEN, "--tls-self-signed"),
            "Give either",
        ),
        (
            (*GIVEN, "--tls-self-signed-ca", "ca.pem"),
            "need --tls-self-signed",
        ),
        (("--policy", "{absent}", "--tls-self-signed"), "does not exist"),
        (("--policy", "{bad}", "--tls-self-signed"), "bad.yaml"),
        (("--policy", "{good}", "--facts", "{bad}", "--tls-self-signed"), "bad.yaml"),
        (
            GIVEN,
            "cannot be used together",
        ),
        (("--policy", "{good}", "--tls-self-signed", "--client-ca", "{bad}"), "client CA"),
        (("--policy", "{good}", "--tls-self-signed", "--metrics-port", "many"), "integer"),
        (("--policy", "{good}", "--tls-self-signed", "--port", "65536"), "range"),
        (("--policy", "{good}", "--tls-self-signed", "--namespace-labels", "x"), "NAMESPACE"),
        (("--policy", "{good}", "--tls-secret", "ns/name"), "--tls-secret reads a cluster"),
        (("--policy", "{good}", "--context", "prod"), "--context reads a cluster"),
        (("--policy", "{good}", "--exception-namespace", "ns"), "--exception-namespace reads"),
        (("--tls-secret", "name"), "is not written as NAMESPACE/NAME"),
        (("--tls-secret", "NS/name"), "is not written as NAMESPACE/NAME"),
        (("--tls-secret", "ns/name", "--tls-self-signed"), "Give either"),
        (("--tls-secret", "ns/name", "--namespace-labels", "a:b=c"), "needs --policy"),
        (("--tls-self-signed", "--replica-name", "a"), "go together"),
        (("--tls-self-signed", "--replica-name", "A_b"), "no name of a Pod"),
        (("--tls-self-signed", "--replica-address", "10.0.0.1"), "HOST:PORT"),
        (("--tls-self-signed", "--replica-address", "10.0.0.1:70000"), "HOST:PORT"),
        (("--tls-self-signed", "--namespace", "a.b"), "no name of a namespace"),
        (("--tls-self-signed", "--kubeconfig", "{absent}"), "does not exist"),
        (("--tls-self-signed", "--kubeconfig", "{bad}"), "or --policy FILE to need none"),
        (
            ("--tls-self-signed", "--kubeconfig", "{bad}", "--context", "x"),
            "no cluster to log in to: kubeconfig",
        ),
    ],
)
def test_what_it_cannot_begin_with_ends_it_with_code_2(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "good.yaml").write_text(POLICY)
    (tmp_path / "bad.yaml").write_text("kind: [")
    places = {name: tmp_path / f"{name}.yaml" for name in ("good", "bad", "absent")}

    result = cocket("serve", *(argument.format(**places) for argument in arguments))

    assert result.exit_code == 2
    assert sentence in result.stderr.replace("\n", " ")


def test_help_shows_examples_and_imports_no_server() -> None:
    program = (
        "import sys\nfrom webhook.cli import main\n"
        "try:\n    main(['serve', '--help'])\nfinally:\n"
        "    assert not {'uvicorn', 'fastapi', 'aiohttp', 'ssl'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=30, check=False
    )

    assert done.returncode == 0, done.stderr
    assert b"cocket serve --policy policy.yaml --tls-cert tls.crt --tls-key tls.key" in done.stdout
