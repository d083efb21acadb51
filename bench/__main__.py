"""Measure `cocket serve` beside a bare server, and what else has a bound; prints a table."""

from __future__ import annotations

import platform
import sys
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console

from bench import alone, load, promotion, tenants
from bench.reviews import POLICY, Reviews, facts_lines
from bench.servers import COCKET, cores, free_port, resident_megabytes, server
from bench.table import Row, absolute, compared, show, write
from tests.certificates import self_signed

ROUNDS = 9
"""Of both, in turn: single rounds differ by a fifth where cores are shared with other machines."""
SECONDS = 3.0
WARM_UP_SECONDS = 2.0
CONNECTIONS = (16, 1)
RESULT = Path("build/bench.json")


def main() -> None:
    """Run everything and print the table; it says which bounds were met."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    _, core = cores()
    with tempfile.TemporaryDirectory() as folder:
        rows = under_load(Path(folder), core, console)
        rows += alone.measure(Path(folder))
        rows += tenants.measure(Path(folder))
        rows += promotion.measure(Path(folder))
    write(rows, RESULT)
    show(rows, console)
    console.print(f"Python {platform.python_version()}, {machine()}; written to {RESULT}")


def under_load(folder: Path, core: int, console: Console) -> list[Row]:
    """Both servers side by side, loaded in turn; several rounds of each."""
    policy, facts = folder / "policy.yaml", folder / "facts.jsonl"
    policy.write_text(POLICY, encoding="utf-8")
    facts.write_text("".join(facts_lines()), encoding="utf-8")
    signed = self_signed()
    certificate, key = signed.write(folder, "tls")
    reviews = Reviews()
    ports = {"baseline": free_port(), "ours": free_port()}
    metrics = free_port()
    bare = [sys.executable, "-m", "bench.bare", str(ports["baseline"]), str(certificate), str(key)]
    ours = [COCKET, "serve", "--policy", str(policy), "--facts", str(facts)]
    ours += ["--bind", "127.0.0.1", "--port", str(ports["ours"])]
    ours += ["--metrics-bind", "127.0.0.1", "--metrics-port", str(metrics)]
    ours += ["--tls-cert", str(certificate), "--tls-key", str(key)]
    measured: dict[tuple[str, int], list[load.Round]] = {}
    number = 0
    with (
        server(bare, ports["baseline"], folder / "bare.log"),
        server(ours, ports["ours"], folder / "serve.log") as pid,
        load.pinned(core),
    ):
        for round_number in range(ROUNDS + 1):
            for connections in CONNECTIONS:
                for name, port in ports.items():
                    start = number
                    one = load.run(
                        port,
                        signed.certificate_pem,
                        connections=connections,
                        seconds=SECONDS if round_number else WARM_UP_SECONDS,
                        body=partial(numbered, reviews, start),
                    )
                    number += one.requests + connections
                    if one.bad:
                        raise SystemExit(f"{name}: {one.bad} of {one.requests} were not admitted")
                    if round_number:
                        measured.setdefault((name, connections), []).append(one)
                        console.print(
                            f"round {round_number}: {name}, {connections} connections: "
                            f"{one.throughput:,.0f} requests/s, p50 {one.p50:.2f} ms, "
                            f"p99 {one.p99:.2f} ms, load generator busy {one.busy:.0%}",
                            highlight=False,
                        )
        resident = resident_megabytes(pid)
    many, single = (
        {name: measured[name, connections] for name in ports} for connections in CONNECTIONS
    )
    return [
        compared(
            "throughput, 16 connections",
            "requests/s",
            [one.throughput for one in many["baseline"]],
            [one.throughput for one in many["ours"]],
            at_least=0.50,
        ),
        compared(
            "p50, 1 connection",
            "ms",
            [one.p50 for one in single["baseline"]],
            [one.p50 for one in single["ours"]],
            at_most=1.6,
        ),
        absolute("resident memory of serve, 10,000 digests", "MB", [resident], at_most=120),
    ]


def numbered(reviews: Reviews, start: int, count: int) -> bytes:
    """The next body of a round that begins at a number nobody used yet."""
    return reviews.body(start + count)


def machine() -> str:
    """What this runs on, in few words."""
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")
    return f"{sum(line.startswith('processor') for line in lines)} cores, {model}"


if __name__ == "__main__":
    main()
