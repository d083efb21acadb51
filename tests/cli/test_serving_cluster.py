"""`cocket serve` from a cluster: what it waits for, follows, and tells."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from typing import TYPE_CHECKING

import pytest

from tests.certificates import self_signed
from tests.cli.cluster_processes import Command, Machine, machine
from tests.cli.runs import process
from tests.cli.serving_process import REVIEW, facts_file
from tests.operator.facts_world import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OURS = "/apis/cocket.dev/v1alpha1"
POLICIES = f"{OURS}/clusterimagepolicies"
SECRETS = "/api/v1/secrets"
LEASES = "/apis/coordination.k8s.io/v1/leases"
LEASE = "cocket-webhook-one"
PORTS = ("--port", "0", "--bind", "127.0.0.1", "--metrics-bind", "127.0.0.1")
PLAIN = "--metrics-port"
REPLICA = ("--replica-name", "one", "--replica-address", "127.0.0.1:8443")
GOOD = {"mode": "enforce", "rules": {"digest": {}}}
STRICT = {"mode": "enforce", "rules": {"registry": {"environments": ["nowhere"]}}}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Machine]:
    async with machine(tmp_path) as found:
        yield found


async def serve(here: Machine, *arguments: str | Path) -> tuple[Command, Path]:
    """Start it with a certificate of its own; gives the file of its CA, too."""
    folder = here.kubeconfig.parent
    ca = folder / "ca.pem"
    command = await here.start(
        *("serve", *PORTS, "--drain-seconds", "0", "--facts", facts_file(folder), "--offline"),
        *("--tls-self-signed", "--tls-self-signed-ca", ca, *arguments),
        port_option=PLAIN,
    )
    return command, ca


async def allowed(command: Command, context: ssl.SSLContext) -> bool:
    return bool((await command.ask(REVIEW, context))["allowed"])


async def becomes(command: Command, context: ssl.SSLContext, *, expected: bool) -> None:
    """Return when reviews are answered so."""
    async with asyncio.timeout(20):
        while await allowed(command, context) is not expected:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def test_policies_of_the_cluster_decide_and_are_followed(here: Machine) -> None:
    here.server.put(POLICIES, "main", spec=GOOD)
    command, ca = await serve(here)
    await command.page("/readyz", "ok")
    context = ssl.create_default_context(cafile=str(ca))
    assert await allowed(command, context)

    here.server.put(POLICIES, "main", spec=STRICT)
    await becomes(command, context, expected=False)
    here.server.drop(POLICIES, "main")
    await becomes(command, context, expected=True)
    assert await command.end() == 0
    assert not any("t0ken" in message for message in command.messages)


async def test_it_is_not_ready_before_it_has_seen_the_policies(here: Machine) -> None:
    here.server.refuse("GET", "/clusterimagepolicies$", 403, "Forbidden")
    command, _ = await serve(here)
    page = await command.page("/readyz?verbose", "answered 403")
    assert "readyz check failed" in page

    here.server.agree()
    await command.page("/readyz", "ok")
    await command.page("/metrics", "cocket_")
    assert await command.end() == 0


async def test_its_lease_says_where_it_is_and_whether_it_is_ready(here: Machine) -> None:
    command, _ = await serve(here, *REPLICA)
    await until(lambda: note(here, "ready") == "true", 30)

    assert note(here, "address") == "127.0.0.1:8443"
    assert len(note(here, "cert-sha256")) == 64
    version = note(here, "policy-version")
    here.server.put(POLICIES, "main", spec=GOOD)
    # At once: it is renewed every ten seconds without a reason.
    await until(lambda: note(here, "policy-version") != version, 7)

    assert await command.end() == 0
    assert here.server.get(LEASES, LEASE, "cocket") is None


async def test_a_lease_that_is_refused_hinders_nothing_and_is_said(here: Machine) -> None:
    here.server.refuse("PATCH", "/leases/", 403, "Forbidden")
    command, _ = await serve(here, *REPLICA)
    await command.page("/readyz", "ok")
    await command.page("/readyz?verbose", "answered 403")
    await command.page("/metrics", "lease_failing")

    assert await command.end() == 0


async def test_the_certificate_of_a_secret_is_waited_for_and_followed(
    here: Machine, tmp_path: Path
) -> None:
    folder = here.kubeconfig.parent
    command = await here.start(
        *("serve", *PORTS, "--drain-seconds", "0", "--facts", facts_file(folder), "--offline"),
        *("--tls-secret", "cocket/tls", *REPLICA),
        port_option=PLAIN,
    )
    page = await command.page("/readyz?verbose", "not there yet: Secret cocket/tls")
    assert "readyz check failed" in page
    for _ in range(2):
        made = self_signed()
        certificate, key = made.write(tmp_path, "pair")
        store(here, certificate.read_bytes(), key.read_bytes())
        await command.page("/readyz", "ok")
        await shown(here, hashlib.sha256(made.certificate_der).hexdigest())
        context = ssl.create_default_context(cadata=made.certificate_pem)
        assert await allowed(command, context)

    store(here, b"nonsense", key.read_bytes())
    await command.page("/readyz?verbose", "Secret cocket/tls: ")
    assert await allowed(command, context)
    assert await command.end() == 0


async def test_without_a_cluster_it_says_what_else_there_is(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("no: kubeconfig")
    done = await asyncio.to_thread(
        process, "serve", *PORTS, "--tls-self-signed", "--kubeconfig", file
    )

    assert done.returncode == 2
    assert "or --policy FILE to need none" in done.stderr.decode()


async def shown(here: Machine, fingerprint: str) -> None:
    """Return when the replica's Lease names this certificate."""
    await until(lambda: note(here, "cert-sha256") == fingerprint, 20)


def store(here: Machine, certificate: bytes, key: bytes) -> None:
    """Somebody writes the Secret."""
    pair = {"tls.crt": certificate, "tls.key": key}
    data = {name: base64.b64encode(text).decode() for name, text in pair.items()}
    here.server.put(SECRETS, "tls", "cocket", type="kubernetes.io/tls", data=data)


def note(here: Machine, name: str) -> str:
    """What the replica's Lease says; empty where there is none."""
    lease = here.server.get(LEASES, LEASE, "cocket") or {"metadata": {"annotations": {}}}
    return str(lease["metadata"]["annotations"].get(f"cocket.dev/{name}", ""))
