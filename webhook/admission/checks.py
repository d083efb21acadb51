"""What readiness depends on, one line each, for whoever asks `/readyz?verbose`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_NAME = 60
_MAX_DETAIL = 500
_MAX_LINES = 50


class Check(msgspec.Struct, frozen=True):
    """One thing that must be there, and whether it is."""

    name: str
    ok: bool
    detail: str = ""
    """Why not; where it is ok, what is not as it should be all the same."""

    @property
    def line(self) -> str:
        """As an API server writes its own: `[+]name ok`, `[-]name …`."""
        name, detail = printable(self.name, _MAX_NAME), printable(self.detail, _MAX_DETAIL)
        if not self.ok:
            return f"[-]{name} {detail or 'failed'}"
        return f"[+]{name} ok, but {detail}" if detail else f"[+]{name} ok"


def verbose(checks: Sequence[Check], *, ready: bool) -> str:
    """All checks, and what follows from them."""
    lines = [check.line for check in checks[:_MAX_LINES]]
    return "\n".join([*lines, f"readyz check {'passed' if ready else 'failed'}", ""])
