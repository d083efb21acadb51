"""`cocket serve` as a process of its own, asked as an API server asks."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import ssl
import subprocess
import threading
import time
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

from tests.builders import LABELS

REVIEW = (Path(__file__).parent.parent / "data" / "reviews" / "pod-create.json").read_bytes()
POLICY = """
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {name: production}
spec:
  mode: enforce
  rules: {digest: {}, provenance: {}, init: {}}
"""
STRICTER = (
    POLICY.replace("rules: {", "rules: {registry: {environments: [production]}, ")
    + """
---
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {name: other}
spec: {host: other.example.com, environment: production}
"""
)
GOOD_CONFIG = {
    "os": "linux",
    "architecture": "amd64",
    "config": {"Entrypoint": ["tini", "--", "/app"], "Labels": LABELS},
}


def facts_file(folder: Path) -> Path:
    """What is known about every image of the review."""
    request = json.loads(REVIEW)["request"]
    spec = request["object"]["spec"]
    images = [one["image"] for one in (*spec["initContainers"], *spec["containers"])]
    file = folder / "facts.jsonl"
    lines = [json.dumps({"image": image, "config": GOOD_CONFIG}) for image in images]
    file.write_text("\n".join(lines))
    return file


class Running:
    """A `cocket serve`, its two ports and what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], context: ssl.SSLContext | None) -> None:
        self.process = process
        self.context = context
        self.messages: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        found = self.message(r"port (\d+), probes and metrics on port (\d+)")
        self.port, self.metrics_port = int(found[1]), int(found[2])

    def message(self, pattern: str) -> re.Match[str]:
        """Wait for a record on standard error."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for message in list(self.messages):
                if found := re.search(pattern, message["message"]):
                    return found
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} not among {self.messages}")

    def ask(self, body: bytes = REVIEW, query: str = "?timeout=10s") -> dict[str, Any]:
        """The response to a review."""
        with contextlib.closing(
            HTTPSConnection("localhost", self.port, context=self.context, timeout=20)
        ) as connection:
            connection.request("POST", f"/validate{query}", body)
            answer = connection.getresponse()
            content = answer.read()
        assert answer.status == 200, content
        response: dict[str, Any] = json.loads(content)["response"]
        return response

    def get(self, path: str) -> tuple[int, str]:
        """A page of the plain port."""
        with contextlib.closing(
            HTTPConnection("127.0.0.1", self.metrics_port, timeout=20)
        ) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def end(self) -> tuple[int, list[dict[str, Any]]]:
        """Ask it to end; its exit code, and the decisions it wrote."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        output = self.process.stdout.read()
        code = self.process.wait(20)
        self._reader.join(5)
        return code, [json.loads(line) for line in output.splitlines()]

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.messages.append(json.loads(line))
            except ValueError:
                self.messages.append({"message": line.decode()})
