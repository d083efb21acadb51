import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec

from tests.admission.findings import finding
from tests.admission.serving import Facts, real_review, serving
from tests.builders import NOW
from webhook.admission.decisions import Decision, DecisionLog, refused_by

LINE = Decision(time=NOW, uid="7", decision="allowed", allowed=True, ms=0.1)


def lines(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


async def test_a_decision_says_what_was_asked_and_what_was_answered(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with serving(log=log) as server:
        await server.ask(real_review("pod-create"))
        await server.ask(real_review("pod-ephemeralcontainers-update"))

    good, bad = lines(log)
    assert good.pop("ms") > 0
    assert good == {
        "event": "decision",
        "time": "2026-11-23T12:00:00Z",
        "uid": "2f88bb43-27c4-47e1-a438-d28b96216c07",
        "decision": "allowed",
        "allowed": True,
        "kind": "Pod",
        "namespace": "default",
        "name": "web",
        "operation": "CREATE",
        "user": "admin",
        "images": 3,
    }
    assert bad["subResource"] == "ephemeralcontainers"
    assert bad["allowed"] is False
    assert bad["failed"] == 1
    assert bad["refused"] == [
        {"policy": "production", "rule": "digest", "container": "dbg", "image": "busybox"}
    ]


async def test_a_dry_run_is_marked(tmp_path: Path) -> None:
    review = real_review("pod-create")
    review["request"]["dryRun"] = True
    async with serving(log=tmp_path / "log") as server:
        await server.ask(review)

    assert lines(tmp_path / "log")[0]["dryRun"] is True


async def test_what_was_not_judged_says_why(tmp_path: Path) -> None:
    review = real_review("pod-create")
    review["request"]["object"] = 7
    async with serving(log=tmp_path / "log") as server:
        await server.ask(review)

    [line] = lines(tmp_path / "log")
    assert line["cause"] == "unreadable"
    assert line["uid"] == review["request"]["uid"]


async def test_what_strangers_write_stays_on_its_line(tmp_path: Path) -> None:
    review = real_review("pod-create")
    review["request"]["userInfo"]["username"] = 'x\n{"event":"decision"}\x1b[2J\u202e'
    review["request"]["object"]["metadata"]["name"] = "n" * 100_000
    async with serving(log=tmp_path / "log") as server:
        await server.ask(review)

    [line] = lines(tmp_path / "log")
    assert line["user"].isprintable()
    assert len(line["name"]) == 300


def test_a_line_bears_twenty_refusals() -> None:
    assert len(refused_by([finding()] * 30)) == 20


async def test_lines_are_written_within_half_a_second_or_when_there_are_many(
    tmp_path: Path,
) -> None:
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    log = DecisionLog(descriptor)
    log.start()
    log.write(LINE)
    await asyncio.sleep(0.7)
    assert len(lines(tmp_path / "log")) == 1

    for _ in range(1000):
        log.write(LINE)
    await asyncio.sleep(0.1)
    assert len(lines(tmp_path / "log")) > 500

    await log.close()
    assert len(lines(tmp_path / "log")) == 1001
    assert log.lost == 0
    os.close(descriptor)


async def test_a_full_disk_costs_lines_and_no_verdict() -> None:
    async with serving(log=Path("/dev/full"), source=Facts()) as server:
        assert (await server.ask(real_review("pod-create")))["allowed"] is True
        await asyncio.sleep(0.7)
        assert "cocket_log_lines_lost_total 1.0" in await server.scrape()


async def test_a_reader_that_is_stuck_holds_up_nobody() -> None:
    reading, writing = os.pipe()
    log = DecisionLog(writing)
    log.start()
    loop = asyncio.get_running_loop()

    began = loop.time()
    for _ in range(200_000):
        log.write(LINE)
    await asyncio.sleep(0)
    assert loop.time() - began < 3.0
    assert log.lost > 0

    # Whoever reads again gets what is left, and the thread comes to its end.
    closing = asyncio.create_task(log.close())
    while not closing.done():
        await asyncio.to_thread(os.read, reading, 1 << 20)
        await asyncio.sleep(0)
    os.close(writing)
    os.close(reading)
