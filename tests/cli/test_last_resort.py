from __future__ import annotations

import subprocess
import sys
import time

from webhook.cli.last_resort import LastResort

# A task that takes every cancellation for something else, as libraries do.
STUBBORN = """
import asyncio, logging
from webhook.cli.last_resort import LastResort

logging.basicConfig(format="%(message)s")
resort = LastResort(0.5, 7)

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def main():
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    resort.begin()

asyncio.run(main())
"""


def test_a_process_with_a_task_that_does_not_end_ends_all_the_same_and_says_so() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=30, check=False
    )

    assert ended.returncode == 7
    assert ended.stderr == "not everything ended in 0.5 s: the process ends at once\n"


def test_one_that_is_dismissed_ends_nothing() -> None:
    resort = LastResort(0.05, 7)
    resort.begin()
    resort.dismiss()

    time.sleep(0.2)


def test_one_that_never_began_can_be_dismissed() -> None:
    LastResort(0.05, 7).dismiss()
