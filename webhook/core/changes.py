"""What an UPDATE leaves as it was, as far as a rule reads it."""

from __future__ import annotations

from enum import Enum, auto
from operator import attrgetter
from typing import TYPE_CHECKING

from webhook.core.workload import WINDOWS_OS, ImageUse

if TYPE_CHECKING:
    from webhook.core.workload import Workload


class Reads(Enum):
    """How much of a container and its Pod the answer of a rule depends on; each holds the last."""

    IMAGE = auto()
    """Role, name, image, command and args, and whether processes are shared. Most rules read less;
    who changes one of these starts something else, and is asked what that is."""
    PROCESS = auto()
    """What PID 1 is: also variables that the argv mentions, mounts, `hostPID` and Windows."""
    EVERYTHING = auto()
    """Also how it is stopped, and whatever else is known of it."""


_HOW_IT_STOPS = frozenset(("stop_signal", "pre_stop"))
# What is left out, and not what is compared: a field that is new in `ImageUse` is a change to every
# rule until somebody says here that some do not read it.
_READ = {
    reads: attrgetter(*[name for name in ImageUse.__struct_fields__ if name not in unread])
    for reads, unread in {
        Reads.IMAGE: {"pointer", "env", "mounts", *_HOW_IT_STOPS},
        Reads.PROCESS: {"pointer", *_HOW_IT_STOPS},
        Reads.EVERYTHING: {"pointer"},
    }.items()
}


class Changes:
    """What an UPDATE changes; nothing is compared before a finding asks."""

    __slots__ = ("_after", "_before", "_unchanged")

    def __init__(self, before: Workload | None, after: Workload) -> None:
        """Where there is nothing `before`, everything is new."""
        self._before = before
        self._after = after
        self._unchanged: dict[Reads, frozenset[str]] = {}

    def spare(self, pointer: str, reads: Reads) -> bool:
        """Whether all that a rule reads of a use is as it was; of all uses, for the pointer ""."""
        if self._before is None:
            return False
        unchanged = self._unchanged.get(reads)
        if unchanged is None:
            unchanged = self._unchanged[reads] = _unchanged(self._before, self._after, reads)
        return pointer in unchanged if pointer else len(unchanged) == len(self._after.images)


def _unchanged(before: Workload, after: Workload, reads: Reads) -> frozenset[str]:
    """Pointers of those uses. Where one stands among the others may change."""
    if _around(before, reads) != _around(after, reads):
        return frozenset()
    read = _READ[reads]
    were = set(map(read, before.images))
    return frozenset([use.pointer for use in after.images if read(use) in were])


def _around(workload: Workload, reads: Reads) -> tuple[object, ...]:
    shared = workload.share_process_namespace
    if reads is Reads.IMAGE:
        return (shared,)
    # Of all systems only Windows makes a difference to a rule.
    process = (shared, workload.host_pid, workload.os == WINDOWS_OS)
    return process if reads is Reads.PROCESS else (*process, workload.grace)
