"""Text that others wrote, made safe to show in messages, logs and reports."""

from __future__ import annotations

_ELLIPSIS = "…"


def printable(text: str, limit: int = 300) -> str:
    """The text on one line, with every character that is not printable escaped, cut at `limit`.

    Registry errors, labels and object names come from strangers: a newline forges a log line, an
    escape sequence rewrites a terminal, a bidirectional mark reorders what is read.

    >>> printable("a\\nb")
    'a\\\\nb'
    """
    shown = text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS
    if shown.isprintable():
        return shown
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in shown
    )
