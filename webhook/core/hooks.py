"""What a preStop hook does before the stop signal is sent, as far as it shows."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from webhook.core.argv import basename
from webhook.core.shell import SHELLS
from webhook.core.workload import Hook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.core.object_fields import Handler

MAX_SECONDS = 24 * 60 * 60
"""A longer sleep counts as one of a day: nobody waits that long."""
_SLEEP = re.compile(r"(?:exec )?(?:/[\w./-]*/)?sleep ([0-9]{1,9})(?:\.[0-9]{1,9})?([smhd]?);?")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = 200
_MARK = 32


def hook_of(handler: Handler) -> Hook | None:
    """What a LifecycleHandler does; None where it does nothing, as one with `tcpSocket` alone.

    `sleep 5` is told from other commands, also as the only command of a shell: most hooks are that,
    and give a load balancer time.
    """
    if handler.exec is not None:
        words = [word or "" for word in handler.exec.command or ()]
        seconds = _slept(words)
        return _acting(handler) if seconds is None else Hook(_bounded(seconds))
    if handler.http_get is not None:
        return _acting(handler)
    if handler.sleep is not None:
        return Hook(_bounded(handler.sleep.seconds or 0))
    return None


def _acting(handler: Handler) -> Hook:
    """Nobody sees what it does, so that another one may do anything else."""
    written = repr(handler).encode(errors="backslashreplace")
    return Hook(acts=True, mark=hashlib.sha256(written).hexdigest()[:_MARK])


def _slept(words: Sequence[str]) -> int | None:
    text = " ".join(words[:2]) if len(words) == 2 else ""  # noqa: PLR2004 - sleep, and how long
    if len(words) == 3 and basename(words[0]) in SHELLS and words[1] == "-c":  # noqa: PLR2004
        text = words[2].strip()
    found = _SLEEP.fullmatch(text) if len(text) < _LONGEST else None
    return None if found is None else int(found[1]) * _UNITS[found[2]]


def _bounded(seconds: int) -> int:
    return max(0, min(seconds, MAX_SECONDS))
