"""Text that others wrote, made safe to show in messages, logs and reports."""

from __future__ import annotations

_ELLIPSIS = "…"


def printable(text: str, limit: int = 300) -> str:
    r"""The text on one line, with every character that is not printable escaped, cut at `limit`.

    Registry errors, labels and object names come from strangers: a newline forges a log line, an
    escape sequence rewrites a terminal, a bidirectional mark reorders what is read.

    >>> printable("a\nb")
    'a\\nb'
    """
    # One more than is shown: enough to tell that something was cut, however long the text is.
    shown = text[: limit + 1]
    if not shown.isprintable():
        shown = "".join(
            char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
            for char in shown
        )
    return shown if len(shown) <= limit else shown[: limit - 1] + _ELLIPSIS
