"""An end for a process whose tasks or threads do not end: who lost a Lease must not live on."""

from __future__ import annotations

import logging
import os
import threading

_log = logging.getLogger(__name__)


class LastResort:
    """Ends the process by force, unless it is dismissed before."""

    def __init__(self, seconds: float, code: int) -> None:
        """Prepare it; nothing runs before `begin`.

        Args:
            seconds: from `begin` on, for an orderly end.
            code: what the process exits with.
        """
        self._seconds = seconds
        self._code = code
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def begin(self) -> None:
        """Count from now."""
        self._timer.start()

    def dismiss(self) -> None:
        """It ended in an orderly way; may be called without `begin`."""
        self._timer.cancel()

    def _end(self) -> None:
        _log.critical("not everything ended in %g s: the process ends at once", self._seconds)
        os._exit(self._code)
