"""The newest report as bytes: made once for each audit, off the event loop, when somebody asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.reports.audited import Audit
    from webhook.reports.trend import Trend

    Render: TypeAlias = Callable[[Audit, Trend], str]


class Source(msgspec.Struct, frozen=True):
    """What there is to show now."""

    audit: Audit | None
    """None before there is one."""
    trend: Trend
    waiting: str = ""
    """Where there is no audit: why, and what to do; a printable sentence."""


class Shown:
    """One form of the report."""

    def __init__(self, source: Callable[[], Source], render: Render) -> None:
        """Show what `source` gives, as `render` writes it; that runs in a thread."""
        self._source = source
        self._render = render
        self._made_of: Source | None = None
        self._made = b""
        self._making = asyncio.Lock()

    async def newest(self) -> bytes | str:
        """The report; a sentence where there is none."""
        async with self._making:
            now = self._source()
            if now.audit is None:
                return now.waiting
            before = self._made_of
            if before is None or before.audit is not now.audit or before.trend is not now.trend:
                text = await asyncio.to_thread(self._render, now.audit, now.trend)
                self._made_of, self._made = now, text.encode()
            return self._made
