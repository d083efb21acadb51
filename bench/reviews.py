"""The load: admission reviews of real size, no two alike, whose images are all known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGESTS = 10_000
REVIEW = Path(__file__).parent.parent / "tests" / "data" / "reviews" / "pod-create.json"
"""A review as a 1.36 API server sent it."""
REPOSITORIES = ("payments/migrate", "payments/api", "platform/envoy")
HOST = "registry.prod.example.com"

POLICY = f"""\
apiVersion: cocket.dev/v1alpha1
kind: Registry
metadata: {{name: prod}}
spec: {{host: {HOST}, environment: production}}
---
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {{name: production}}
spec:
  mode: enforce
  onUnknown: deny
  rules:
    digest: {{}}
    registry: {{environments: [production]}}
    provenance: {{require: [revision, source, created], sources: ["https://github.com/acme/"]}}
    init: {{}}
"""


def digest(number: int) -> str:
    """One of the known digests: `number` is below `DIGESTS`."""
    return f"sha256:{number:064x}"


def facts_lines() -> Iterator[str]:
    """A facts file that knows every image of the load."""
    for number in range(DIGESTS):
        repository = REPOSITORIES[number % len(REPOSITORIES)]
        config = {
            "os": "linux",
            "architecture": "amd64",
            "config": {
                "Entrypoint": ["/sbin/tini", "--", f"/app/server-{number % 500}"],
                "Cmd": ["serve"],
                "Labels": {
                    "org.opencontainers.image.revision": f"{number:040x}",
                    "org.opencontainers.image.source": f"https://github.com/acme/{repository}",
                    "org.opencontainers.image.created": "2026-11-01T08:00:00Z",
                    "org.opencontainers.image.version": f"1.{number}",
                    "org.opencontainers.image.title": repository,
                },
            },
        }
        image = f"{HOST}/{repository}@{digest(number)}"
        yield json.dumps({"image": image, "config": config}) + "\n"


class Reviews:
    """Makes bodies of one size; only uid, Pod name and images differ from the recorded one."""

    def __init__(self) -> None:
        """Cut the recorded review where the parts that vary stand."""
        review = REVIEW.read_bytes()
        recorded = json.loads(review)["request"]["uid"].encode()
        marks = {recorded: b"\0uid\0", b'"name": "web"': b'"name": "\0pod\0"'}
        for number in (1, 2, 3):
            marks[digest(number).encode()] = b"\0image%d\0" % number
        for text, mark in marks.items():
            if text not in review:
                raise ValueError(f"{REVIEW}: {text!r} is not in it")
            review = review.replace(text, mark)
        self.parts = review.split(b"\0")
        self.size = len(self.body(0))

    def body(self, number: int) -> bytes:
        """The review of this number; numbers 0, 1, 2 … differ in everything that varies."""
        names = {
            b"uid": b"00000000-0000-4000-8000-%012d" % number,
            b"pod": b"web-%010d" % number,
        }
        kinds = len(REPOSITORIES)
        for place in range(kinds):
            # A stride without a common divisor visits every image; the places get different ones.
            pick = (7 * number + 1000 * place) % (DIGESTS // kinds)
            names[b"image%d" % (place + 1)] = digest(kinds * pick + place).encode()
        return b"".join(names.get(part, part) for part in self.parts)
