"""How `cocket check` chooses its exit code."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from webhook.cli.exit_codes import FOUND, GOOD, UNDECIDED
from webhook.reports.checked import undecided, warns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.core.verdict import Verdict


class FailOn(StrEnum):
    """What makes `cocket check` fail; each of the first three includes those before it."""

    DENY = "deny"
    """A verdict is «not allowed»."""
    WARN = "warn"
    """Also a check that failed in mode warn."""
    UNKNOWN = "unknown"
    """Also a check that could not be made, in mode enforce or warn."""
    NEVER = "never"


def check_code(verdicts: Iterable[Verdict], fail_on: FailOn) -> int:
    """The exit code for these verdicts; findings in mode audit never change it."""
    if fail_on is FailOn.NEVER:
        return GOOD
    code = GOOD
    for verdict in verdicts:
        if not verdict.allowed:
            return FOUND
        for finding in verdict.findings:
            if warns(finding) and fail_on is not FailOn.DENY:
                return FOUND
            if undecided(finding):
                if fail_on is FailOn.UNKNOWN:
                    return FOUND
                code = UNDECIDED
    return code
