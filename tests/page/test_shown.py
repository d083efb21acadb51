"""The report is made once for each audit."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from tests.reports.judged import audit
from webhook.page.shown import Shown, Source
from webhook.reports.trend import Trend

if TYPE_CHECKING:
    from webhook.reports.audited import Audit


class Renderer:
    def __init__(self) -> None:
        self.threads: list[int] = []

    def __call__(self, found: Audit, trend: Trend) -> str:
        self.threads.append(threading.get_ident())
        return f"{found.cluster} {len(trend.days)}"


async def test_many_readers_at_once_are_shown_one_report() -> None:
    render = Renderer()
    source = Source(audit(cluster="prod"), Trend())
    shown = Shown(lambda: source, render)

    found = await asyncio.gather(*(shown.newest() for _ in range(5)))

    assert found == [b"prod 0"] * 5
    assert len(render.threads) == 1
    assert render.threads[0] != threading.get_ident()


async def test_the_next_audit_is_another_report() -> None:
    sources = [Source(audit(cluster="one"), Trend())]
    shown = Shown(lambda: sources[0], Renderer())

    assert await shown.newest() == b"one 0"
    sources[0] = Source(audit(cluster="two"), Trend())
    assert await shown.newest() == b"two 0"


async def test_where_there_is_no_audit_a_sentence_says_why() -> None:
    shown = Shown(lambda: Source(None, Trend(), "ask again"), Renderer())

    assert await shown.newest() == "ask again"
