import asyncio
import contextlib
import os
from pathlib import Path

from tests.admission.serving import Facts, real_review, serving
from tests.builders import NOW
from webhook.admission.decisionlog import DecisionLog
from webhook.admission.decisions import Decision

LINE = Decision(time=NOW, uid="7", decision="allowed", allowed=True, ms=0.1)


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


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
    assert loop.time() - began < 15.0  # a full pipe would hold it up for ever
    assert log.lost > 0

    # Whoever reads again gets what is left, and the thread comes to its end.
    closing = asyncio.create_task(log.close())
    os.set_blocking(reading, False)
    while not closing.done():
        with contextlib.suppress(BlockingIOError):
            os.read(reading, 1 << 20)
        await asyncio.sleep(0)
    os.close(writing)
    os.close(reading)
