"""What is measured without a server: one review in process, and the command line."""

from __future__ import annotations

import json
import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING

from bench.in_process import microseconds
from bench.reviews import Reviews
from bench.servers import COCKET
from bench.table import Row, absolute, seen

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 3
MANIFESTS = 1_000


def measure(folder: Path) -> list[Row]:
    """Every figure with a bound of its own."""
    policy, facts = folder / "policy.yaml", folder / "facts.jsonl"
    pods = write_manifests(folder / "manifests")
    answered, parsed = microseconds(ROUNDS, policy, facts)
    check = ["check", "--offline", "--fail-on", "never", "-o", "json"]
    return [
        absolute("parse + judge + respond, in process", "µs", answered, at_most=40),
        seen("… json.loads of the same bytes", "µs", median(parsed)),
        absolute("cocket check, 1,000 Pods offline", "s", timed([*check, str(pods)]), at_most=2),
        absolute("cocket --help", "s", timed(["--help"]), at_most=0.3),
    ]


def write_manifests(folder: Path) -> Path:
    """A thousand Pods in YAML, one to a file, as their author wrote them for `kubectl apply`."""
    import yaml  # noqa: PLC0415 - only here

    folder.mkdir()
    reviews = Reviews()
    for number in range(MANIFESTS):
        applied = json.loads(reviews.body(number))["request"]["object"]["metadata"]["annotations"]
        pod = json.loads(applied["kubectl.kubernetes.io/last-applied-configuration"])
        text = yaml.safe_dump(pod, sort_keys=False)
        (folder / f"pod-{number:04}.yaml").write_text(text, encoding="utf-8")
    return folder


def timed(arguments: list[str]) -> list[float]:
    """Seconds of a whole command, start included."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        done = subprocess.run([COCKET, *arguments], capture_output=True, check=False)
        rounds.append(time.perf_counter() - started)
        if done.returncode:
            raise SystemExit(f"cocket {arguments[0]}: {done.stderr.decode()[-2000:]}")
    return rounds
