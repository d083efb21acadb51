"""`--max-exception-days`: how long an exception may last, by every command that honours one."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.cli.checking import PINNED, TAGGED, pod, policy, write
from tests.cli.cluster_processes import machine
from tests.cli.runs import cocket
from tests.cli.serving_process import REVIEW, facts_file

if TYPE_CHECKING:
    from pathlib import Path

OURS = "/apis/cocket.dev/v1alpha1"
LONGER = ("--max-exception-days", "121")
SAID = "spec.expires: an exception lasts at most 90 days"


def exception(days: int) -> dict[str, object]:
    until = datetime.now(UTC) + timedelta(days=days)
    return {
        "rules": ["digest"],
        "namespaces": ["shop"],
        "image": "registry.example.com/prod/web",
        "reason": "The vendor ships once a year.",
        "expires": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A policy, and an exception from it that lasts 120 days."""
    metadata = {"name": "late", "namespace": "security"}
    document = {"apiVersion": "cocket.dev/v1alpha1", "kind": "ImageException"}
    late = json.dumps(document | {"metadata": metadata, "spec": exception(120)})
    return write(tmp_path / "policy.yaml", f"{policy()}\n---\n{late}\n")


def test_check_takes_an_exception_for_as_long_as_it_may_last(
    documents: Path, tmp_path: Path
) -> None:
    file = write(tmp_path / "web.yaml", pod(app=TAGGED))
    asked = ("check", "--offline", "--policy", documents, file)

    short, longer = cocket(*asked), cocket(*asked, *LONGER)

    assert (short.exit_code, longer.exit_code) == (2, 0)
    assert SAID in short.stderr
    assert "let through by exception security/late" in longer.stdout


def test_a_command_that_asks_for_registries_alone_reads_exceptions_of_any_length(
    documents: Path,
) -> None:
    assert cocket("image", "--offline", "--policy", documents, PINNED).exit_code == 0


def test_serve_takes_it_from_files(documents: Path) -> None:
    broken = write(documents.parent / "ca.pem", "no CA")
    asked = ("serve", "--policy", documents, "--tls-self-signed", "--client-ca", broken)

    assert SAID in cocket(*asked).stderr
    assert "client CA" in cocket(*asked, *LONGER).stderr


async def test_serve_takes_it_from_the_cluster(tmp_path: Path) -> None:
    async with machine(tmp_path) as here:
        rules = {"registry": {"environments": ["nowhere"]}}
        policies, exceptions = f"{OURS}/clusterimagepolicies", f"{OURS}/imageexceptions"
        here.server.put(policies, "main", spec={"mode": "enforce", "rules": rules})
        namespace = json.loads(REVIEW)["request"]["namespace"]
        workload = {"kind": "Pod", "name": "web"}
        spec = exception(120) | {"rules": ["registry"], "namespaces": [namespace]}
        del spec["image"]
        made = {"creationTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        here.server.put(
            exceptions, "late", "security", spec=spec | {"workload": workload}, metadata=made
        )
        ca = tmp_path / "ca.pem"
        command = await here.start(
            *("serve", "--port", "0", "--bind", "127.0.0.1", "--metrics-bind", "127.0.0.1"),
            *("--tls-self-signed", "--tls-self-signed-ca", ca, "--drain-seconds", "0"),
            *("--offline", "--facts", facts_file(tmp_path)),
            *("--exception-namespace", "security", *LONGER),
            port_option="--metrics-port",
        )
        await command.page("/readyz", "ok")
        answer = await command.ask(REVIEW, ssl.create_default_context(cafile=str(ca)))
        assert answer["allowed"], answer
        assert await command.end() == 0


@pytest.mark.parametrize("command", ["check", "serve", "operate", "audit", "test"])
def test_no_exception_lasts_for_no_time_or_for_ever(command: str) -> None:
    for days in ("0", "3651", "for ever"):
        done = cocket(command, "--max-exception-days", days)
        assert done.exit_code == 2
        assert "--max-exception-days" in done.stderr
