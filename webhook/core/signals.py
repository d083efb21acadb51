"""The names of signals, as images, Pods and runtimes write them.

>>> read_signal("RTMIN+3")
'SIGRTMIN+3'
"""

from __future__ import annotations

import re

DEFAULT = "SIGTERM"
"""What a runtime sends where neither image nor Pod names a signal."""

_NUMBERED = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP "
    "TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
).split()
"""Numbers 1 to 31 of Linux, as most architectures count them (signal(7))."""
_SAME = {"CLD": "CHLD", "IOT": "ABRT", "POLL": "IO", "UNUSED": "SYS"}
_FIRST_REAL_TIME, _LAST_REAL_TIME = 34, 64
"""SIGRTMIN and SIGRTMAX as programs see them: the C library keeps two for itself."""
_MOST_PLUS, _MOST_MINUS = 15, 14
_REAL_TIME = re.compile(r"RTM(?:IN(?:\+([1-9][0-9]?))?|AX(?:-([1-9][0-9]?))?)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,2}", re.ASCII)

IGNORED = frozenset(("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"))
"""What the kernel does about them by default is nothing, for any process."""
FREEZES = frozenset(("SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"))
"""By default they halt a process, which is not ended by that."""
KILL = "SIGKILL"


def read_signal(text: str) -> str:
    """The full name of the signal that a STOPSIGNAL names; empty where no runtime knows it.

    Names with or without SIG, in any case, and numbers, as github.com/moby/sys/signal reads them,
    which is what containerd and Docker ask.
    """
    if _NUMBER.fullmatch(text):
        return _of_number(int(text))
    name = text.upper().removeprefix("SIG")
    name = _SAME.get(name, name)
    return f"SIG{name}" if name in _NUMBERED or _is_real_time(name) else ""


def kubernetes_signal(text: str) -> str:
    """The same of a `lifecycle.stopSignal`, of which the API server takes full names alone."""
    found = read_signal(text)
    return found if text.startswith("SIG") and text == text.upper() else ""


def _is_real_time(name: str) -> bool:
    found = _REAL_TIME.fullmatch(name)
    if found is None:
        return False
    return int(found[1] or 0) <= _MOST_PLUS and int(found[2] or 0) <= _MOST_MINUS


def _of_number(number: int) -> str:
    if 1 <= number <= len(_NUMBERED):
        return f"SIG{_NUMBERED[number - 1]}"
    if not _FIRST_REAL_TIME <= number <= _LAST_REAL_TIME:
        return ""
    above, below = number - _FIRST_REAL_TIME, _LAST_REAL_TIME - number
    if above <= _MOST_PLUS:
        return f"SIGRTMIN+{above}" if above else "SIGRTMIN"
    return f"SIGRTMAX-{below}" if below else "SIGRTMAX"
