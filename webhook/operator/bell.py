"""A bell that says «look again», however often it rang meanwhile."""

from __future__ import annotations

import asyncio


class Bell:
    """Rung by whoever saw a change; what changed is for the one who looks."""

    def __init__(self) -> None:
        """Silent."""
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits, or spare him his next wait. Call it in the loop's own thread."""
        self._rung.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until it rings, or for so long; whether it rang. It is silent then."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        finally:
            self._rung.clear()
        return True
