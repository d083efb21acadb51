"""Everything but decisions, by the standard library's logging: JSON, or text for a terminal.

No structlog: uvicorn, asyncio and aiohttp log by the standard library anyway, and one formatter on
the root logger makes the same lines of theirs and ours.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import msgspec

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_MESSAGE = 2000
_MAX_TRACEBACK = 20_000


class JsonLines(logging.Formatter):
    """One JSON object a record; what strangers wrote cannot begin a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {
            "event": "log",
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": printable(record.getMessage(), _MAX_MESSAGE),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)[-_MAX_TRACEBACK:]
        return msgspec.json.encode(line).decode()


class PlainLines(logging.Formatter):
    """Time, level and message, for somebody who watches."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        line = f"{time} {record.levelname.lower():7} {printable(record.getMessage(), _MAX_MESSAGE)}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)[-_MAX_TRACEBACK:]}"
        return line


def configure_logging(stream: TextIO, level: int) -> Callable[[], None]:
    """Send all records to `stream`; gives back what undoes it."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainLines() if stream.isatty() else JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)

    def undo() -> None:
        root.removeHandler(handler)
        root.setLevel(before)

    return undo
