"""`cocket serve` as a process, behind a real registry over TLS with token login."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import LABELS
from tests.cli.serving_process import Running
from tests.servers import PASSWORD, USER, RealRegistry, real_registry
from webhook.demo.apiserver import ApiServer
from webhook.demo.images import image
from webhook.demo.reviews import admission_review, pod

pytestmark = pytest.mark.tool("docker-registry")

COCKET = Path(sys.executable).with_name("cocket")
GOOD = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels=LABELS)
BARE = image(entrypoint=["/app"], cmd=[], labels={})


def policy(folder: Path, real: RealRegistry) -> Path:
    """The four rules, and the registry with what it takes to log in there."""
    assert real.tokens is not None
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    config = folder / "docker.json"
    config.write_text(json.dumps({"auths": {real.host: {"auth": auth}}}), encoding="utf-8")
    registry = {
        "host": f"{real.host}/prod",
        "environment": "production",
        "tokenRealm": real.tokens.host,
        "allowPrivateAddresses": True,
        "tls": {"caBundle": real.ca_pem} if real.ca_pem else {"plainHTTP": True},
        "credentials": {"dockerConfigFile": str(config)},
    }
    rules: dict[str, dict[str, str]] = {"digest": {}, "registry": {}, "provenance": {}, "init": {}}
    documents = [("Registry", registry), ("ClusterImagePolicy", {"rules": rules})]
    text = "\n---\n".join(
        json.dumps(
            {
                "apiVersion": "cocket.dev/v1alpha1",
                "kind": kind,
                "metadata": {"name": "prod"},
                "spec": spec,
            }
        )
        for kind, spec in documents
    )
    file = folder / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def serve(folder: Path, file: Path) -> subprocess.Popen[bytes]:
    """Start it; the CA that it is asked with will be in `folder`."""
    return subprocess.Popen(
        [
            *(str(COCKET), "serve", "--policy", str(file), "--drain-seconds", "0"),
            *("--bind", "127.0.0.1", "--port", "0"),
            *("--metrics-bind", "127.0.0.1", "--metrics-port", "0"),
            *("--tls-self-signed", "--tls-self-signed-ca", str(folder / "ca.pem")),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_a_real_registry_decides_what_is_refused_and_what_is_admitted(tmp_path: Path) -> None:
    async with real_registry(tmp_path, "token") as real:
        good = await real.push("prod/web", GOOD, "1.0")
        bare = await real.push("prod/bare", BARE)
        with serve(tmp_path, policy(tmp_path, real)) as process:
            try:
                running = await asyncio.to_thread(Running, process, None)
                ca = (tmp_path / "ca.pem").read_text(encoding="utf-8")
                server = ApiServer("localhost", running.port, ca)
                answers = [
                    await server.ask(admission_review(pod("web", name)))
                    for name in (
                        real.name("prod/web", good),
                        real.name("prod/web", "1.0"),
                        real.name("prod/bare", bare),
                        real.name("prod/web", bare),
                        real.name("test/web", good),
                    )
                ]
                code, lines = await asyncio.to_thread(running.end)
            finally:
                process.kill()  # where it was not asked to end

    admitted, tagged, unlabelled, missing, elsewhere = answers
    assert admitted.allowed
    assert f"@{good}" in tagged.message
    assert "org.opencontainers.image.revision is missing" in unlabelled.message
    assert "PID 1 would be `/app`, which is no init" in unlabelled.message
    assert "(not-found)" in missing.message
    assert "is from no configured registry" in elsewhere.message
    assert [line["decision"] for line in lines] == ["allowed", *["denied"] * 4]
    assert code == 0
